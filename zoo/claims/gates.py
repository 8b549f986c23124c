"""Gates that are held open or shut, and what a state does then."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from zoo.diagnostics import watch
from zoo.engines import ENGINES
from zoo.stack import Stack

SHUT = -800.0
"""A bias at which a sigmoid is 0 to the last bit of a float64; at minus that it is 1."""


def set_gates(stack: Stack, biases: dict[str, float]) -> None:
    """Makes gates of the only cell what their biases say, whatever comes in."""
    (cell,) = stack.cells()
    weights, width = cell.state_dict(), cell.hidden_size
    for gate, bias in biases.items():
        rows = slice(cell.gates.index(gate) * width, (cell.gates.index(gate) + 1) * width)
        weights["weight_ih"][rows] = 0
        weights["weight_hh"][rows] = 0
        weights["bias"][rows] = bias
    cell.load_state_dict(weights)


def course(stack: Stack, part: int, steps: int) -> Float[np.ndarray, " steps"]:
    """What is left, as a share, of a part of the state that was 1, after each of so many steps of noise."""
    torch.manual_seed(1)
    x = torch.randn(1, steps, 3, dtype=torch.float64)
    sizes = stack.cells()[0].state_sizes
    start = tuple(torch.full((1, size), float(k == part)).double() for k, size in enumerate(sizes))
    with watch(stack) as traces, torch.no_grad():
        _, (end,) = stack(x, (start,))
    (trace,) = traces.values()
    after: Tensor = torch.cat([trace.before[part][1:, 0], end[part]])
    return after.mean(-1).numpy()


def able(stack: Callable[[str], Stack], engines: Sequence[str]) -> list[str]:
    """Those of several engines that can run a stack here; without a compiler "c" cannot."""
    return [
        engine
        for engine in engines
        if all(ENGINES[engine].refusal(way.recurrence()) is None for way in stack("auto").ways())
    ]


def kept(stack: Stack, part: int, steps: int) -> tuple[float, float]:
    """How far part of the state moves over so many steps of noise, and its Jacobian from the identity."""
    torch.manual_seed(1)
    width = stack.cells()[0].hidden_size
    sizes = stack.cells()[0].state_sizes
    x = torch.randn(1, steps, 3, dtype=torch.float64)
    start = [torch.randn(1, size, dtype=torch.float64).requires_grad_() for size in sizes]
    _, (state,) = stack(x, (tuple(start),))
    end: Tensor = state[part]
    rows = [torch.autograd.grad(value, start[part], retain_graph=True)[0] for value in end[0]]
    jacobian = torch.cat(rows) - torch.eye(width, dtype=torch.float64)
    moved = (end - start[part]).detach().abs().max()
    return float(moved), float(jacobian.abs().max())
