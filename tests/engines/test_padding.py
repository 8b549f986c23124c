"""What lies in the padding may be anything, and final states are the caller's own."""

from dataclasses import replace
from math import nan

import pytest
import torch
from torch import Tensor

from engines.steps import Form, Own
from engines.subjects import (
    EACH,
    Size,
    assert_close,
    engines,
    leaves_of,
    module_of,
    results,
    run_of,
    sequences_of,
)
from zoo.engines import Product, State, run_reference

PADDED = Size(12, 5, lengths=True, resets=True)


@pytest.mark.parametrize("name", ["elman relu", "highway", "wide"])
def test_states_that_would_overflow_in_the_padding(name: str) -> None:
    """Sequences of one step, then a hundred thousandfold growth at each step up to infinity."""
    module = module_of(name)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.abs_().mul_(1e5 if name == "elman relu" else 1.0)
    for engine in engines(name):
        found = []
        for run in (run_of(engine, module.recurrence()), run_reference):
            sequences = sequences_of(module.recurrence(), Size(90, 4))
            short = replace(sequences, lengths=torch.tensor([1, 0, 2, 1]))
            found.append(results(run, module, short))
        assert all(part.isfinite().all() for part in found[1].values())
        assert_close(*found, 1e-9)


def squared(pre: Tensor, state: State, product: Product, _: tuple[Tensor, ...]) -> tuple[Tensor, State]:
    (h,) = state
    h = h * h + pre * product("a", h)
    return h, (h,)


def test_slopes_that_are_infinite_in_the_padding() -> None:
    """A step whose gradients are its products: infinity times the gradient 0 would be no number."""
    module = Own(Form(squared), 5).double()
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(0.5, 1.0)
    recurrence, found = module.recurrence(), []
    for engine in ("reference", "c", "eager"):
        sequences = sequences_of(recurrence, Size(40, 3))
        with torch.no_grad():
            sequences.state[0].abs_().add_(2.0)
        short = replace(sequences, lengths=torch.tensor([1, 0, 2]))
        found.append(results(run_of(engine, recurrence), module, short))
    assert all(part.isfinite().all() for part in found[0].values())
    assert_close(found[1], found[0])
    assert_close(found[2], found[0])


@EACH
def test_gradients_in_the_padding_reach_nothing(name: str, engine: str) -> None:
    module = module_of(name)
    found = []
    for key in (engine, "reference"):
        sequences = sequences_of(module.recurrence(), PADDED)
        outputs, final = run_of(key, module.recurrence())(module.recurrence(), sequences)
        slope = torch.where(sequences.mask, 1.0, nan).expand_as(outputs).to(outputs.dtype)
        parts = {part: torch.ones_like(part) for part in final} | {outputs: slope}
        before = {part: slope.clone() for part, slope in parts.items()}
        values = [part for part in parts if part.requires_grad]
        leaves = leaves_of(module, sequences)
        gradients = torch.autograd.grad(
            values,
            list(leaves.values()),
            [parts[part] for part in values],
            allow_unused=True,
            materialize_grads=True,
        )
        found.append(dict(zip(leaves, gradients, strict=True)))
        for part, slope in parts.items():  # the caller's own, which nobody may write into
            torch.testing.assert_close(slope, before[part], rtol=0, atol=0, equal_nan=True)
    assert_close(*found)


@EACH
def test_a_final_state_can_be_written_into(name: str, engine: str) -> None:
    """Such as by one who clears the states of finished sequences between runs: all else stays."""
    module = module_of(name)
    sequences = sequences_of(module.recurrence(), Size(6, 3))
    with torch.no_grad():
        outputs, final = run_of(engine, module.recurrence())(module.recurrence(), sequences)
        before = [outputs.clone(), *(part.clone() for part in sequences.state)]
        for part in final:
            part.zero_()
    for part, kept in zip([outputs, *sequences.state], before, strict=True):
        assert torch.equal(part, kept)
