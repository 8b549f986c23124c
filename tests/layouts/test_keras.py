"""Weights of Keras layers, against its equations written out."""

import numpy as np
import pytest
import torch

import zoo
from layouts import equations

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 5, 3))


def drawn(*shapes):
    return [RNG.normal(size=shape) * 0.7 for shape in shapes]


def arrays(gates, width=4, reads=3, two_biases=False):
    """Kernel, recurrent kernel and bias of a layer."""
    columns = gates * width
    return drawn((reads, columns), (width, columns), (2, columns) if two_biases else (columns,))


def outputs(stack):
    return stack(torch.from_numpy(X))[0].detach().numpy()


def relu(a):
    return np.maximum(a, 0)


KINDS = {
    "simple_rnn": (arrays(1), None, equations.keras_simple_rnn),
    "relu": (
        arrays(1),
        zoo.ElmanSpec(activation="relu"),
        lambda *given: equations.keras_simple_rnn(*given, activation=relu),
    ),
    "lstm": (arrays(4), None, equations.keras_lstm),
    "gru": (arrays(3, two_biases=True), None, lambda *given: equations.keras_gru(*given, reset_after=True)),
    "gru_before": (arrays(3), None, lambda *given: equations.keras_gru(*given, reset_after=False)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_and_its_stack_agree_and_go_back(kind):
    given, cell, function = KINDS[kind]
    stack = zoo.from_weights("keras", given, cell=cell)
    expected = function(X, *given)
    np.testing.assert_allclose(outputs(stack), expected, rtol=0, atol=1e-12)
    back = zoo.to_weights("keras", stack)
    assert [name.rpartition("/")[2] for name in back] == ["kernel", "recurrent_kernel", "bias"]
    assert [array.shape for array in back.values()] == [array.shape for array in given]
    np.testing.assert_allclose(function(X, *back.values()), expected, rtol=0, atol=1e-12)


def test_without_biases_the_user_says_where_a_gru_resets():
    kernel, recurrent, bias = arrays(3)
    for reset in ("before", "after"):
        none = np.zeros_like(np.stack([bias, bias]) if reset == "after" else bias)
        stack = zoo.from_weights("keras", [kernel, recurrent], cell=zoo.GRUSpec(reset=reset))
        expected = equations.keras_gru(X, kernel, recurrent, none, reset_after=reset == "after")
        np.testing.assert_allclose(outputs(stack), expected, rtol=0, atol=1e-12)
        assert [array.shape for array in zoo.to_weights("keras", stack).values()] == [(3, 12), (4, 12)]
    with pytest.raises(
        ValueError, match=r"do not say where it resets; expected cell GRUSpec\(reset='after'\)"
    ):
        zoo.from_weights("keras", [kernel, recurrent])


def named(path, given):
    return {
        f"{path}/{name}": array
        for name, array in zip(("kernel", "recurrent_kernel", "bias"), given, strict=True)
    }


FORWARD, BACKWARD, ABOVE = arrays(4), arrays(4), arrays(3, width=2, reads=8, two_biases=True)
DEEP = equations.keras_gru(
    equations.both_ways(equations.keras_lstm, X, FORWARD, BACKWARD), *ABOVE, reset_after=True
)


def test_paths_tell_layers_and_directions():
    given = (
        named("net/bidirectional/forward_lstm/lstm_cell", FORWARD)
        | named("net/bidirectional/backward_lstm/lstm_cell", BACKWARD)
        | named("net/gru/gru_cell", ABOVE)
    )
    stack = zoo.from_weights("keras", given)
    np.testing.assert_allclose(outputs(stack), DEEP, rtol=0, atol=1e-12)
    back = zoo.to_weights("keras", stack)
    assert [f"net/{name}" for name in back] == list(given)  # in the order in which set_weights takes them
    assert (outputs(zoo.from_weights("keras", back)) == outputs(stack)).all()


def filed(path, given):
    return {f"layers/{path}/cell/vars/{k}": array for k, array in enumerate(given)}


def test_names_of_a_file_come_by_number_and_not_by_alphabet():
    layers = [arrays(4, reads=3), *(arrays(4, reads=4) for _ in range(11))]
    names = ["lstm", *(f"lstm_{k}" for k in range(1, 12))]
    given = {
        name: array
        for path in sorted(names)
        for name, array in filed(path, layers[names.index(path)]).items()
    }
    h = X
    for layer in layers:
        h = equations.keras_lstm(h, *layer)
    np.testing.assert_allclose(outputs(zoo.from_weights("keras", given)), h, rtol=0, atol=1e-12)


def test_a_file_of_a_bidirectional_layer_has_the_backward_half_first():
    given = filed("bidirectional/backward_layer", BACKWARD) | filed("bidirectional/forward_layer", FORWARD)
    expected = equations.both_ways(equations.keras_lstm, X, FORWARD, BACKWARD)
    found = outputs(zoo.from_weights("keras", given))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    listed = zoo.from_weights("keras", [*FORWARD, *BACKWARD])  # as get_weights gives them
    np.testing.assert_allclose(outputs(listed), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (filed("gru", ABOVE) | filed("lstm", FORWARD), "do not say whether .*gru.* or .*lstm.* comes first"),
        ([*arrays(4, 3), *arrays(4, 3)], "fit layers on top of one another as well as two directions"),
        (named("lstm", FORWARD) | {"dense/kernel": X[0]}, "no place for 'dense/kernel'"),
        (
            filed("lstm", FORWARD) | {"layers/dense/vars/0": X[0], "layers/dense/vars/1": X[0, 0]},
            "dense/vars/1",
        ),
        (named("lstm", FORWARD) | named("gru", ABOVE), "reads a width of 8, the layer before gives 4"),
        (named("a/backward_lstm", FORWARD), "reads backward; expected one beside it"),
        ({"dense/kernel": X[0]}, "no weights are a 'recurrent_kernel', got 'dense/kernel'"),
        (FORWARD[:1], "got 1 arrays without names"),
        ([X[0], X[0]], r"shape \(5, 3\); expected 1, 3 or 4 times as many columns"),
        ([FORWARD[0], FORWARD[1], ABOVE[2]], r"'2' has shape \(2, 6\); expected \(16\)"),
        ([FORWARD[0].astype(int), *FORWARD[1:]], "type torch.int64; expected floating-point"),
        ([FORWARD[0], "kernel"], "'1' is a str that torch cannot read"),
        ({}, "got no arrays"),
    ],
)
def test_what_is_no_stack_is_refused_with_the_reason(given, said):
    with pytest.raises(ValueError, match=said):
        zoo.from_weights("keras", given)


def test_the_user_cannot_say_otherwise_than_the_weights():
    with pytest.raises(ValueError, match="cell is 'gru', and the weights are those of 'lstm'"):
        zoo.from_weights("keras", FORWARD, cell="gru")
    with pytest.raises(
        ValueError, match="reset of the cell is 'before', and the weights are those of 'after'"
    ):
        zoo.from_weights("keras", named("gru", ABOVE), cell=zoo.GRUSpec(reset="before"))
    with pytest.raises(LookupError, match="unknown layout 'kears'; did you mean 'keras'"):
        zoo.from_weights("kears", FORWARD)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"cell": "mingru"}, "no layer of Keras equals MinGRUSpec"),
        ({"wiring": "residual"}, "its wiring is not plain"),
        ({"direction": "backward"}, "forward or bidirectional"),
    ],
)
def test_a_stack_that_keras_has_not_is_refused(changes, reason):
    with pytest.raises(ValueError, match=reason):
        zoo.to_weights("keras", zoo.StackSpec(**{"hidden_size": 3, **changes}).build(3))
