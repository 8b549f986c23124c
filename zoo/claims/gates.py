"""Gates that are held open or shut, and what a state does then."""

import torch
from torch import Tensor

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
