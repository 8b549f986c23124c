"""What gates do, in runs where that is known."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from conformance.cases import USUAL, VARIANTS
from torch import Tensor

from diagnostics.watched import BATCH, HIDDEN, INPUT, LENGTHS, TIME, WAY, pinned, random, stack_of
from zoo.cells import CellSpec, LSTMPSpec
from zoo.cells.gru import GRUSpec
from zoo.diagnostics import Gates, gate_saturation, memory_horizon, watch
from zoo.engines import LayerTrace, Product, State
from zoo.stack import Stack


def seen(stack: Stack, **sequences: Any) -> LayerTrace:
    with torch.no_grad(), watch(stack) as traces:
        stack(random(BATCH, TIME, INPUT), **sequences)
    return traces[WAY]


def sigmoid(a: float) -> float:
    return 1 / (1 + math.exp(-a))


FOUND = {
    "elman": {"h": "tanh"},
    "elman(activation=relu)": {},
    "elman(activation=sigmoid)": {"h": "sigmoid"},
    "gru": {"r": "sigmoid", "z": "sigmoid", "n": "tanh"},
    "gru(reset=before)": {"r": "sigmoid", "z": "sigmoid", "n": "tanh"},
    "janet": {"f": "sigmoid", "g": "tanh"},
    "layernorm_lstm": {"i": "sigmoid", "f": "sigmoid", "g": "tanh", "o": "sigmoid"},
    "ligru": {"z": "sigmoid"},
    "lru": {},
    "lstm": {"i": "sigmoid", "f": "sigmoid", "g": "tanh", "o": "sigmoid"},
    "mgu": {"f": "sigmoid", "n": "tanh"},
    "mingru": {"z": "sigmoid"},
    "own_clocked": {},
    "own_mgu": {"f": "sigmoid", "n": "tanh"},
    "peephole_lstm": {"i": "sigmoid", "f": "sigmoid", "g": "tanh", "o": "sigmoid"},
    "sru": {"f": "sigmoid", "r": "sigmoid"},
}
"""Cell -> its gates that have two ends."""


@pytest.mark.parametrize("variant", FOUND)
def test_the_gates_of_each_cell_are_found(variant: str) -> None:
    gates = Gates.of(VARIANTS[variant].build(INPUT, HIDDEN).recurrence())
    assert {gate: kind for gate, (kind, _) in gates.activations.items()} == FOUND[variant]


@pytest.mark.parametrize("variant", USUAL)
def test_saturation_can_be_asked_of_every_cell(variant: str) -> None:
    for gate, found in gate_saturation(seen(stack_of(VARIANTS[variant]), lengths=LENGTHS)).items():
        assert gate in VARIANTS[variant].build(INPUT, HIDDEN).recurrence().gates
        assert 0 <= found.low <= found.share <= 1
        assert -1 < found.mean < 1


@pytest.mark.parametrize(
    "kind", ["lstm", LSTMPSpec(projection=2, peephole=False)], ids=["lstm", "of_unequal_widths"]
)
def test_the_means_are_those_of_the_equations(kind: str | LSTMPSpec) -> None:
    stack = stack_of(kind)
    (cell,) = stack.cells()
    trace = seen(stack, lengths=LENGTHS)
    pre = trace.projected + trace.before[0] @ cell.weight_hh.detach().T
    valid = torch.arange(TIME)[:, None] < LENGTHS
    found = gate_saturation(trace)
    for gate, squash in (("i", torch.sigmoid), ("f", torch.sigmoid), ("g", torch.tanh), ("o", torch.sigmoid)):
        assert found[gate].mean == pytest.approx(
            float(squash(pre[..., cell.rows(gate)])[valid].mean()), abs=1e-12
        )
    assert gate_saturation(trace, Gates.of(cell.recurrence())) == found


def test_pinned_gates_are_at_their_ends() -> None:
    stack = pinned(stack_of("lstm"), i=-4.0, f=4.0, o=0.0, g=-3.0)
    with torch.no_grad():
        stack.cells()[0].bias[stack.cells()[0].rows("o")][0] = 9.0  # one unit of four
    found = gate_saturation(seen(stack))
    assert (found["i"].low, found["i"].high) == (1, 0)
    assert (found["f"].low, found["f"].high) == (0, 1)
    assert (found["g"].low, found["g"].share) == (1, 1)
    assert (found["o"].low, found["o"].high) == (0, 0.25)
    assert found["i"].mean == pytest.approx(sigmoid(-4), abs=1e-12)


def test_padding_does_not_count() -> None:
    stack = stack_of("gru")
    lengths = torch.tensor([2, 2, 2])
    with torch.no_grad(), watch(stack) as traces:
        stack(random(BATCH, TIME, INPUT), lengths=lengths)
        padded = gate_saturation(traces[WAY]), memory_horizon(traces[WAY])
        stack(random(BATCH, TIME, INPUT)[:, :2])
        short = gate_saturation(traces[WAY]), memory_horizon(traces[WAY])
    assert padded[0] == short[0]
    torch.testing.assert_close(padded[1], short[1], rtol=1e-12, atol=0)
    assert gate_saturation(seen(stack, lengths=torch.zeros(BATCH, dtype=torch.long))) == {}


@pytest.mark.parametrize(
    ("cell", "gates", "kept"),
    [
        ("lstm", {"f": 3.0}, sigmoid(3)),
        ("peephole_lstm", {"f": 1.5}, sigmoid(1.5)),
        ("layernorm_lstm", {}, 0.5),
        (GRUSpec(reset="after"), {"z": 2.0}, sigmoid(2)),
        (GRUSpec(reset="before"), {"z": -2.0}, sigmoid(2)),
        ("mgu", {"f": -1.0}, sigmoid(1)),
        ("janet", {"f": 2.0}, sigmoid(2)),
        ("ligru", {"z": 1.0}, sigmoid(1)),
        ("mingru", {"z": -3.0}, sigmoid(3)),
    ],
)
def test_the_horizon_of_a_pinned_gate_is_known(
    cell: str | CellSpec, gates: dict[str, float], kept: float
) -> None:
    found = memory_horizon(seen(pinned(stack_of(cell), **gates)))
    torch.testing.assert_close(
        found, torch.full((HIDDEN,), -1 / math.log(kept), dtype=torch.float64), rtol=1e-9, atol=0
    )


@pytest.mark.parametrize("cell", ["elman", "lstm"])
def test_what_keeps_nothing_has_no_horizon(cell: str) -> None:
    stack = stack_of("elman") if cell == "elman" else pinned(stack_of("lstm"), f=-1000.0)
    assert torch.equal(memory_horizon(seen(stack)), torch.zeros(HIDDEN).double())


def test_a_gate_that_is_one_remembers_for_ever() -> None:
    found = memory_horizon(seen(pinned(stack_of("lstm"), f=1000.0)))
    assert torch.equal(found, torch.full((HIDDEN,), math.inf).double())


def test_the_horizon_of_a_linear_recurrent_unit_is_that_of_its_eigenvalue() -> None:
    stack = stack_of("lru")
    (cell,) = stack.cells()
    expected = torch.exp(-cell.nu_log.detach())  # |λ| is exp(-exp(ν)), whatever its phase
    torch.testing.assert_close(memory_horizon(seen(stack)), expected, rtol=1e-9, atol=0)


def test_the_slope_of_the_gradient_along_an_open_cell_is_that_of_its_gate() -> None:
    bias = 2.0
    horizon = memory_horizon(seen(pinned(stack_of("lstm"), f=bias)))
    assert float(-1 / horizon.mean()) == pytest.approx(math.log(sigmoid(bias)), rel=1e-9)


def test_a_step_that_cannot_be_taken_apart_has_no_gates() -> None:
    trace = seen(stack_of("lstm"))

    def step(pre: Tensor, state: State, product: Product) -> tuple[Tensor, State]:
        output, new = trace.recurrence.step(pre, state, product)
        return output.cumprod(-1), new

    mixed = replace(trace, recurrence=replace(trace.recurrence, step=step))
    assert Gates.of(mixed.recurrence).program is None
    assert gate_saturation(mixed) == {}
    assert torch.equal(memory_horizon(mixed), memory_horizon(trace))


@pytest.mark.parametrize("variant", USUAL)
def test_every_cell_has_a_horizon(variant: str) -> None:
    stack = stack_of(VARIANTS[variant])
    found = memory_horizon(seen(stack))
    assert bool((found >= 0).all())
    assert found.shape == (stack.cells()[0].state_sizes[-1],)  # where widths are unequal, that of the last
