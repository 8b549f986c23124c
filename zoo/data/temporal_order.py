"""Temporal order: remember which of two signals came first."""

import math
from collections.abc import Callable
from functools import partial
from typing import final

import torch
import torch.nn.functional as F

from zoo.data import DATA
from zoo.data.batches.datasets import Batch
from zoo.data.synthetic.made import MadeData

BEGIN, END, DISTRACTORS = 0, 1, (2, 3, 4, 5)
SIGNALS = (6, 7)
SYMBOLS = 8


@final
@DATA.register("temporal_order")
class TemporalOrder(MadeData):
    r"""Tell in which order two signals came, X or Y each, long before the end and amid distractors.

    A sequence of T steps begins with E and ends with B; between are the distractors a, b, c and d by chance,
    but for a signal, X or Y, in the second tenth, and another in the sixth. There are four classes: XX, XY,
    YX, YY. With T = 100 the signals stand where Hochreiter & Schmidhuber have them, in steps 10 to 20 and 50
    to 60; they draw T from 100 to 110. Whoever does not look has a loss of ln 4 (`baseline`).
    Batches: `x` (B, T, 8), one-hot: E, B, a, b, c, d, X, Y; `y` (B,), the class.
    Reference: Hochreiter & Schmidhuber, 1997, https://doi.org/10.1162/neco.1997.9.8.1735, task 6a; for other
    T as in Pascanu et al., 2013, https://arxiv.org/abs/1211.5063.

    Args:
        length: Steps T of a sequence, from 10.
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
        if length < 10:
            raise ValueError(f"length must be at least 10, a step for each tenth, got {length}")
        self.length = length

    @property
    def baseline(self) -> float:
        """Cross-entropy of a guess among the four classes, in nats."""
        return math.log(4)

    @property
    def sizes(self) -> dict[str, int]:
        return {"input_size": SYMBOLS, "num_classes": 4}

    @property
    def legend(self) -> dict[str, list[str]]:
        return {"labels": ["XX", "XY", "YX", "YY"]}

    @property
    def draw(self) -> Callable[[int, torch.Generator], Batch]:
        return partial(draw_orders, self.length)


def draw_orders(length: int, count: int, random: torch.Generator) -> Batch:
    """Makes `x` (count, length, 8) and `y` (count,)."""
    x = torch.randint(DISTRACTORS[0], DISTRACTORS[-1] + 1, (count, length), generator=random)
    x[:, 0], x[:, -1] = BEGIN, END
    rows, tenth = torch.arange(count), length / 10
    signals = torch.randint(2, (count, 2), generator=random)
    for k, (first, last) in enumerate(((tenth, 2 * tenth), (5 * tenth, 6 * tenth))):
        places = torch.randint(math.ceil(first), math.ceil(last), (count,), generator=random)
        x[rows, places] = SIGNALS[0] + signals[:, k]
    return {"x": F.one_hot(x, SYMBOLS).float(), "y": 2 * signals[:, 0] + signals[:, 1]}
