"""Relations of encoder-decoders: whole and step by step, padding, gradients, where the decoder starts."""

import itertools

import pytest
import torch

import zoo
from tests.seq2seq.models import TYPES, encoder_decoder, inputs, sources
from zoo.seq2seq import DecoderSpec

STACKS = {
    "gru": zoo.StackSpec(cell="gru", hidden_size=5),
    "two lstm": zoo.StackSpec(cell="lstm", hidden_size=5, num_layers=2, wiring="residual"),
    "dense": zoo.StackSpec(cell="minlstm", hidden_size=5, num_layers=2, wiring="dense"),
}
KINDS = [
    *({"attention": kind, "input_feeding": fed} for kind in ("additive", "general") for fed in (False, True)),
    {"attention": "none"},
]


def step_by_step(model, x, tokens, lengths=None):
    memory, state = model.encode(x, lengths)
    found = []
    for each in tokens.unbind(1):
        logits, _, state = model.step(each, memory, state)
        found.append(logits)
    return torch.stack(found, dim=1)


@pytest.mark.parametrize(("kind", "stack"), list(itertools.product(KINDS, STACKS)))
def test_reading_the_whole_target_is_reading_it_step_by_step(kind, stack):
    model, lengths = encoder_decoder(stack=STACKS[stack], **kind), torch.tensor([6, 3, 1])
    whole = model(sources(), inputs(), lengths)
    torch.testing.assert_close(whole.logits, step_by_step(model, sources(), inputs(), lengths))
    assert (whole.weights is None) == (kind["attention"] == "none")
    if whole.weights is not None:
        torch.testing.assert_close(whole.weights.sum(-1), torch.ones(3, 5).double())


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_decoder_has_not_read_yet_changes_nothing(kind):
    model, tokens = encoder_decoder(**kind), inputs()
    other = tokens.clone()
    other[:, 3:] = 4
    before, after = (model(sources(), each).logits for each in (tokens, other))
    torch.testing.assert_close(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3:], after[:, 3:])


@pytest.mark.parametrize("kind", KINDS)
def test_padding_of_the_source_changes_neither_answers_nor_gradients(kind):
    lengths, found = torch.tensor([6, 2, 0]), []
    for filled in (0, 5):
        model, x = encoder_decoder(**kind), sources()
        x[1, 2:] = x[2] = filled
        logits = model(x, inputs(), lengths).logits
        logits.square().sum().backward()
        gradients = [each.grad for each in model.parameters() if each is not model.embedding.weight]
        found.append([logits, *gradients])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)
    alone = encoder_decoder(**kind)(sources()[1:2, :2], inputs()[1:2]).logits
    torch.testing.assert_close(found[0][0][1:2], alone)


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_has_the_gradient_of_finite_differences(kind):
    model = encoder_decoder(
        encoder={"hidden_size": 2}, stack=zoo.StackSpec(cell="gru", hidden_size=3), **kind
    )
    names, values = zip(*model.named_parameters(), strict=True)

    def loss(*parameters):
        given = dict(zip(names, parameters, strict=True))
        arguments = (sources(2, 3), inputs(2, 3), torch.tensor([3, 2]))
        return torch.func.functional_call(model, given, arguments).logits.square().mean()

    assert torch.autograd.gradcheck(loss, values, fast_mode=True)
    loss(*values).backward()
    assert all(value.grad is not None and value.grad.abs().sum() > 0 for value in values)


def test_bridges():
    lstm = zoo.StackSpec(cell="lstm", hidden_size=8)
    model = encoder_decoder(stack=lstm, bridge="copied")
    _, state = model.encode(sources())
    _, final = model.encoder(model.embedding(sources()))
    torch.testing.assert_close(state.stack[0].h, torch.cat([final[0].forward.h, final[0].backward.h], -1))
    torch.testing.assert_close(state.stack[0].c, torch.cat([final[0].forward.c, final[0].backward.c], -1))
    _, state = encoder_decoder(stack=lstm, bridge="zero").encode(sources())
    assert not state.stack[0].h.any()
    model = encoder_decoder(stack=lstm, bridge="learned")
    _, state = model.encode(sources())
    _, final = model.encoder(model.embedding(sources()))
    layer, (forward, backward) = model.bridge.layer, final[0]
    f = torch.cat([forward.h, backward.h, forward.c, backward.c], -1)
    made = torch.tanh(f @ layer.weight.T + layer.bias)
    torch.testing.assert_close(torch.cat([state.stack[0].h, state.stack[0].c], -1), made)


def test_without_attention_or_bridge_the_source_is_unknown_and_with_either_it_is_not():
    for kind, known in (
        ({"attention": "none", "bridge": "zero"}, False),
        ({"attention": "none"}, True),
        ({"bridge": "zero"}, True),
    ):
        model = encoder_decoder(**kind)
        one, other = (model(sources(seed=seed), inputs()).logits for seed in (1, 5))
        assert torch.allclose(one, other) != known


def test_features_are_read_too_and_tokens_that_the_decoder_draws_itself():
    model = encoder_decoder(network={"vocab_size": None, "input_size": 3})
    x, tokens = torch.randn(3, 6, 3).double(), inputs()
    all_given = model(x, tokens, given=torch.ones_like(tokens).bool()).logits
    torch.testing.assert_close(all_given, model(x, tokens).logits)
    torch.manual_seed(0)
    none_given = model(x, tokens, given=torch.zeros_like(tokens).bool()).logits
    torch.testing.assert_close(none_given[:, 0], all_given[:, 0])
    assert not torch.allclose(none_given[:, 1:], all_given[:, 1:])


def test_tied_weights_and_a_range_for_first_values():
    torch.manual_seed(0)
    network = zoo.ModelSpec(
        encoder=zoo.StackSpec(hidden_size=4), vocab_size=9, output_size=TYPES, init_range=0.1
    )
    spec = DecoderSpec(stack=zoo.StackSpec(hidden_size=5), tie_weights=True)
    model = zoo.EncoderDecoder(network, spec)
    assert model.head.weight is model.target_embedding.weight
    assert all(parameter.abs().max() <= 0.1 for parameter in model.parameters())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stack": zoo.StackSpec(direction="bidirectional")}, "would have read what is yet to be written"),
        ({"stack": zoo.StackSpec(num_layers=2, direction="alternating")}, "a backward layer would have read"),
        ({"attention": "none", "input_feeding": True}, "input_feeding reads what attention has made"),
        ({"attention": "dot", "attention_size": 3}, "attention 'dot' has no hidden layer"),
        ({"begin": 3}, "begin is 3 and end is 3; expected two"),
        ({"stack": zoo.StackSpec(params=100)}, "params is 100 for a decoder; expected its hidden_size"),
        ({"stack": zoo.StackSpec(learn_initial_state=True), "bridge": "copied"}, "expected one of them"),
    ],
)
def test_decoders_that_cannot_be_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        DecoderSpec(**({"stack": zoo.StackSpec()} | options))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"bridge": "copied"},
            r"ends in \(h 8, c 8\) and the decoder starts in \(h 5\); expected equal ones",
        ),
        ({"attention": "dot"}, "of the decoder, of width 5, with those of the encoder, of width 8"),
        ({"begin": 7}, "begin is 7 and end is 3 with 7 types of targets"),
        ({"tie_weights": True, "embedding_size": 3}, "expected the decoder's embedding_size to be 5"),
        ({"network": {"output_size": None}}, "expected output_size, and input_size or vocab_size"),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        encoder_decoder(**options)
