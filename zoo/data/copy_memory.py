"""Copy memory: repeat what was read long ago."""

import math
from collections.abc import Callable
from functools import partial
from typing import final

import torch
import torch.nn.functional as F

from zoo.data import DATA
from zoo.data.base import check_counts
from zoo.data.batches.datasets import Batch
from zoo.data.synthetic.made import MadeData

SYMBOLS = 8
COPIED = 10
BLANK = 0
RECALL = SYMBOLS + 1


@final
@DATA.register("copy_memory")
class CopyMemory(MadeData):
    r"""Repeat ten symbols after `length` blanks: memory over a gap, with nothing to help on the way.

    A sequence has T + 20 steps: 10 symbols out of 8, T - 1 blanks, the sign to recall, and 10 blanks. The
    targets are T + 10 blanks, then the 10 symbols. The loss is the mean over all steps, so that the best
    answer without memory (blanks, then a guess among 8) has the loss
    :math:`10 \ln 8 / (T + 20)` (`baseline`; 0.1733 for T = 100).
    Batches: `x` (B, T + 20, 10), one-hot: blank, 8 symbols, sign to recall; `y` (B, T + 20) with a class at
    each step: blank or one of 8 symbols.
    Reference: Arjovsky et al., 2016, https://arxiv.org/abs/1511.06464, section 4.1.

    Args:
        length: Steps T from the last symbol to the first one to recall.
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
        self.length = length

    @property
    def baseline(self) -> float:
        """Cross-entropy per step of the best answer without memory, in nats."""
        return COPIED * math.log(SYMBOLS) / (self.length + 2 * COPIED)

    @property
    def sizes(self) -> dict[str, int]:
        return {"input_size": SYMBOLS + 2, "num_classes": SYMBOLS + 1}

    @property
    def draw(self) -> Callable[[int, torch.Generator], Batch]:
        return partial(draw_copies, self.length)


def draw_copies(length: int, count: int, random: torch.Generator) -> Batch:
    """Makes `x` (count, length + 20, 10) and `y` (count, length + 20)."""
    symbols = torch.randint(1, SYMBOLS + 1, (count, COPIED), generator=random)
    x = torch.full((count, length + 2 * COPIED), BLANK)
    y = torch.full_like(x, BLANK)
    x[:, :COPIED] = y[:, -COPIED:] = symbols
    x[:, -COPIED - 1] = RECALL
    return {"x": F.one_hot(x, SYMBOLS + 2).float(), "y": y}
