"""The cells of the zoo against those of torchrecurrent, a library that nobody of the zoo wrote.

An oracle file says with TORCHRECURRENT how the library's cell is the same one; see `oracles.elsewhere`.
"""

from typing import Any

import numpy as np
import pytest
import torch
import torchrecurrent

from oracles import elsewhere
from oracles.cells import oracle, written
from zoo.cells import CELLS

INPUT, HIDDEN, TIME, BATCH = 3, 4, 5, 2
SAME = [
    (key, same) for key in written() for same in elsewhere.same_cells(oracle(key).equations, "TORCHRECURRENT")
]


def tensors(given: Any) -> tuple[torch.Tensor, ...]:
    """What the library's cell gives, its state taken apart."""
    return (given,) if isinstance(given, torch.Tensor) else tuple(t for part in given for t in tensors(part))


def as_it_comes(cell: Any, x: torch.Tensor, state: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """One step of the library's cell, which takes a single tensor, or a tuple of several."""
    return tensors(cell(x, state[0] if len(state) == 1 else state))


def run(same: elsewhere.Same, cell: Any, x: torch.Tensor, state: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """All that the library's cell gives, one beside the other, with time in front."""
    found = []
    for row in x:
        given = (same.advanced or as_it_comes)(cell, row, state)
        state = given[1:] if same.gives_output else given
        found.append(torch.cat(given, dim=-1))
    return torch.stack(found)


def outputs(cell: Any, x: torch.Tensor, gives_output: bool) -> torch.Tensor:
    """What the library's cell gives first, from its own first state on."""
    found, state = [], None
    for row in x:
        after = cell(row) if state is None else cell(row, state)
        state = after[1] if gives_output else after
        found.append(tensors(after)[0])
    return torch.stack(found)


@pytest.mark.parametrize(("key", "same"), SAME, ids=[f"{key}-{same.name}" for key, same in SAME])
def test_values_and_gradients_are_the_same(key: str, same: elsewhere.Same) -> None:
    torch.manual_seed(0)
    width_in = HIDDEN if same.is_square else INPUT
    own = CELLS[key].spec_class(**same.spec).build(width_in, HIDDEN).double()
    with torch.no_grad():
        for parameter in own.parameters():
            parameter.uniform_(-0.6, 0.6)
    cell = vars(torchrecurrent)[same.name](width_in, HIDDEN, **same.options).double()
    same.copy(own, cell)
    x = torch.randn(TIME, BATCH, width_in, dtype=torch.float64, requires_grad=True)
    start = tuple(torch.randn(BATCH, size, dtype=torch.float64) for size in own.state_sizes)
    if same.outputs_only:
        start = tuple(torch.zeros_like(part) for part in start)
        theirs = outputs(cell, x, same.gives_output)
    else:
        theirs = run(same, cell, x, same.state(start))
    state, found = start, []
    for row in x:
        output, state = own(row, own.state_type(*state))
        given = [output] * same.gives_output + list(same.state(state))
        found.append(output if same.outputs_only else torch.cat(given, dim=-1))
    ours = torch.stack(found)
    np.testing.assert_allclose(ours.detach(), theirs.detach(), rtol=0, atol=1e-12)
    weights = torch.cos(torch.arange(ours.numel(), dtype=torch.float64)).view_as(ours)
    gradients = [torch.autograd.grad((each * weights).sum(), x)[0] for each in (ours, theirs)]
    np.testing.assert_allclose(*gradients, rtol=0, atol=same.tolerance)
