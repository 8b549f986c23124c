"""A run gone through again, to see what lay between its input and its output."""

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from zoo.scan import Map, Passage, Product, Recurrence, State, reference


def states_before(passage: Passage) -> tuple[Tensor, ...]:
    """Each tensor of the state before each step, (T, B, width), in the order of reading."""
    began: list[State] = []

    def step(pre: Tensor, state: State, product: Product) -> tuple[Tensor, State]:
        began.append(state)
        return passage.recurrence.step(pre, state, product)

    with torch.no_grad():
        reference.run(replace(passage.recurrence, step=step), passage.sequences)
    if not began:
        return tuple(part.new_zeros(0, *part.shape) for part in passage.sequences.state)
    return tuple(torch.stack(part) for part in zip(*began, strict=True))


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
