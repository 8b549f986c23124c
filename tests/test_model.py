import numpy as np
import pytest
import torch
from torch.nn import functional as F

import zoo

BOTH_SUMMED = zoo.StackSpec(direction="bidirectional", merge="sum")
LENGTHS = torch.tensor([6, 1, 0, 4])


def spec(**changes):
    fields = {
        "encoder": zoo.StackSpec(cell="gru", hidden_size=7, direction="bidirectional"),
        "input_size": 5,
        "output_size": 3,
        "pooling": "max",
    }
    return zoo.ModelSpec(**(fields | changes))


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention"])
def test_pooling_over_padded_sequences_equals_pooling_each_alone(pooling):
    torch.manual_seed(0)
    model = spec(pooling=pooling).build().double()
    x = torch.randn(4, 6, 5, dtype=torch.float64)
    together, _ = model(x, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        if length:
            alone, _ = model(x[row : row + 1, :length])
            torch.testing.assert_close(together[row : row + 1], alone)


def pooled_by_hand(outputs, pooling, scores):
    """The pooled outputs (T, H) of one sequence, in numpy."""
    if pooling == "last":  # the forward half ends at the last step, the backward half at the first
        return np.concatenate([outputs[-1, :7], outputs[0, 7:]])
    if pooling == "mean":
        return outputs.mean(0)
    if pooling == "max":
        return outputs.max(0)
    weights = np.exp(scores) / np.exp(scores).sum()
    return (weights * outputs).sum(0)


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention"])
def test_pooling_is_what_its_name_says(pooling):
    torch.manual_seed(0)
    model = spec(pooling=pooling).build().double()
    x = torch.randn(1, 6, 5, dtype=torch.float64)
    outputs, _ = model.encoder(x)
    scores = model.attention(outputs)[0].detach().numpy() if pooling == "attention" else None
    pooled = pooled_by_hand(outputs[0].detach().numpy(), pooling, scores)
    head = model.head.weight.detach().numpy() @ pooled + model.head.bias.detach().numpy()
    np.testing.assert_allclose(model(x)[0][0].detach().numpy(), head, atol=1e-12)


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention"])
def test_an_empty_sequence_is_pooled_to_zero(pooling):
    model = spec(pooling=pooling).build()
    x = torch.full((4, 6, 5), float("nan"))
    logits, _ = model(x, torch.zeros(4, dtype=torch.long))
    torch.testing.assert_close(logits, model.head.bias.expand(4, -1))


@pytest.mark.parametrize("pooling", ["none", "last", "mean", "max", "attention"])
def test_every_parameter_receives_gradient(pooling):
    torch.manual_seed(0)
    model = spec(pooling=pooling, input_dropout=0.1, output_dropout=0.1).build()
    model(torch.randn(4, 6, 5), LENGTHS)[0].square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_tied_weights_are_one_parameter():
    network = zoo.ModelSpec(
        encoder=zoo.StackSpec(hidden_size=6), vocab_size=11, output_size=11, tie_weights=True
    )
    model = network.build()
    assert model.head.weight is model.embedding.weight
    tokens = torch.randint(0, 11, (2, 5))
    loss = F.cross_entropy(model(tokens)[0].flatten(0, 1), tokens.flatten())
    loss.backward()
    assert model.embedding.weight.grad.abs().sum() > 0


def test_tied_weights_need_equal_widths():
    with pytest.raises(ValueError, match="embedding_size equal to the encoder's output width"):
        zoo.ModelSpec(
            encoder=zoo.StackSpec(hidden_size=6),
            vocab_size=11,
            output_size=11,
            embedding_size=5,
            tie_weights=True,
        ).build()


def test_logits_come_near_their_cap_and_never_beyond():
    torch.manual_seed(0)
    free, capped = (spec(head_bias=False, logit_cap=cap).build().double() for cap in (None, 2.0))
    capped.load_state_dict(free.state_dict())
    assert free.head.bias is None
    x = 100 * torch.randn(4, 6, 5, dtype=torch.float64)
    with torch.no_grad():
        free.head.weight *= 20
        capped.head.weight *= 20
    logits = free(x)[0]
    assert logits.abs().max() > 10
    torch.testing.assert_close(capped(x)[0], 2 * torch.tanh(logits / 2))


def test_a_model_streams():
    torch.manual_seed(0)
    model = zoo.ModelSpec(
        encoder=zoo.StackSpec(hidden_size=6, num_layers=2, wiring="dense"), vocab_size=11, output_size=4
    ).build()
    tokens = torch.randint(0, 11, (3, 5))
    whole, _ = model(tokens)
    state = model.initial_state(3)
    for t in range(5):
        logits, state = model.step(tokens[:, t], state)
        torch.testing.assert_close(logits, whole[:, t])


def test_pooling_over_time_cannot_stream():
    model = spec(encoder=zoo.StackSpec(hidden_size=6)).build()
    with pytest.raises(ValueError, match="pooling 'max' needs all steps"):
        model.step(torch.randn(2, 5), model.initial_state(2))


def test_init_range_bounds_every_weight():
    model = spec(init_range=0.05).build()
    largest = max(parameter.abs().max() for parameter in model.parameters())
    assert 0.04 < largest <= 0.05


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vocab_size": 10}, "expected features or tokens, not both"),
        ({"input_dropout": 1.0}, "input_dropout is 1.0"),
        ({"output_size": 0}, "output_size is 0"),
        ({"init_range": -1.0}, "init_range is -1.0"),
        ({"logit_cap": 0.0}, "logit_cap is 0.0; expected a positive number"),
        (
            {"pooling": "last", "encoder": zoo.StackSpec(direction="bidirectional", merge="sum")},
            "opposite ends",
        ),
    ],
)
def test_bad_options_get_one_sentence(changes, message):
    with pytest.raises(ValueError, match="expected") as caught:
        spec(**changes)
    assert message in str(caught.value)


@pytest.mark.parametrize("wiring", ["plain", "residual", "highway", "dense"])
def test_pooling_last_reads_the_final_state_of_each_direction(wiring):
    torch.manual_seed(0)
    encoder = zoo.StackSpec(cell="gru", hidden_size=7, num_layers=2, direction="bidirectional", wiring=wiring)
    model = spec(encoder=encoder, pooling="last").build()
    x = torch.randn(4, 6, 5, requires_grad=True)
    logits, _ = model(x)
    for step in (0, 5):  # both ends reach the prediction through a whole reading
        (gradient,) = torch.autograd.grad(logits.sum(), x, retain_graph=True)
        assert gradient[:, step].abs().sum() > 0
    _, states = model.encoder(x)
    if wiring == "plain":
        final = torch.cat([states[-1].forward.h, states[-1].backward.h], dim=1)
        torch.testing.assert_close(logits, model.head(final))


def test_open_sizes_come_from_the_data_and_must_agree():
    network = zoo.ModelSpec(encoder=zoo.StackSpec(hidden_size=4), pooling="max")
    assert not network.is_complete
    resolved = network.resolved({"input_size": 8, "output_size": 10})
    assert (resolved.input_size, resolved.output_size) == (8, 10)
    with pytest.raises(ValueError, match="input_size is 8, but the data has 9"):
        resolved.resolved({"input_size": 9, "output_size": 10})
    with pytest.raises(ValueError, match="cannot be built"):
        network.build()


@pytest.mark.parametrize("wiring", ["plain", "residual", "highway", "dense"])
@pytest.mark.parametrize("engine", ["auto", "reference"])
@pytest.mark.parametrize("pooling", ["none", "last", "mean", "max", "attention"])
def test_models_run_under_autocast(wiring, engine, pooling):
    torch.manual_seed(0)
    encoder = zoo.StackSpec(
        hidden_size=7, num_layers=2, direction="bidirectional", wiring=wiring, engine=engine
    )
    model = spec(encoder=encoder, pooling=pooling).build()
    x = torch.randn(4, 6, 5)
    full, _ = model(x, LENGTHS)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half, _ = model(x, LENGTHS)
        half.float().square().sum().backward()
    torch.testing.assert_close(half.float(), full, rtol=0.1, atol=0.1)
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


def test_embedding_size_without_tokens_is_refused():
    with pytest.raises(ValueError, match="only tokens are embedded"):
        spec(embedding_size=9)


def test_init_range_leaves_learned_initial_states_at_zero():
    encoder = zoo.StackSpec(hidden_size=4, learn_initial_state=True)
    model = spec(encoder=encoder, init_range=0.1, pooling="mean").build()
    assert all((part == 0).all() for part in model.initial_state(1)[0])


def test_padding_is_inert_where_a_rectified_network_explodes():
    torch.manual_seed(0)
    cell = zoo.ElmanSpec(activation="relu", recurrent_init="identity")
    engines = ("reference", "native", "c", "eager")
    stacks = [zoo.StackSpec(cell=cell, hidden_size=4, engine=name).build(3) for name in engines]
    with torch.no_grad():
        stacks[0].cells()[0].weight_hh *= 2
    gradients = []
    for stack in stacks:
        stack.load_state_dict(stacks[0].state_dict())
        x = torch.randn(2, 300, 3, generator=torch.Generator().manual_seed(1))
        stack(x, lengths=torch.tensor([5, 4]))[0].sum().backward()
        gradients.append(stack.cells()[0].weight_hh.grad)
    assert gradients[0].isfinite().all()
    for gradient in gradients[1:]:
        torch.testing.assert_close(gradient, gradients[0])
