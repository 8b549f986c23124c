"""Derivatives by complex steps: exact to the last digit or two, for all entries of an array at once.

For a function f of real numbers that is written in operations which complex numbers have too, the slope of f
at a is Im f(a + ih) / h for a tiny h, as nothing is subtracted (Squire and Trapp, 1998,
https://doi.org/10.1137/S003614459631241X). So an oracle takes no absolute values, and writes a complex number
as a pair of reals; comparisons look at the real part first.
"""

from collections.abc import Callable, Sequence

import numpy as np

from oracles.arrays import Array

STEP = 1e-30


class Slopes:
    """The derivative of a function whose results are vectors.

    Args:
        function: Takes arrays like `at`, each of which may have a further axis in front.
        at: Where the derivative is taken.
    """

    def __init__(self, function: Callable[..., Sequence[Array]], at: Sequence[Array]) -> None:
        self.shapes = [array.shape for array in at]
        self.jacobians = []
        for place, array in enumerate(at):
            moved = array + 1j * STEP * np.eye(array.size).reshape(array.size, *array.shape)
            results = function(*at[:place], moved, *at[place + 1 :])
            parts = [np.broadcast_to(part.imag, (array.size, part.shape[-1])) for part in results]
            self.jacobians.append(np.concatenate(parts, axis=1) / STEP)

    def back(self, gradients: Sequence[Array]) -> list[Array]:
        """The gradients of the arguments, given one for each result."""
        joined = np.concatenate(gradients)
        return [
            (jacobian @ joined).reshape(shape)
            for jacobian, shape in zip(self.jacobians, self.shapes, strict=True)
        ]
