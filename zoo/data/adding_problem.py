"""The adding problem: remember two numbers of a long sequence."""

from collections.abc import Callable
from functools import partial
from typing import final

import torch

from zoo.data import DATA
from zoo.data.base import check_counts
from zoo.data.batches.datasets import Batch
from zoo.data.synthetic.made import MadeData


@final
@DATA.register("adding_problem")
class AddingProblem(MadeData):
    r"""Add the two marked numbers of a sequence: the classic test of memory over `length` steps.

    Each step has a value from U(0, 1) and a marker, 0 or 1; one step in each half of the sequence is
    marked, and the target is the sum of the two marked values. The trivial answer, always 1, has a mean
    squared error of :math:`2 \cdot 1/12 = 0.1667`, the variance of the target (`baseline`).
    Batches: `x` (B, T, 2); `y` (B, 1).
    Reference: Hochreiter and Schmidhuber, 1997, as in Arjovsky et al., 2016, https://arxiv.org/abs/1511.06464.

    Args:
        length: Steps T of a sequence.
        batch_size: Sequences of one batch.
        steps_per_epoch: Training batches of one epoch, all of them new.
        val_size: Sequences of the validation set.
        test_size: Sequences of the test set.
        seed: Decides every sequence.
        num_workers: Processes that load batches; 0 loads in the training process.
    """

    def __init__(
        self,
        length: int = 100,
        batch_size: int = 50,
        steps_per_epoch: int = 500,
        val_size: int = 1000,
        test_size: int = 1000,
        seed: int = 0,
        num_workers: int = 0,
    ) -> None:
        super().__init__(batch_size, steps_per_epoch, val_size, test_size, seed, num_workers)
        check_counts(length=length)
        if length < 2:
            raise ValueError(f"length must be at least 2, for a marker in each half, got {length}")
        self.length = length

    @property
    def baseline(self) -> float:
        """Mean squared error of always answering 1."""
        return 1 / 6

    @property
    def sizes(self) -> dict[str, int]:
        return {"input_size": 2, "output_size": 1}

    @property
    def draw(self) -> Callable[[int, torch.Generator], Batch]:
        return partial(draw_sums, self.length)


def draw_sums(length: int, count: int, random: torch.Generator) -> Batch:
    """Makes `x` (count, length, 2) and `y` (count, 1)."""
    half = length // 2
    x = torch.zeros(count, length, 2)
    x[..., 0].uniform_(generator=random)
    rows = torch.arange(count)
    first = torch.randint(half, (count,), generator=random)
    second = torch.randint(half, length, (count,), generator=random)
    x[rows, first, 1] = x[rows, second, 1] = 1
    return {"x": x, "y": (x[rows, first, 0] + x[rows, second, 0])[:, None]}
