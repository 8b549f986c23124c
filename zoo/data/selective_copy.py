"""Selective copying: repeat the symbols of a sequence and leave its blanks out."""

import math
from collections.abc import Callable
from functools import partial
from typing import final

import torch
import torch.nn.functional as F

from zoo.data import DATA
from zoo.data.base import check_counts
from zoo.data.batches.datasets import IGNORED, Batch
from zoo.data.synthetic.made import MadeData


@final
@DATA.register("selective_copy")
class SelectiveCopy(MadeData):
    r"""Repeat `copied` symbols that stand among blanks: to remember, and to choose what to remember.

    Of `length` steps, `copied` by chance hold a symbol out of `symbols`, the others a blank; then `copied`
    signs ask for the symbols, one after the other and in their order. Where in the sequence they stood
    differs each time, which is what copy_memory does not ask. Only the answers count; whoever has forgotten
    has a loss of the logarithm of `symbols` in each (`baseline`).
    Batches: `x` (B, length + copied, symbols + 2), one-hot: blank, symbols, sign; `y` (B, length + copied),
    -100 and then the symbols, from 0.
    Reference: Gu & Dao, 2023, https://arxiv.org/abs/2312.00752 (length 4096, 16 copied of 16); after Jing et
    al., 2019, https://arxiv.org/abs/1706.02761.

    Args:
        length: Steps in which the symbols stand.
        copied: Symbols to repeat.
        symbols: Symbols there are.
        batch_size: Sequences of one batch.
        steps_per_epoch: Training batches of one epoch, all of them new.
        val_size: Sequences of the validation set.
        test_size: Sequences of the test set.
        seed: Decides every sequence.
        num_workers: Processes that load batches; 0 loads in the training process.
    """

    def __init__(
        self,
        length: int = 64,
        copied: int = 8,
        symbols: int = 16,
        batch_size: int = 64,
        steps_per_epoch: int = 500,
        val_size: int = 1000,
        test_size: int = 1000,
        seed: int = 0,
        num_workers: int = 0,
    ) -> None:
        super().__init__(batch_size, steps_per_epoch, val_size, test_size, seed, num_workers)
        check_counts(copied=copied)
        if symbols < 2:
            raise ValueError(f"symbols must be at least 2, for there is to be a choice, got {symbols}")
        if length < copied:
            raise ValueError(f"length is {length} and copied is {copied}; expected a step for each symbol")
        self.length, self.copied, self.symbols = length, copied, symbols

    @property
    def baseline(self) -> float:
        """Cross-entropy of a guess among the symbols, in nats for each answer."""
        return math.log(self.symbols)

    @property
    def sizes(self) -> dict[str, int]:
        return {"input_size": self.symbols + 2, "num_classes": self.symbols}

    @property
    def draw(self) -> Callable[[int, torch.Generator], Batch]:
        return partial(draw_scattered, self.length, self.copied, self.symbols)


def draw_scattered(length: int, copied: int, symbols: int, count: int, random: torch.Generator) -> Batch:
    """Makes `x` (count, length + copied, symbols + 2) and `y` (count, length + copied)."""
    places = torch.rand(count, length, generator=random).argsort(1)[:, :copied].sort(1).values
    chosen = torch.randint(symbols, (count, copied), generator=random)
    x = torch.zeros(count, length + copied, dtype=torch.long)
    x.scatter_(1, places, chosen + 1)
    x[:, length:] = symbols + 1
    y = torch.full_like(x, IGNORED)
    y[:, length:] = chosen
    return {"x": F.one_hot(x, symbols + 2).float(), "y": y}
