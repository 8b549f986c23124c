"""Data that is made, not found: fresh for training in every epoch, fixed for validation and testing."""

from abc import abstractmethod
from collections.abc import Callable
from typing import final

import torch
from torch.utils.data import Sampler

from zoo.data.base import SequenceData, check_counts
from zoo.data.batches.datasets import Batch, FreshSequences, SequenceDataset, TensorSequences
from zoo.data.batches.orders import Fresh, InOrder, generator
from zoo.data.batches.splits import Split


class MadeData(SequenceData):
    """Sequences drawn by chance: no training sequence is ever seen twice.

    Args:
        batch_size: Sequences of one batch.
        steps_per_epoch: Training batches of one epoch.
        val_size: Sequences of the validation set.
        test_size: Sequences of the test set.
        seed: Decides every sequence.
        num_workers: Processes that load batches; 0 loads in the training process.
    """

    no_folds = (
        "its sequences are made, as many as are asked for; expected runs with other seeds (--data.seed)"
    )

    def __init__(
        self,
        batch_size: int,
        steps_per_epoch: int,
        val_size: int,
        test_size: int,
        seed: int,
        num_workers: int,
    ) -> None:
        super().__init__(batch_size, seed, num_workers)
        check_counts(steps_per_epoch=steps_per_epoch, val_size=val_size, test_size=test_size)
        self.steps_per_epoch = steps_per_epoch
        self.val_size = val_size
        self.test_size = test_size

    @property
    @abstractmethod
    def baseline(self) -> float:
        """The loss of the best answer that does not look at the input."""

    @property
    @abstractmethod
    def draw(self) -> Callable[[int, torch.Generator], Batch]:
        """Makes so many sequences with a random generator; processes that load batches get a copy of it."""

    def draw_for(self, split: Split) -> Callable[[int, torch.Generator], Batch]:
        """What makes the sequences of a split, where these are not all alike."""
        return self.draw

    @final
    def load(self, split: Split) -> SequenceDataset:
        draw = self.draw_for(split)
        if split == "train":
            return FreshSequences(draw, self.steps_per_epoch * self.batch_size, self.seed)
        size = self.val_size if split == "val" else self.test_size
        return TensorSequences(draw(size, generator(self.seed, split)))

    @final
    def order(self, split: Split, data: SequenceDataset) -> Sampler[int]:
        return Fresh(self.steps_per_epoch * self.whole_batch) if split == "train" else InOrder(data)
