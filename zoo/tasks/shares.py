"""The loss of a batch that several processes share: the mean over what all of them count.

A mean over the tokens of one process, averaged over the processes, would count a token more where there are
few of them.
"""

from typing import NamedTuple, final

import torch
from torch import Tensor
from torch.distributed import ReduceOp, all_reduce

from zoo.processes import gathered


@final
class Mean(NamedTuple):
    """A mean, and what it is over.

    Attributes:
        value: What a process has; anything where nothing is counted.
        over: How many predictions, or the sum of their weights.
    """

    value: Tensor
    over: Tensor | int


def shared_mean(mean: Mean, processes: int) -> tuple[Tensor, Tensor]:
    """What a process goes back from, and the mean over all processes, without a gradient.

    The first is such that its gradients, averaged over the processes as data parallelism does, are those of
    the second. All processes must ask.

    Args:
        mean: Of this process.
        processes: How many there are.
    """
    value = mean.value
    if processes == 1:
        return value, value.detach()
    over = torch.as_tensor(mean.over, device=value.device).double()
    counted = value.where(over > 0, 0)  # the mean over nothing is not a number
    sums = torch.stack([counted.detach() * over, over])
    all_reduce(sums, ReduceOp.SUM)
    whole = sums[1].where(sums[1] > 0, 1)
    return counted * (processes * over / whole).to(value), (sums[0] / whole).to(value)


def summed(own: Tensor, processes: int) -> Tensor:
    """The sum over so many processes, all of which must ask, where each has its own tensor on the CPU."""
    return torch.stack(gathered(own, processes)).sum(0)
