"""A run gone through again, to see what lay between its input and its output."""

import torch
from torch import Tensor
from torch.nn import functional as F

from zoo.engines import LayerTrace, Map, Product, Recurrence, State


def all_steps(trace: LayerTrace, product: Product, steps: slice = slice(None)) -> tuple[State, State]:
    """Steps of a run side by side, each from the state that it began with, to be differentiated.

    Args:
        trace: The run.
        product: What takes the recurrent products.
        steps: Which steps, all of them by default.

    Returns:
        Each tensor of the state before each step, as leaves, (T, B, width); and what each step made of them:
        its output and each tensor of the new state, likewise.
    """
    before = tuple(part[steps].detach().requires_grad_() for part in trace.before)
    pre = trace.projected[steps]
    with torch.enable_grad(), trace.unmixed():
        rows = tuple(part.flatten(0, 1) for part in before)
        output, new = trace.recurrence.step(pre.flatten(0, 1), rows, product)
        return before, tuple(part.reshape(*pre.shape[:2], part.shape[1]) for part in (output, *new))


def product_of(recurrence: Recurrence, leaves: dict[str, Tensor] | None = None) -> Product:
    """A `product` with constant weights.

    Args:
        recurrence: Whose weights.
        leaves: Takes in the weights (R, H) by gates as they are used, to be differentiated by.
    """
    maps: dict[str, Map] = {}

    def product(gates: str, operand: Tensor) -> Tensor:
        if gates not in maps:
            weight, bias = recurrence.recurrent(gates)
            weight = weight.detach()
            if leaves is not None:
                leaves[gates] = weight.requires_grad_()
            maps[gates] = weight, None if bias is None else bias.detach()
        return F.linear(operand, *maps[gates])

    return product
