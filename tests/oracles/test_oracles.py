"""The oracles against finite differences, against torch.nn, and against cases worked by hand."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from oracles import cells, clipping
from oracles.cells import Array, OracleCell, Weights
from oracles.joins import MERGES, WIRINGS
from oracles.sequence import Batch, run, run_back
from oracles.stack import Level, Way, run_stack, run_stack_back

INPUT, HIDDEN = 3, 4
CELLS: dict[str, tuple[OracleCell, str, int]] = {
    "tanh": (cells.Elman("tanh"), "h", 1),
    "relu": (cells.Elman("relu"), "h", 1),
    "sigmoid": (cells.Elman("sigmoid"), "h", 1),
    "identity": (cells.Elman("identity"), "h", 1),
    "lstm": (cells.LSTM(), "ifgo", 2),
    "gru before": (cells.GRUResetBefore(), "rzn", 1),
    "gru after": (cells.GRUResetAfter(), "rzn", 1),
}
EACH_CELL = pytest.mark.parametrize("name", CELLS)
EACH_DIRECTION = pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
EACH_BIAS = pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])


def random_weights(name: str, generator: np.random.Generator, bias: bool = True) -> Weights:
    weights = {}
    for gate in CELLS[name][1]:
        weights[f"W_{gate}"] = generator.normal(size=(HIDDEN, INPUT)) / 2
        weights[f"U_{gate}"] = generator.normal(size=(HIDDEN, HIDDEN)) / 2
        if bias:
            weights[f"b_{gate}"] = generator.normal(size=HIDDEN) / 2
    if bias and name == "gru after":
        weights["d_n"] = generator.normal(size=HIDDEN) / 2
    return weights


def random_states(count: int, parts: int, generator: np.random.Generator) -> cells.State:
    return tuple(generator.normal(size=(count, HIDDEN)) for _ in range(parts))


def random_batch(parts: int, generator: np.random.Generator) -> Batch:
    """Five sequences of up to 6 steps, one of them empty, one with two resets."""
    resets = np.zeros((5, 6), dtype=bool)
    resets[0, [2, 3]] = resets[2, 0] = resets[4, 1] = resets[4, 5] = True
    return Batch(
        x=generator.normal(size=(5, 6, INPUT)),
        lengths=np.array([6, 0, 3, 1, 4]),
        initial=random_states(5, parts, generator),
        fresh=random_states(5, parts, generator),
        resets=resets,
    )


def slopes(function: Callable[[], float], at: Array, step: float = 1e-5) -> Array:
    """Central differences of `function` for each entry of `at`, which it reads."""
    found = np.zeros_like(at)
    for place in np.ndindex(at.shape):
        value = at[place]
        at[place] = value + step
        above = function()
        at[place] = value - step
        found[place] = (above - function()) / (2 * step)
        at[place] = value
    return found


def assert_same(found: Array, expected: Array, tolerance: float) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


@EACH_BIAS
@EACH_DIRECTION
@EACH_CELL
def test_backpropagation_through_time_equals_finite_differences(
    name: str, backward: bool, bias: bool
) -> None:
    generator = np.random.default_rng(1)
    cell, _, parts = CELLS[name]
    weights, batch = random_weights(name, generator, bias), random_batch(parts, generator)
    d_outputs = generator.normal(size=(5, 6, HIDDEN))
    d_final = random_states(5, parts, generator)

    def loss() -> float:
        outputs, final = run(cell, weights, batch, backward)
        parts_of_loss = [
            (outputs * d_outputs).sum(),
            *((a * b).sum() for a, b in zip(final, d_final, strict=True)),
        ]
        return float(sum(parts_of_loss))

    found = run_back(cell, weights, batch, d_outputs, d_final, backward)
    assert_same(found.x, slopes(loss, batch.x), 1e-8)
    assert found.weights.keys() == weights.keys()
    for key, weight in weights.items():
        assert_same(found.weights[key], slopes(loss, weight), 1e-8)
    for part in range(parts):
        assert_same(found.initial[part], slopes(loss, batch.initial[part]), 1e-8)
        assert_same(found.fresh[part], slopes(loss, batch.fresh[part]), 1e-8)


@pytest.mark.parametrize(
    ("kind", "table", "sizes"),
    [(kind, MERGES, (3, 3)) for kind in MERGES] + [(kind, WIRINGS, (3, 5)) for kind in WIRINGS],
)
@pytest.mark.parametrize("projected", [True, False], ids=["projected", "padded"])
def test_joins_have_the_derivative_of_finite_differences(
    kind: str, table: dict, sizes: tuple[int, int], projected: bool
) -> None:
    generator = np.random.default_rng(2)
    a, b = generator.normal(size=sizes[0]), generator.normal(size=sizes[1])
    shapes = {"W_s": (3, 6), "b_s": (3,)} if table is MERGES else {"W_t": (5, 3), "b_t": (5,), "P": (5, 3)}
    weights = {key: generator.normal(size=shape) for key, shape in shapes.items() if projected or key != "P"}
    rule = table[kind]
    d = generator.normal(size=rule.join(weights, a, b).shape)

    def loss() -> float:
        return float(rule.join(weights, a, b) @ d)

    d_a, d_b, d_weights = rule.back(weights, a, b, d)
    assert_same(d_a, slopes(loss, a), 1e-8)
    assert_same(d_b, slopes(loss, b), 1e-8)
    for key, weight in weights.items():
        assert_same(d_weights.get(key, np.zeros_like(weight)), slopes(loss, weight), 1e-8)


def test_a_whole_stack_has_the_gradient_of_finite_differences() -> None:
    generator = np.random.default_rng(3)
    batch = random_batch(1, generator)

    def way(width: int, backward: bool) -> Way:
        weights = {
            "W_h": generator.normal(size=(HIDDEN, width)) / 2,
            "U_h": generator.normal(size=(HIDDEN, HIDDEN)) / 2,
        }
        states = random_states(5, 1, generator), random_states(5, 1, generator)
        return Way(cells.Elman("tanh"), weights, backward, *states)

    gate = {"W_s": generator.normal(size=(HIDDEN, 2 * HIDDEN)), "b_s": generator.normal(size=HIDDEN)}
    highway = {"W_t": generator.normal(size=(HIDDEN, 7)), "b_t": np.ones(HIDDEN)}
    highway["P"] = generator.normal(size=(HIDDEN, 7))
    levels = [
        Level((way(INPUT, False),), "dense"),
        Level((way(7, False), way(7, True)), "highway", highway, "gated", gate),
    ]
    outputs, finals, traces = run_stack(levels, batch.x, batch.lengths, batch.resets)
    d_outputs = generator.normal(size=outputs.shape)
    d_finals = [tuple(random_states(5, 1, generator) for _ in final) for final in finals]

    def loss() -> float:
        outputs, finals, _ = run_stack(levels, batch.x, batch.lengths, batch.resets)
        total = float((outputs * d_outputs).sum())
        for final, d_final in zip(finals, d_finals, strict=True):
            for state, d_state in zip(final, d_final, strict=True):
                total += float((state[0] * d_state[0]).sum())
        return total

    d_x, found = run_stack_back(levels, traces, batch.lengths, batch.resets, d_outputs, d_finals)
    assert_same(d_x, slopes(loss, batch.x), 1e-8)
    for level, gradients in zip(levels, found, strict=True):
        for weights, d_weights in [
            (level.merge_weights, gradients.merge),
            (level.wiring_weights, gradients.wiring),
            *((way.weights, ran.weights) for way, ran in zip(level.ways, gradients.ways, strict=True)),
        ]:
            for key, weight in weights.items():
                assert_same(d_weights[key], slopes(loss, weight), 1e-8)


TORCH = {
    "tanh": lambda bias: nn.RNN(INPUT, HIDDEN, nonlinearity="tanh", bias=bias, batch_first=True),
    "relu": lambda bias: nn.RNN(INPUT, HIDDEN, nonlinearity="relu", bias=bias, batch_first=True),
    "lstm": lambda bias: nn.LSTM(INPUT, HIDDEN, bias=bias, batch_first=True),
    "gru after": lambda bias: nn.GRU(INPUT, HIDDEN, bias=bias, batch_first=True),
}
"""The cells that torch has. Its gate order is the one written in CELLS above."""


@EACH_BIAS
@pytest.mark.parametrize("name", TORCH)
def test_values_and_gradients_equal_those_of_torch(name: str, bias: bool) -> None:
    torch.manual_seed(4)
    generator = np.random.default_rng(4)
    cell, gates, parts = CELLS[name]
    layer = TORCH[name](bias).double()
    x = torch.randn(2, 5, INPUT, dtype=torch.float64, requires_grad=True)
    initial = [torch.randn(1, 2, HIDDEN, dtype=torch.float64, requires_grad=True) for _ in range(parts)]
    outputs, final = layer(x, tuple(initial) if parts == 2 else initial[0])
    final = final if isinstance(final, tuple) else (final,)

    weights = {}
    for gate, w, u in zip(
        gates, layer.weight_ih_l0.chunk(len(gates)), layer.weight_hh_l0.chunk(len(gates)), strict=True
    ):
        weights |= {f"W_{gate}": w.detach().numpy(), f"U_{gate}": u.detach().numpy()}
    if bias:
        both = zip(gates, layer.bias_ih_l0.chunk(len(gates)), layer.bias_hh_l0.chunk(len(gates)), strict=True)
        for gate, b, d in both:
            apart = name == "gru after" and gate == "n"
            weights[f"b_{gate}"] = (b if apart else b + d).detach().numpy()
            weights |= {"d_n": d.detach().numpy()} if apart else {}
    batch = Batch(
        x.detach().numpy(),
        np.array([5, 5]),
        tuple(part[0].detach().numpy() for part in initial),
        random_states(2, parts, generator),
        np.zeros((2, 5), dtype=bool),
    )
    own_outputs, own_final = run(cell, weights, batch)
    assert_same(own_outputs, outputs.detach().numpy(), 1e-9)
    for own, theirs in zip(own_final, final, strict=True):
        assert_same(own, theirs[0].detach().numpy(), 1e-9)

    d_outputs = torch.randn_like(outputs)
    d_final = [torch.randn_like(part) for part in final]
    torch.autograd.backward([outputs, *final], [d_outputs, *d_final])
    own_gradients = run_back(
        cell, weights, batch, d_outputs.numpy(), tuple(part[0].numpy() for part in d_final)
    )
    assert_same(own_gradients.x, x.grad.numpy(), 1e-9)
    for own, theirs in zip(own_gradients.initial, initial, strict=True):
        assert_same(own, theirs.grad[0].numpy(), 1e-9)
    for letter, parameter in [("W", layer.weight_ih_l0), ("U", layer.weight_hh_l0)]:
        joined = np.concatenate([own_gradients.weights[f"{letter}_{gate}"] for gate in gates])
        assert_same(joined, parameter.grad.numpy(), 1e-9)
    if bias:
        assert_same(
            np.concatenate([own_gradients.weights[f"b_{gate}"] for gate in gates]),
            layer.bias_ih_l0.grad.numpy(),
            1e-9,
        )
    if bias and name == "gru after":
        assert_same(own_gradients.weights["d_n"], layer.bias_hh_l0.grad[2 * HIDDEN :].numpy(), 1e-9)


def test_backward_direction_equals_torchs_on_packed_sequences() -> None:
    torch.manual_seed(5)
    layer = nn.LSTM(INPUT, HIDDEN, bidirectional=True, batch_first=True, bias=False).double()
    x = torch.randn(3, 5, INPUT, dtype=torch.float64)
    lengths = torch.tensor([5, 2, 4])
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    theirs, (h, c) = layer(packed)
    theirs, _ = nn.utils.rnn.pad_packed_sequence(theirs, batch_first=True)
    weights = {}
    for gate, w, u in zip(
        "ifgo", layer.weight_ih_l0_reverse.chunk(4), layer.weight_hh_l0_reverse.chunk(4), strict=True
    ):
        weights |= {f"W_{gate}": w.detach().numpy(), f"U_{gate}": u.detach().numpy()}
    zeros = (np.zeros((3, HIDDEN)), np.zeros((3, HIDDEN)))
    batch = Batch(x.numpy(), lengths.numpy(), zeros, zeros, np.zeros((3, 5), dtype=bool))
    outputs, final = run(cells.LSTM(), weights, batch, backward=True)
    assert_same(outputs, theirs[..., HIDDEN:].detach().numpy(), 1e-9)
    assert_same(final[0], h[1].detach().numpy(), 1e-9)
    assert_same(final[1], c[1].detach().numpy(), 1e-9)


def test_the_two_resets_agree_where_the_candidates_matrix_is_diagonal() -> None:
    """Then U (r∘h) = r∘(U h); and z of the one is 1 - z, that is σ of minus the same, of the other."""
    generator = np.random.default_rng(6)
    before = random_weights("gru before", generator)
    before["U_n"] = np.diag(generator.normal(size=HIDDEN))
    after = before | {name: -before[name] for name in ("W_z", "U_z", "b_z")}
    x, h = generator.normal(size=INPUT), generator.normal(size=HIDDEN)
    output, _ = cells.GRUResetBefore().step(before, x, (h,))
    other, _ = cells.GRUResetAfter().step(after, x, (h,))
    assert_same(output, other, 1e-12)


@pytest.mark.parametrize(("bias_z", "kept"), [(-50.0, True), (50.0, False)])
def test_with_reset_before_an_update_gate_of_zero_keeps_the_state(bias_z: float, kept: bool) -> None:
    generator = np.random.default_rng(7)
    weights = random_weights("gru before", generator) | {"b_z": np.full(HIDDEN, bias_z)}
    x, h = generator.normal(size=INPUT), generator.normal(size=HIDDEN)
    output, _ = cells.GRUResetBefore().step(weights, x, (h,))
    assert np.allclose(output, h, rtol=0, atol=1e-12) == kept


def test_linear_network_is_a_product_of_matrices() -> None:
    generator = np.random.default_rng(8)
    U = generator.normal(size=(HIDDEN, HIDDEN))
    weights = {"W_h": np.zeros((HIDDEN, INPUT)), "U_h": U}
    zeros = np.zeros((1, HIDDEN))
    initial = generator.normal(size=(1, HIDDEN))
    batch = Batch(np.ones((1, 7, INPUT)), np.array([7]), (initial,), (zeros,), np.zeros((1, 7), dtype=bool))
    outputs, _ = run(cells.Elman("identity"), weights, batch)
    assert_same(outputs[0, -1], np.linalg.matrix_power(U, 7) @ initial[0], 1e-9)
    found = run_back(
        cells.Elman("identity"), weights, batch, np.zeros((1, 7, HIDDEN)), (np.ones((1, HIDDEN)),)
    )
    assert_same(found.initial[0][0], np.linalg.matrix_power(U.T, 7) @ np.ones(HIDDEN), 1e-9)


@pytest.mark.parametrize(("threshold", "expected"), [(2.5, [1.5, 2.0]), (5.0, [3.0, 4.0]), (6.0, [3.0, 4.0])])
def test_norm_clipping_shortens_and_keeps_the_direction(threshold: float, expected: list[float]) -> None:
    clipped = clipping.by_norm([np.array([3.0]), np.array([4.0])], threshold)
    assert_same(np.concatenate(clipped), np.array(expected), 1e-12)


def test_value_clipping_cuts_each_entry() -> None:
    (clipped,) = clipping.by_value([np.array([-3.0, 0.5, 2.0])], -1.0, 1.0)
    assert_same(clipped, np.array([-1.0, 0.5, 1.0]), 0.0)
