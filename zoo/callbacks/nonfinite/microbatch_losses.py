"""The losses that an update is made of, and which of them is to blame where one is not finite."""

import math
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor


@final
@dataclass(frozen=True)
class Culprit:
    """The loss that is not finite.

    Attributes:
        loss: It, or the sum of all losses where it is not one of this process.
        place: Where it was, in words that begin with a blank, or "" where there is only one.
        batch: What it was taken of, or None where that is not known.
        last: Whether it is the last one of this process, whose batch has just run.
    """

    loss: float
    place: str
    batch: Any
    last: bool


@final
class MicrobatchLosses:
    """The losses of this process since the last update, one for each micro-batch, kept on the device.

    Attributes:
        total: Their sum, which is not finite if one of them is not.
        batches: What they were taken of.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begins a new update."""
        self.total: Tensor | float = 0.0
        self.let_go()

    def let_go(self) -> None:
        """Lets go of single losses and batches, which pile up where no callback is told of updates."""
        self._each: list[Tensor] = []
        self.batches: list[Any] = []

    def add(self, loss: Tensor, batch: Any) -> None:
        """Takes in a loss, for which the host does not wait."""
        self._each.append(loss.detach().sum())
        self.batches.append(batch)
        self.total = self.total + self._each[-1]

    def culprit(self, total: float, processes: int) -> Culprit:
        """Which loss it was: the last one if it is bad, for that can be looked at again, else the first.

        Args:
            total: The sum over all processes, which is not finite.
            processes: How many there are.
        """
        # Something is wrong by now, and the host may wait.
        values = [float(loss) for loss in self._each]
        count = len(values)
        bad = [index for index, value in enumerate(values) if not math.isfinite(value)]
        if not bad:
            place = "another process" if processes > 1 else "an earlier batch"
            return Culprit(loss=total, place=f" in {place}", batch=None, last=False)
        index = count - 1 if bad[-1] == count - 1 else bad[0]
        place = f" in micro-batch {index + 1} of {count}" if count > 1 else ""
        return Culprit(values[index], place, self.batches[index], last=index == count - 1)
