"""Steps made for the tests of the linear scan, and what is compared of a run."""

from inspect import ismethod
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from zoo.cells import CELLS
from zoo.engines import Recurrence, RunFunction, Sequences

INPUT, HIDDEN = 3, 5
LINEAR_CELLS = {
    name: {} for name in CELLS.names() if CELLS[name].card.linear and CELLS[name].card.family != "matrix"
} | {
    "mingru positive": {"candidate": "positive"},
    "minlstm positive": {"candidate": "positive"},
    "lru bias": {"bias": True},
}
"""Variant -> options of every cell of the zoo that is linear in its state."""


def cell_recurrence(variant: str, **options: Any) -> Recurrence:
    """A cell of the zoo with random parameters in float64."""
    cell = (
        CELLS[variant.split()[0]].spec_class(**LINEAR_CELLS.get(variant, {}), **options).build(INPUT, HIDDEN)
    )
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in cell.double().parameters():
            parameter.uniform_(-0.7, 0.7, generator=generator)
    return cell.recurrence()


def own_recurrence(step: Any, blocks: int, states: int = 1, dtype: torch.dtype = torch.float64) -> Recurrence:
    """A step of one's own on so many blocks of the input product and of the state, with one block out."""
    generator = torch.Generator().manual_seed(2)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=dtype).mul_(0.4).requires_grad_()

    weight, rows = draw(blocks * HIDDEN, INPUT), draw(HIDDEN, HIDDEN)
    return Recurrence(
        step=step,
        project=lambda x: F.linear(x, weight),
        recurrent=lambda gates: (rows, None),
        width=HIDDEN,
        input_size=INPUT,
        output_size=HIDDEN,
        state_sizes=(HIDDEN,) * states,
        vectors=(),
        like=weight,
    )


def sequences_for(
    recurrence: Recurrence, time: int, batch: int = 4, seed: int = 0, padded: bool = True, reset: bool = True
) -> Sequences:
    """Random inputs and states, with lengths of 0 and T among others, and with resets."""
    generator = torch.Generator().manual_seed(seed)
    dtype = recurrence.like.dtype

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=dtype).requires_grad_()

    lengths = torch.randint(0, time + 1, (batch,), generator=generator)
    lengths[:2] = torch.tensor([time, 0])[: min(batch, 2)]
    resets = torch.rand(time, batch, generator=generator) < 0.2
    resets &= torch.arange(time)[:, None] < lengths if padded else True
    return Sequences(
        draw(time, batch, recurrence.input_size),
        tuple(draw(batch, size) for size in recurrence.state_sizes),
        tuple(draw(batch, size) for size in recurrence.state_sizes),
        lengths if padded else None,
        resets if reset else None,
    )


def results(run: RunFunction, recurrence: Recurrence, sequences: Sequences, order: int = 1) -> list[Tensor]:
    """Outputs, final state, and the gradients of a fixed sum of both for all that was given.

    With order 2, also the gradients of a fixed sum of these gradients.
    """
    outputs, final = run(recurrence, sequences)
    step = recurrence.step
    weights = list(step.__self__.parameters()) if ismethod(step) else [recurrence.like]
    sources = [*weights, sequences.x, *sequences.state, *sequences.reset_state]
    found = [outputs, *final]
    last = found
    for _ in range(order):
        last = list(
            torch.autograd.grad(
                _weighted(last), sources, create_graph=True, allow_unused=True, materialize_grads=True
            )
        )
        found += last
    return [part.detach() for part in found]


def _weighted(parts: list[Tensor]) -> Tensor:
    waves = [torch.cos(torch.arange(part.numel(), dtype=part.dtype)).view_as(part) for part in parts]
    return torch.stack([(part * wave).sum() for part, wave in zip(parts, waves, strict=True)]).sum()
