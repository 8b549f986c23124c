"""The width at which a stack has so many parameters."""

from dataclasses import replace
from math import lcm

import torch

from zoo.stack.spec import StackSpec

WIDEST = 2**17


def width_for(spec: StackSpec, input_size: int, params: int) -> int:
    """The width of all layers at which the number of parameters comes nearest to `params`.

    Raises:
        ValueError: even the narrowest stack has more than twice as many.
    """
    step = lcm(*(cell.width_step for cell in spec.cells))

    def count(steps: int) -> int:
        with torch.device("meta"):
            stack = replace(spec, params=None, hidden_size=steps * step).build(input_size)
        return sum(parameter.numel() for parameter in stack.parameters())

    low, high = 1, 2
    while count(high) < params and high * step < WIDEST:
        low, high = high, 2 * high
    while high - low > 1:  # the number grows with the width
        middle = (low + high) // 2
        low, high = (middle, high) if count(middle) < params else (low, middle)
    best = min((low, high), key=lambda steps: abs(count(steps) - params))
    least = count(best)
    if least > 2 * params:
        raise ValueError(
            f"params is {params}, and the narrowest stack has {least}; expected at least {least}, fewer "
            f"layers or smaller inputs"
        )
    return best * step
