"""Recall at a distance: the first word of a sequence, asked for at its end."""

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


@final
@DATA.register("distant_recall")
class DistantRecall(MadeData):
    r"""Say again after `distance` other words what was first: she tried to print her *tickets* ... her ...

    A sequence is a word to recall, one of `symbols`, then `distance` - 1 distractors, others of as many by
    chance, and a sign that asks for it: `distance` steps lie between the word and the question. What lies
    between tells nothing, so whoever has forgotten has a loss of the logarithm of `symbols` (`baseline`).
    Batches: `x` (B, distance + 1, 2 symbols + 1), one-hot: words to recall, distractors, the question; `y`
    (B,), the word.
    Reference: the long time lags without local regularities of Hochreiter & Schmidhuber, 1997,
    https://doi.org/10.1162/neco.1997.9.8.1735, task 2c, with a word out of several instead of two.

    Args:
        distance: Steps from the word to the question.
        symbols: Words that there are to recall.
        batch_size: Sequences of one batch.
        steps_per_epoch: Training batches of one epoch, all of them new.
        val_size: Sequences of the validation set.
        test_size: Sequences of the test set.
        seed: Decides every sequence.
        num_workers: Processes that load batches; 0 loads in the training process.
    """

    def __init__(
        self,
        distance: int = 50,
        symbols: int = 8,
        batch_size: int = 50,
        steps_per_epoch: int = 500,
        val_size: int = 1000,
        test_size: int = 1000,
        seed: int = 0,
        num_workers: int = 0,
    ) -> None:
        super().__init__(batch_size, steps_per_epoch, val_size, test_size, seed, num_workers)
        check_counts(distance=distance)
        if symbols < 2:
            raise ValueError(f"symbols must be at least 2, for there is to be a choice, got {symbols}")
        self.distance, self.symbols = distance, symbols

    @property
    def baseline(self) -> float:
        """Cross-entropy of a guess among the words, in nats."""
        return math.log(self.symbols)

    @property
    def sizes(self) -> dict[str, int]:
        return {"input_size": 2 * self.symbols + 1, "num_classes": self.symbols}

    @property
    def draw(self) -> Callable[[int, torch.Generator], Batch]:
        return partial(draw_recalls, self.distance, self.symbols)


def draw_recalls(distance: int, symbols: int, count: int, random: torch.Generator) -> Batch:
    """Makes `x` (count, distance + 1, 2 symbols + 1) and `y` (count,)."""
    x = torch.randint(symbols, 2 * symbols, (count, distance + 1), generator=random)
    x[:, 0] = torch.randint(symbols, (count,), generator=random)
    x[:, -1] = 2 * symbols
    return {"x": F.one_hot(x, 2 * symbols + 1).float(), "y": x[:, 0].clone()}
