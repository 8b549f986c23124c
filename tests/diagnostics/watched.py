"""Stacks that are run and differentiated while they are watched."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from zoo.cells import CellSpec
from zoo.diagnostics import watch
from zoo.engines import LayerTrace
from zoo.stack import Stack, StackSpec

WAY = "layer_1/forward"
INPUT, HIDDEN, BATCH, TIME = 3, 4, 3, 6
LENGTHS = torch.tensor([TIME, 2, 4])


def stack_of(cell: str | CellSpec, dtype: torch.dtype = torch.float64, **options: Any) -> Stack:
    """A stack with random parameters, the same for each engine."""
    defaults = {"cell": cell, "hidden_size": HIDDEN, "num_layers": 1}
    stack = StackSpec(**(defaults | options)).build(INPUT).to(dtype)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.uniform_(-0.7, 0.7, generator=generator)
    return stack


def random(*shape: int, seed: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64, generator=generator)


def tensors(state: Any) -> list[Tensor]:
    return [state] if isinstance(state, Tensor) else [part for entry in state for part in tensors(entry)]


def everywhere(outputs: Tensor, state: Any) -> Tensor:
    """A loss that depends on each output and on all of the final state, and on each differently."""
    parts = [outputs, *tensors(state)]
    return sum((part * random(*part.shape, seed=5 + k).to(part)).sum() for k, part in enumerate(parts))


def at_the_end(outputs: Tensor, state: Any) -> Tensor:
    return outputs[:, -1].square().sum()


def by_the_state(outputs: Tensor, state: Any) -> Tensor:
    return sum(part.square().sum() for part in tensors(state))


LOSSES: Mapping[str, Callable[[Tensor, Any], Tensor]] = {
    "everywhere": everywhere,
    "at the end": at_the_end,
    "by the state": by_the_state,
}


def run(
    stack: Stack, x: Tensor, loss: Callable[[Tensor, Any], Tensor] = everywhere, **sequences: Any
) -> dict[str, LayerTrace]:
    """The traces of one run and its backward pass."""
    with watch(stack) as traces:
        loss(*stack(x, **sequences)).backward()
    return traces


def pinned(stack: Stack, **gates: float) -> Stack:
    """The stack's first cell without recurrent weights, its gates held where these biases put them."""
    cell = stack.cells()[0]
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
        for gate, bias in gates.items():
            cell.bias[cell.rows(gate)] = bias
    return stack
