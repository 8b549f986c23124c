"""Weights of Flax cells, against its equations written out."""

import numpy as np
import pytest
import torch

import zoo
from layouts import equations

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 5, 3))


def layer(reads, width, bias):
    kernel = {"kernel": RNG.normal(size=(reads, width)) * 0.7}
    return kernel | ({"bias": RNG.normal(size=width)} if bias else {})


def cell(gates, biased, reads=3, width=4):
    """The dense layers of a Linen cell, one for each gate and side."""
    names = [f"{side}{gate}" for side in "ih" for gate in gates]
    return {name: layer(reads if name[0] == "i" else width, width, name in biased) for name in names}


def lstm(**sizes):
    return cell("ifgo", ("hi", "hf", "hg", "ho"), **sizes)


def gru(**sizes):
    return cell("rzn", ("ir", "iz", "in", "hn"), **sizes)


def outputs(stack):
    return stack(torch.from_numpy(X))[0].detach().numpy()


KINDS = {
    "SimpleCell": ("elman", cell(("",), ("i",)), equations.flax_simple),
    "OptimizedLSTMCell": ("lstm", lstm(), equations.flax_lstm),
    "GRUCell": ("gru", gru(), equations.flax_gru),
    "MGUCell": ("ugrnn", cell("fn", ("if", "in")), equations.flax_mgu),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_cell_and_its_stack_agree_and_go_back(name):
    key, given, function = KINDS[name]
    stack = zoo.from_weights("flax", {"params": {"cell": given}})
    assert stack.spec.cell.key == key
    expected = function(X, given)
    np.testing.assert_allclose(outputs(stack), expected, rtol=0, atol=1e-12)
    back = zoo.to_weights("flax", stack)["params"][f"{name}_0"]
    assert {name: list(dense) for name, dense in back.items()} == {
        name: list(dense) for name, dense in given.items()
    }
    np.testing.assert_allclose(function(X, back), expected, rtol=0, atol=1e-12)


def test_an_mgu_with_a_reset_gate_is_a_gru_whose_gates_are_one():
    given = cell("fn", ("if", "in", "hn"))
    stack = zoo.from_weights("flax", given)
    assert stack.spec.cell == zoo.GRUSpec()
    np.testing.assert_allclose(outputs(stack), equations.flax_mgu(X, given), rtol=0, atol=1e-12)
    back = zoo.to_weights("flax", stack)["params"]["GRUCell_0"]
    np.testing.assert_allclose(equations.flax_gru(X, back), equations.flax_mgu(X, given), rtol=0, atol=1e-12)


def test_without_biases_zeros_are_written():
    stack = zoo.StackSpec(cell=zoo.LSTMSpec(bias=False), hidden_size=4).build(3).double()
    back = zoo.to_weights("flax", stack)["params"]["OptimizedLSTMCell_0"]
    np.testing.assert_allclose(equations.flax_lstm(X, back), outputs(stack), rtol=0, atol=1e-12)


BELOW, BESIDE, ABOVE = lstm(), lstm(), gru(reads=8, width=2)
EXPECTED = equations.flax_gru(
    equations.both_ways(lambda x, p: equations.flax_lstm(x, p), X, [BELOW], [BESIDE]), ABOVE
)


def test_widths_tell_directions_from_depth_where_names_do_not():
    two = {
        "params": {
            "OptimizedLSTMCell_1": BESIDE,
            "OptimizedLSTMCell_0": BELOW,
            "OptimizedLSTMCell_2": lstm(reads=8),
        }
    }
    assert zoo.from_weights("flax", two).spec.directions == ("bidirectional", "forward")
    chained = zoo.from_weights("flax", {"0": lstm(), "1": lstm(reads=4, width=2)})
    assert chained.spec.directions == ("forward", "forward")
    square = {"0": gru(width=3), "1": gru(width=3)}
    with pytest.raises(
        ValueError, match="'0', '1' fit layers on top of one another as well as two directions"
    ):
        zoo.from_weights("flax", square)
    says = {"0": {"forward": square["0"], "backward": square["1"]}}
    assert zoo.from_weights("flax", says).spec.direction == "bidirectional"


def test_names_of_ones_own_tell_order_and_directions():
    given = {"0": {"forward": BELOW, "backward": BESIDE}, "1": {"forward": ABOVE}}
    np.testing.assert_allclose(outputs(zoo.from_weights("flax", given)), EXPECTED, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"LSTMCell_0": lstm(), "GRUCell_0": gru(reads=4)}, "do not say whether 'LSTMCell_0' or 'GRUCell_0'"),
        ({"0": lstm(), "1": lstm(reads=5)}, "of '0', '1' no layer reads what another gives"),
        ({"0": lstm(), "Dense_0": layer(4, 2, True)}, "no place for 'Dense_0/kernel', 'Dense_0/bias'"),
        ({"Dense_0": layer(4, 2, True)}, "no weights are those of a recurrent cell of Flax"),
        (lstm() | {"hg": layer(5, 4, True)}, r"'hg/kernel' has shape \(5, 4\); expected \(4, 4\)"),
    ],
)
def test_what_is_no_stack_is_refused_with_the_reason(given, said):
    with pytest.raises(ValueError, match=said):
        zoo.from_weights("flax", given)


@pytest.mark.parametrize("key", ["mgu", "mingru"])
def test_a_cell_that_flax_has_not_is_refused(key):
    for layout in ("flax", "nnx"):
        with pytest.raises(ValueError, match=r"it has no cell for M\w+Spec"):
            zoo.to_weights(layout, zoo.StackSpec(cell=key, hidden_size=3).build(3))


def fused(p):
    """The two dense layers of an NNX cell that compute what those of a Linen cell do."""
    sides = {
        f"dense_{side}": {
            part: np.concatenate([p[name][part] for name in p if name[0] == side], axis=-1)
            for part in ("kernel", "bias")
            if all(part in p[name] for name in p if name[0] == side)
        }
        for side in "ih"
    }
    return {"cell": sides}


NNX = {
    "elman": (cell(("",), ("i",)), equations.flax_simple),
    "lstm": (lstm(), equations.flax_lstm),
    "gru": (cell("rzn", ("ir", "iz", "in")), equations.flax_gru),
}


@pytest.mark.parametrize("key", NNX)
def test_a_cell_of_nnx_and_its_stack_agree_and_go_back(key):
    p, function = NNX[key]
    given = {"layers": {0: fused(p)}}
    stack = zoo.from_weights("nnx", given)
    assert stack.spec.cell.key == key
    np.testing.assert_allclose(outputs(stack), function(X, p), rtol=0, atol=1e-12)
    back = zoo.to_weights("nnx", stack)
    for side, dense in given["layers"][0]["cell"].items():
        assert {**back["layers"][0]["cell"][side]}.keys() == dense.keys()
        for part, array in dense.items():
            np.testing.assert_array_equal(back["layers"][0]["cell"][side][part], array)


def test_nnx_names_tell_the_direction_and_one_gate_otherwise():
    """Its LSTMCell says if_ where Linen says if, and its Bidirectional which is which."""
    renamed = {"if_" if name == "if" else name: dense for name, dense in BESIDE.items()}
    given = {"0": {"backward_rnn": {"cell": renamed}, "forward_rnn": fused(BELOW)}}
    expected = equations.both_ways(equations.flax_lstm, X, [BELOW], [BESIDE])
    stack = zoo.from_weights("nnx", given)
    np.testing.assert_allclose(outputs(stack), expected, rtol=0, atol=1e-12)
    back = zoo.to_weights("nnx", stack)["layers"][0]
    np.testing.assert_array_equal(
        back["backward_rnn"]["cell"]["dense_i"]["kernel"], fused(BESIDE)["cell"]["dense_i"]["kernel"]
    )


def test_nnx_has_no_bias_inside_the_product_of_a_gru():
    with pytest.raises(ValueError, match="this stack's is not 0; expected layout 'flax'"):
        zoo.to_weights("nnx", zoo.from_weights("flax", gru()))
