"""Counting: as many b's as there were a's."""

import math
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, final

import torch
import torch.nn.functional as F

from zoo.data import DATA
from zoo.data.base import check_counts
from zoo.data.batches.datasets import IGNORED, Batch
from zoo.data.batches.splits import Split
from zoo.data.synthetic.made import MadeData

NEXT = ("a or b", "b", "end")
"""What may come next."""


@final
@DATA.register("counting")
class Counting(MadeData):
    r"""Say after each step of a^n b^n what may come next: the simplest language that asks for counting.

    n is from 1 to `most`, each as likely. After an a, another a or a b may come (class 0); after a b that has
    not closed, b (1); after the last b, the end (2): the sets of next symbols by which Gers & Schmidhuber
    judge, as a class, which a classifier of steps can train. Whoever does not look, but counts steps, has the
    loss `baseline`. Larger n in testing (`test_most`) show whether a model counts beyond what it was trained
    on.
    Batches: `x` (B, T, 2), one-hot: a, b, and 0 beyond the end; `y` (B, T), the class, -100 beyond the end;
    `lengths` (B,), 2n.
    Reference: Gers & Schmidhuber, 2001, https://doi.org/10.1109/72.963769; Weiss et al., 2018,
    https://arxiv.org/abs/1805.04908.

    Args:
        most: Greatest n in training and validation.
        test_most: Greatest n in testing; by default as in training.
        batch_size: Sequences of one batch.
        steps_per_epoch: Training batches of one epoch, all of them new.
        val_size: Sequences of the validation set.
        test_size: Sequences of the test set.
        seed: Decides every sequence.
        num_workers: Processes that load batches; 0 loads in the training process.
    """

    def __init__(
        self,
        most: int = 20,
        test_most: int | None = None,
        batch_size: int = 50,
        steps_per_epoch: int = 500,
        val_size: int = 1000,
        test_size: int = 1000,
        seed: int = 0,
        num_workers: int = 0,
    ) -> None:
        super().__init__(batch_size, steps_per_epoch, val_size, test_size, seed, num_workers)
        self.most, self.test_most = most, most if test_most is None else test_most
        check_counts(most=most, test_most=self.test_most)

    @property
    def baseline(self) -> float:
        """Cross-entropy of the best answer that knows the step and not the symbols, in nats, in training."""
        seen = [Counter(_class(t, n) for n in range(1, self.most + 1)) for t in range(2 * self.most)]
        counts = [[count[k] for k in range(len(NEXT))] for count in seen]
        nats = sum(c * math.log(sum(count) / c) for count in counts for c in count if c)
        return nats / sum(map(sum, counts))

    @property
    def sizes(self) -> dict[str, int]:
        return {"input_size": 2, "num_classes": len(NEXT)}

    @property
    def legend(self) -> dict[str, Any]:
        return {"labels": list(NEXT)}

    @property
    def draw(self) -> Callable[[int, torch.Generator], Batch]:
        return self.draw_for("train")

    def draw_for(self, split: Split) -> Callable[[int, torch.Generator], Batch]:
        return partial(draw_counts, self.most if split in ("train", "val") else self.test_most)


def draw_counts(most: int, count: int, random: torch.Generator) -> Batch:
    """Makes `x` (count, T, 2), `y` (count, T) and `lengths` (count,)."""
    n = torch.randint(1, most + 1, (count,), generator=random)[:, None]
    t = torch.arange(2 * int(n.max()))
    is_b, beyond = t >= n, t >= 2 * n
    y = is_b.long() + (t == 2 * n - 1)
    x = F.one_hot(is_b.long(), 2).float().masked_fill(beyond.unsqueeze(-1), 0)
    return {"x": x, "y": y.masked_fill(beyond, IGNORED), "lengths": 2 * n[:, 0]}


def _class(t: int, n: int) -> int | None:
    """The class of step t, from 0, of a^n b^n; None beyond its end."""
    return None if t >= 2 * n else 0 if t < n else 1 if t < 2 * n - 1 else 2
