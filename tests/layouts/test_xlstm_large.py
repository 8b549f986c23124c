"""State dicts of the language model of xLSTM 7B, as its authors and as transformers name it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import zoo
from layouts import equations
from zoo.catalogue import MODELS

TYPES, WIDTH, HEADS, KEYS, INNER, BLOCKS = 11, 8, 2, 4, 12, 2
TOKENS = np.random.default_rng(1).integers(TYPES, size=(2, 9))
OURS, THEIRS = "embedding.weight", "backbone.embeddings.weight"


def shapes():
    found = {OURS: (TYPES, WIDTH), "lm_head.weight": (TYPES, WIDTH), "backbone.out_norm.weight": (WIDTH,)}
    layer = {"q": (KEYS, WIDTH), "k": (KEYS, WIDTH)}
    layer |= dict.fromkeys(["v", "ogate_preact", "out_proj"], (WIDTH, WIDTH))
    for k in range(BLOCKS):
        block = {f"mlstm_layer.{name}.weight": shape for name, shape in layer.items()}
        for gate in ("igate_preact", "fgate_preact"):
            block |= {f"mlstm_layer.{gate}.weight": (HEADS, WIDTH), f"mlstm_layer.{gate}.bias": (HEADS,)}
        block |= {"ffn.proj_up_gate.weight": (INNER, WIDTH), "ffn.proj_up.weight": (INNER, WIDTH)}
        block |= {"ffn.proj_down.weight": (WIDTH, INNER)}
        norms = ("norm_mlstm.weight", "norm_ffn.weight", "mlstm_layer.multihead_norm.weight")
        block |= dict.fromkeys(norms, (WIDTH,))
        found |= {f"backbone.blocks.{k}.{name}": shape for name, shape in block.items()}
    return found


def drawn():
    """Gates up to their caps, and logits near theirs."""
    rng, scales = np.random.default_rng(0), {"preact": 3.0, "gate_preact.bias": 12.0, "lm_head": 9.0}
    found = {}
    for name, shape in shapes().items():
        scale = next((each for part, each in reversed(scales.items()) if part in name), 0.7)
        found[name] = rng.normal(size=shape) * scale
    return found


WEIGHTS = drawn()
EXPECTED = equations.xlstm_large(TOKENS, WEIGHTS, HEADS, BLOCKS)


def by_transformers(weights=WEIGHTS):
    return {THEIRS if name == OURS else name: each for name, each in weights.items()}


def changed(**changes):
    given = WEIGHTS | {name.replace("__", "."): array for name, array in changes.items()}
    return {name: array for name, array in given.items() if array is not None}


NAMED = {"xlstm_large": WEIGHTS, "xlstm_transformers": by_transformers()}


def logits(model, tokens=TOKENS):
    return model(torch.from_numpy(tokens))[0].detach().numpy()


@pytest.mark.parametrize("engine", ["auto", "reference"])
@pytest.mark.parametrize("layout", NAMED)
def test_the_model_agrees_and_its_sizes_come_from_the_shapes(layout, engine):
    model = zoo.from_weights(layout, NAMED[layout])
    assert 20 < np.abs(EXPECTED).max() < 30
    network = replace(model.spec, encoder=replace(model.spec.encoder, engine=engine))
    again = network.build().double()
    again.load_state_dict(model.state_dict())
    for each in (model, again):
        np.testing.assert_allclose(logits(each), EXPECTED, rtol=0, atol=1e-9)
    cell = model.spec.encoder.cells[0]
    assert (cell.heads, cell.key_ratio, model.spec.encoder.num_layers) == (HEADS, KEYS / WIDTH, BLOCKS)


def test_it_streams_and_trains_on():
    model, tokens = zoo.from_weights("xlstm_large", WEIGHTS), torch.from_numpy(TOKENS)
    state = model.initial_state(len(tokens))
    for t in range(tokens.shape[1]):
        found, state = model.step(tokens[:, t], state)
        np.testing.assert_allclose(found.detach().numpy(), EXPECTED[:, t], rtol=0, atol=1e-9)
    task = zoo.LanguageModel(model.spec)
    task.model.load_state_dict(model.state_dict())
    task.model(tokens)[0].square().sum().backward()
    assert all(parameter.grad.any() for parameter in task.model.parameters())


@pytest.mark.parametrize("layout", NAMED)
def test_a_model_goes_back_under_the_same_names(layout):
    back = zoo.to_weights(layout, zoo.from_weights(layout, NAMED[layout]))
    assert back.keys() == NAMED[layout].keys()
    for name, array in NAMED[layout].items():
        np.testing.assert_array_equal(back[name], array)


def test_names_of_either_are_read_by_both():
    written = zoo.to_weights("xlstm_large", zoo.from_weights("xlstm_large", by_transformers()))
    assert written.keys() == WEIGHTS.keys()


def test_what_weights_do_not_say_can_be_said():
    cell = zoo.MLSTMSpec(gate_cap=4.0)
    model = zoo.from_weights("xlstm_large", WEIGHTS, cell=cell)
    assert model.spec.encoder.cells[0].gate_cap == 4.0
    assert np.abs(logits(model) - EXPECTED).max() > 1e-3
    with pytest.raises(ValueError, match=r"no model of xLSTM 7B's kind equals this one: .*gate_cap=4.0"):
        zoo.to_weights("xlstm_large", model)


def test_a_cell_that_says_nothing_of_the_cap_leaves_it():
    model = zoo.from_weights("xlstm_large", WEIGHTS, cell=zoo.MLSTMSpec(heads=HEADS))
    assert model.spec.encoder.cells[0].gate_cap == 15.0


def test_a_named_model_is_written_and_read_as_it_is():
    network = MODELS["xlstm-7b"].network
    encoder = replace(network.encoder, hidden_size=16, num_layers=1)
    small = replace(network, encoder=encoder, vocab_size=7, output_size=7, embedding_size=16)
    model = zoo.from_weights("xlstm_large", zoo.to_weights("xlstm_large", small.build()))
    assert replace(model.spec, encoder=encoder) == small
    assert model.spec.encoder.cells == small.encoder.cells


Q, GATE = (
    "backbone__blocks__1__mlstm_layer__q__weight",
    "backbone__blocks__0__mlstm_layer__igate_preact__bias",
)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (changed(**{GATE: None}), "there is no 'backbone.blocks.0.mlstm_layer.igate_preact.bias'"),
        (changed(**{Q: np.zeros((2, WIDTH))}), r"has shape \(2, 8\); expected \(4, 8\)"),
        (changed(lm_head__bias=np.zeros(TYPES)), "no place for 'lm_head.bias'"),
        ({OURS: np.zeros((3, 2)), "lm_head.weight": np.zeros((3, 2))}, "expected blocks of mLSTMs"),
    ],
)
def test_what_is_no_such_model_is_refused_with_the_reason(given, said):
    with pytest.raises(ValueError, match=said):
        zoo.from_weights("xlstm_large", given)


@pytest.mark.parametrize(
    ("of_network", "of_encoder", "said"),
    [
        ({"head_bias": True}, {}, "its head has biases"),
        ({"logit_cap": None}, {}, "not capped at 30"),
        ({"pooling": "last"}, {}, "predict at each"),
        ({"embedding_size": 4}, {}, "not all of one kind and width"),
        ({}, {"cell": zoo.MLSTMSpec(heads=HEADS)}, "its cell is MLSTMSpec"),
        ({}, {"wiring": "block"}, "its wiring is BlockSpec"),
        ({}, {"direction": "backward"}, "do not all read forward"),
        ({}, {"learn_initial_state": True}, "initial state is learned"),
    ],
)
def test_a_model_that_is_none_is_refused(of_network, of_encoder, said):
    network = zoo.from_weights("xlstm_large", WEIGHTS).spec
    spec = replace(network, encoder=replace(network.encoder, **of_encoder), **of_network)
    with pytest.raises(ValueError, match=said):
        zoo.to_weights("xlstm_large", spec.build())


def test_a_stack_is_refused():
    with pytest.raises(ValueError, match="got a Stack; expected a Model"):
        zoo.to_weights("xlstm_large", zoo.from_weights("xlstm_large", WEIGHTS).encoder)
