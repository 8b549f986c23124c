"""Dyck languages: brackets that are opened and closed in order."""

import math
from collections.abc import Callable
from functools import cache, partial
from typing import final

import torch
import torch.nn.functional as F

from zoo.data import DATA
from zoo.data.base import check_counts
from zoo.data.batches.datasets import Batch
from zoo.data.batches.splits import Split
from zoo.data.synthetic.made import MadeData


@final
@DATA.register("dyck")
class Dyck(MadeData):
    r"""Say after each bracket which one may be closed next: counting for one kind, a stack for several.

    Each sequence is drawn from all balanced sequences of `length` brackets of `pairs` kinds, each as likely.
    The class of a step is 0 where all brackets are closed, else the kind of the innermost open one. That is
    all there is to know of what may come next (any bracket may be opened, one kind at most closed): the sets
    of next symbols by which Suzgun et al. and Gers & Schmidhuber judge, as a class, which a classifier of
    steps can train. Whoever does not look, but counts steps, has the loss `baseline`. Longer test sequences
    (`test_length`) show whether a model counts, or has a stack, beyond what it was trained on.
    Batches: `x` (B, T, 2 pairs), one-hot: opening brackets, then closing ones; `y` (B, T), the class.
    Reference: Suzgun et al., 2019, https://arxiv.org/abs/1906.03648 (one hidden unit of an LSTM is enough for
    one kind; sequences there are of a probabilistic grammar, and of many lengths).

    Args:
        pairs: Kinds of brackets: 1 is Dyck-1, 2 is Dyck-2.
        length: Brackets of a sequence, an even number.
        test_length: The same for testing; by default as for training.
        batch_size: Sequences of one batch.
        steps_per_epoch: Training batches of one epoch, all of them new.
        val_size: Sequences of the validation set.
        test_size: Sequences of the test set.
        seed: Decides every sequence.
        num_workers: Processes that load batches; 0 loads in the training process.
    """

    def __init__(
        self,
        pairs: int = 1,
        length: int = 50,
        test_length: int | None = None,
        batch_size: int = 50,
        steps_per_epoch: int = 500,
        val_size: int = 1000,
        test_size: int = 1000,
        seed: int = 0,
        num_workers: int = 0,
    ) -> None:
        super().__init__(batch_size, steps_per_epoch, val_size, test_size, seed, num_workers)
        check_counts(pairs=pairs)
        self.pairs, self.length = pairs, length
        self.test_length = length if test_length is None else test_length
        for name, value in (("length", length), ("test_length", self.test_length)):
            if value < 2 or value % 2:
                raise ValueError(f"{name} is {value}; expected an even number, for each bracket is closed")

    @property
    def baseline(self) -> float:
        """Cross-entropy of the best answer that knows the step and not the brackets, in nats, in training.

        At depth 0 after t of T steps is the share p_t of all sequences; else each kind is as likely.
        """
        steps = range(1, self.length + 1)
        shares = [_ways(t, 0) * _ways(self.length - t, 0) / _ways(self.length, 0) for t in steps]
        return sum(_entropy(share) + (1 - share) * math.log(self.pairs) for share in shares) / self.length

    @property
    def sizes(self) -> dict[str, int]:
        return {"input_size": 2 * self.pairs, "num_classes": self.pairs + 1}

    @property
    def draw(self) -> Callable[[int, torch.Generator], Batch]:
        return self.draw_for("train")

    def draw_for(self, split: Split) -> Callable[[int, torch.Generator], Batch]:
        length = self.length if split in ("train", "val") else self.test_length
        return partial(draw_brackets, length, self.pairs)


def draw_brackets(length: int, pairs: int, count: int, random: torch.Generator) -> Batch:
    """Makes `x` (count, length, 2 pairs) and `y` (count, length)."""
    x, y = torch.empty(count, length, dtype=torch.long), torch.empty(count, length, dtype=torch.long)
    stack = torch.zeros(count, length // 2 + 2, dtype=torch.long)
    depth, rows = torch.zeros(count, dtype=torch.long), torch.arange(count)
    kinds = torch.randint(1, pairs + 1, (count, length), generator=random)
    chance = torch.rand(count, length, generator=random, dtype=torch.float64)
    for t, opening in enumerate(_openings(length)):
        opens = chance[:, t] < opening[depth]
        innermost = stack[rows, depth]
        x[:, t] = torch.where(opens, kinds[:, t] - 1, pairs + innermost - 1)
        depth = depth + torch.where(opens, 1, -1)
        stack[rows, depth] = torch.where(opens, kinds[:, t], stack[rows, depth])
        y[:, t] = stack[rows, depth]
    return {"x": F.one_hot(x, 2 * pairs).float(), "y": y}


@cache
def _openings(length: int) -> list[torch.Tensor]:
    """For each step the share of balanced sequences that open a bracket, by the depth before it."""
    table: list[torch.Tensor] = []
    for left in range(length, 0, -1):
        shares = [
            _ways(left - 1, depth + 1) / _ways(left, depth) if _ways(left, depth) else 0.0
            for depth in range(length // 2 + 1)
        ]
        table.append(torch.tensor(shares, dtype=torch.float64))
    return table


@cache
def _ways(left: int, depth: int) -> int:
    """How many ways there are to close `depth` brackets in `left` steps, with one kind: a ballot number."""
    if depth > left or (left - depth) % 2:
        return 0
    closing = (left + depth) // 2
    return math.comb(left, closing) - math.comb(left, closing + 1)


def _entropy(share: float) -> float:
    return -sum(p * math.log(p) for p in (share, 1 - share) if p > 0)
