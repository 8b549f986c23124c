"""The gradient norms that a training has met."""

import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable
from typing import final


@final
class NormHistory:
    """Finite gradient norms in the order in which they came, of which percentiles are cheap.

    Args:
        bound: Keep the last so many; None keeps all.
        norms: Those met so far.
    """

    def __init__(self, bound: int | None = None, norms: Iterable[float] = ()) -> None:
        self.norms = deque(norms, maxlen=bound)
        self._sorted = sorted(self.norms)

    def add(self, norm: float) -> None:
        """Appends one and forgets the oldest where there is no more room."""
        # Before the append, at which the deque drops the oldest by itself.
        if len(self.norms) == self.norms.maxlen:
            del self._sorted[bisect_left(self._sorted, self.norms[0])]
        self.norms.append(norm)
        insort(self._sorted, norm)

    def percentile(self, percentile: float) -> float:
        """The value under which so many percent lie, interpolated linearly between the two nearest."""
        position = (len(self._sorted) - 1) * percentile / 100
        low, high = self._sorted[math.floor(position)], self._sorted[math.ceil(position)]
        return low + (high - low) * (position - math.floor(position))
