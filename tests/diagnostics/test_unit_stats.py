"""Signs of health, in recurrences that were made ill."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from conformance.bridge import array
from conformance.cases import USUAL, VARIANTS

from diagnostics.watched import BATCH, HIDDEN, INPUT, LENGTHS, TIME, WAY, pinned, random, stack_of
from zoo.cells.elman import ElmanSpec
from zoo.diagnostics import dead_units, recurrent_spectra, recurrent_weights, state_norm, watch
from zoo.engines import LayerTrace
from zoo.stack import Stack


def seen(stack: Stack, time: int = TIME, **sequences: Any) -> LayerTrace:
    with torch.no_grad(), watch(stack) as traces:
        stack(random(BATCH, time, INPUT), **sequences)
    return traces[WAY]


def test_the_norm_is_that_of_valid_steps() -> None:
    trace = seen(stack_of("gru"), lengths=LENGTHS)
    rows = [array(trace.outputs[:n, b]) for b, n in enumerate(LENGTHS)]
    assert state_norm(trace) == pytest.approx(math.sqrt(np.square(np.concatenate(rows)).mean()), abs=1e-14)
    assert math.isnan(state_norm(seen(stack_of("gru"), lengths=torch.zeros(BATCH, dtype=torch.long))))


def test_a_constant_state_has_its_own_norm() -> None:
    stack = pinned(stack_of(ElmanSpec(activation="identity")), h=-0.5)
    assert state_norm(seen(stack)) == pytest.approx(0.5, abs=1e-15)


@pytest.mark.parametrize(("activation", "bias"), [("relu", -100.0), ("tanh", 30.0), ("sigmoid", -30.0)])
def test_units_that_are_forced_off_or_stuck_are_dead(activation: str, bias: float) -> None:
    stack = stack_of(ElmanSpec(activation=activation))
    assert dead_units(seen(stack)) == 0
    with torch.no_grad():
        stack.cells()[0].bias[1] = bias
    assert dead_units(seen(stack)) == 1 / HIDDEN


def test_life_in_the_padding_is_none() -> None:
    stack = pinned(stack_of("elman"), h=0.7)  # constant where it is valid, 0 in the padding
    assert dead_units(seen(stack, lengths=LENGTHS)) == 1


def test_one_step_shows_no_dead_unit() -> None:
    trace = seen(stack_of("elman"), 1, lengths=torch.tensor([1, 0, 0]))
    assert math.isnan(dead_units(trace))


def test_where_outputs_are_not_finite_nobody_knows_which_units_are_dead() -> None:
    stack = stack_of("elman")
    with torch.no_grad():
        stack.cells()[0].bias[1] = math.nan
    assert math.isnan(dead_units(seen(stack)))


@pytest.mark.parametrize("radius", [0.5, 1.0, 2.0])
def test_the_spectrum_is_the_one_that_was_set(radius: float) -> None:
    stack = stack_of("elman")
    with torch.no_grad():
        stack.cells()[0].weight_hh.copy_(radius * torch.linalg.qr(random(HIDDEN, HIDDEN)).Q)
    found, values = recurrent_spectra(seen(stack))["h"]
    assert found == pytest.approx(radius, abs=1e-12)
    torch.testing.assert_close(values, torch.full((HIDDEN,), radius).double(), rtol=0, atol=1e-12)


def test_each_gate_has_a_spectrum_of_its_own() -> None:
    stack = stack_of("gru")
    (cell,) = stack.cells()
    for gate, (radius, values) in recurrent_spectra(seen(stack)).items():
        weight = array(cell.weight_hh[cell.rows(gate)])
        assert radius == pytest.approx(np.abs(np.linalg.eigvals(weight)).max(), abs=1e-12)
        np.testing.assert_allclose(array(values), np.linalg.svd(weight, compute_uv=False), rtol=0, atol=1e-12)


def test_a_nilpotent_matrix_has_norm_and_no_radius() -> None:
    stack = stack_of("elman", hidden_size=2)
    with torch.no_grad():
        stack.cells()[0].weight_hh.copy_(torch.tensor([[0.0, 3.0], [0.0, 0.0]]))
    radius, values = recurrent_spectra(seen(stack))["h"]
    assert radius == 0
    assert values.tolist() == [3, 0]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_gate_that_is_not_finite_has_no_spectrum(bad: float) -> None:
    stack = stack_of("lstm")
    (cell,) = stack.cells()
    with torch.no_grad():
        cell.weight_hh[cell.rows("f")][0, 0] = bad
    for gate, (radius, values) in recurrent_spectra(seen(stack)).items():
        assert math.isnan(radius) == (gate == "f")
        assert bool(values.isnan().all()) == (gate == "f")


@pytest.mark.parametrize("variant", USUAL)
def test_the_gates_with_recurrent_weights_are_those_of_the_cell(variant: str) -> None:
    stack = stack_of(VARIANTS[variant])
    (cell,) = stack.cells()
    found = set(recurrent_weights(seen(stack)))
    assert found <= set(cell.recurrent_gates)
    assert found or not cell.recurrent_gates or cell.recurrent_size != cell.hidden_size
