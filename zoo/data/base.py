"""What all data modules share: splits loaded when they are needed, whole batches, orders that reproduce."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, ClassVar

import torch
from lightning.pytorch import LightningDataModule, Trainer
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from zoo.data.batches.datasets import Batch, SequenceDataset
from zoo.data.batches.given import given_arrays
from zoo.data.batches.loader import ResumableLoader, as_it_is
from zoo.data.batches.orders import InOrder, Shuffled
from zoo.data.batches.shares import Share, SharedBatches, SharedItems
from zoo.data.batches.splits import Split
from zoo.registry import nearest

SPLITS_OF_STAGE: dict[str | None, tuple[Split, ...]] = {
    None: ("train", "val"),
    "fit": ("train", "val"),
    "validate": ("val",),
    "test": ("test",),
    "predict": ("predict",),
}
Record = dict[str, Any]
"""What a user reads of one item: numbers, words and lists of them by name."""

MOST_WORKERS = 512
"""Processes that load data; a machine that is asked for many more than it has cores comes to a halt."""
SERVED = "SequenceDataset of zoo.data.batches.datasets, such as TensorSequences({'x': x, 'y': y})"


def check_counts(**values: int) -> None:
    """Refuses arguments below 1.

    Raises:
        ValueError: names the argument.
    """
    for name, value in values.items():
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")


def check_option(name: str, value: str, options: tuple[str, ...]) -> None:
    """Refuses a word that is not among the options.

    Raises:
        ValueError: names the argument, the options and the nearest of them.
    """
    if value not in options:
        known = ", ".join(map(repr, options))
        raise ValueError(f"{name} must be one of {known}, got {value!r}{nearest(value, options)}")


class SequenceData(LightningDataModule, ABC):
    """A source of sequences; a subclass says how to load a split and what sizes a model must have.

    A batch is a dict of tensors: `x` (B, T, I) or, for tokens, (B, T); `y`; `lengths` (B,) if they differ.
    Outside of Lightning, call `loader.sampler.set_epoch(epoch)` before each pass over the training data.

    Args:
        batch_size: Sequences of one batch.
        seed: Decides splits and shuffles.
        num_workers: Processes that load batches; 0 loads in the training process.

    Attributes:
        no_folds: Why there are none, of data without the options `folds` and `fold`, and what to do instead.
    """

    no_folds: ClassVar[str] = "it does not divide its items; expected data with the options folds and fold"

    def __init__(self, batch_size: int, seed: int = 0, num_workers: int = 0) -> None:
        super().__init__()
        check_counts(batch_size=batch_size)
        if seed < 0 or num_workers < 0:
            raise ValueError(f"seed and num_workers must not be negative, got {seed} and {num_workers}")
        if num_workers > MOST_WORKERS:
            raise ValueError(
                f"num_workers is {num_workers}; expected at most {MOST_WORKERS}, for each is a process"
            )
        self.batch_size = batch_size
        self.seed = seed
        self.num_workers = num_workers
        self._datasets: dict[Split, Dataset[Batch]] = {}

    @property
    @abstractmethod
    def sizes(self) -> dict[str, int]:
        """What a model is sized by, after `setup`: input_size, vocab_size, num_classes, output_size."""

    @abstractmethod
    def load(self, split: Split) -> Dataset[Batch]:
        """Reads or makes the split "train", "val" or "test"; called once for each."""

    def load_predict(self) -> Dataset[Batch]:
        """What `predict` runs on: the test set, unless a subclass takes other data."""
        return self.dataset("test")

    @property
    def legend(self) -> dict[str, Any]:
        """Words for the numbers of a batch, such as `labels`, after `setup` or from a checkpoint."""
        return {}

    def in_units(self, numbers: Tensor) -> Tensor:
        """Numbers that are predicted of sequences, true or said (N, O), in the units of the data."""
        return numbers

    def said(self, record: Record) -> Record:
        """What a task says of an item, in the units of the data."""
        said = record.get("prediction")
        if not isinstance(said, float):
            return record
        return {**record, "prediction": float(self.in_units(torch.tensor([[said]], dtype=torch.double)))}

    def rows(self, records: Iterable[Record]) -> Iterator[Record]:
        """What a user reads of the predictions: what is said of each item, beside what identifies it.

        Args:
            records: Of the items that `predict` runs on, in their order.
        """
        for number, record in enumerate(records):
            yield {"item": number, **record}

    def by_step(self, row: Record) -> Iterator[Record]:
        """One of `rows` as rows without lists, one for each step where it has values for steps."""
        yield row

    def given(self, items: Sequence[Any]) -> SequenceDataset:
        """Items of a user's own, as batches for a model that was trained on this data.

        Args:
            items: Here arrays (T, I) of features; a subclass takes what it is made of, such as texts.

        Raises:
            ValueError: they are something else.
        """
        width = self.sizes.get("input_size")
        if width is None:
            raise ValueError(f"{type(self).__name__} does not take items of a user's own")
        return given_arrays(items, width)

    @property
    def tests_early(self) -> bool:
        """Whether test data is read before training, for labels that training data does not have."""
        return False

    def setup(self, stage: str | None = None) -> None:
        """Loads what `stage` needs: "fit", "validate", "test" or "predict"; None is "fit".

        Raises:
            ValueError: a file is malformed, or has a label that training data does not have; names the line.
        """
        for split in SPLITS_OF_STAGE[stage]:
            self.dataset(split)
        if stage == "fit" and self.tests_early:
            with suppress(FileNotFoundError):  # there need not be any
                self.dataset("test")

    def dataset(self, split: Split) -> Dataset[Batch]:
        """The data set of a split, loaded at the first call."""
        if split not in self._datasets:
            loaded: object = self.load_predict() if split == "predict" else self.load(split)
            if not isinstance(loaded, Dataset):
                raise self.unexpected(split, loaded)
            self._datasets[split] = loaded
        return self._datasets[split]

    def unexpected(self, split: Split, loaded: object, expected: str = SERVED) -> ValueError:
        """The error of a subclass whose `load` has returned something else than `expected`."""
        method = "load_predict()" if split == "predict" else f"load({split!r})"
        got = type(loaded).__name__
        return ValueError(
            f"{type(self).__name__}.{method} returned an object of type {got}, expected {expected}"
        )

    @property
    def whole_batch(self) -> int:
        """Items of one batch of all processes together, of which each has `batch_size`."""
        return self.batch_size * (1 if self.trainer is None else self.trainer.world_size)

    def order(self, split: Split, data: SequenceDataset) -> Sampler[int]:
        """The order in which the items of a split are drawn."""
        return Shuffled(len(data), self.seed) if split == "train" else InOrder(data)

    def loader(self, split: Split) -> ResumableLoader:
        """A new loader over a split."""
        data = self.dataset(split)
        if not isinstance(data, SequenceDataset):
            raise self.unexpected(split, data)
        order, trainer = self.order(split, data), self.trainer
        if trainer is None or trainer.world_size == 1 or (split in ("train", "val") and _overfits(trainer)):
            return self.loader_over(data, order, self.batch_size)
        share = Share(rank=trainer.global_rank, ranks=trainer.world_size)
        return self.loader_over(
            SharedItems(data, share), SharedBatches(order, self.whole_batch, share), batch_size=None
        )

    def loader_over(
        self, data: Dataset[Batch], order: Sampler[Any], batch_size: int | None
    ) -> ResumableLoader:
        """A new loader over any data set of whole batches.

        Args:
            data: The data set.
            order: The order of its items, or of what stands for a batch.
            batch_size: Items of one batch; None if each item is a batch.
        """
        on_gpu = self.trainer is not None and self.trainer.strategy.root_device.type == "cuda"
        return ResumableLoader(
            data,
            batch_size=batch_size,
            sampler=order,
            collate_fn=as_it_is,
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            pin_memory=on_gpu,
        )

    def train_dataloader(self) -> ResumableLoader:
        return self.loader("train")

    def val_dataloader(self) -> ResumableLoader:
        return self.loader("val")

    def test_dataloader(self) -> ResumableLoader:
        return self.loader("test")

    def predict_dataloader(self) -> ResumableLoader:
        return self.loader("predict")


def _overfits(trainer: Trainer) -> bool:
    """Whether a few batches are taken again and again, for which Lightning has an order of its own."""
    return bool(trainer.overfit_batches)  # type: ignore[attr-defined]  # set by one of its connectors
