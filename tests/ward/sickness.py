"""What can be wrong with the data of a patient, or with its weights, that no recipe says."""

from collections.abc import Callable, Sequence

import torch
from torch.nn import functional
from torch.utils.data import Dataset

from zoo.data.base import SequenceData
from zoo.data.batches.datasets import Batch, SequenceDataset
from zoo.data.batches.splits import Split
from zoo.tasks.base import Task


class Changed(SequenceDataset):
    """The sequences of some data sets, each batch of them changed."""

    def __init__(self, parts: Sequence[SequenceDataset], change: Callable[[Batch, Sequence[int]], Batch]):
        self.parts, self.change = parts, change

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        if len(self.parts) == 1:
            return self.change(self.parts[0].__getitems__(indices), indices)
        first, second = self.parts
        both = [first.__getitems__(range(len(first))), second.__getitems__(range(len(second)))]
        chosen = torch.as_tensor(indices)
        return {name: torch.cat([part[name] for part in both])[chosen] for name in both[0]}


class Sick(SequenceData):
    """Data with something wrong with all of it, or with its training data alone."""

    def __init__(self, data: SequenceData, illness: str) -> None:
        super().__init__(data.batch_size, data.seed)
        self.inner, self.illness = data, illness

    @property
    def sizes(self) -> dict[str, int]:
        return self.inner.sizes

    def load(self, split: Split) -> Dataset[Batch]:
        whole = self.inner.dataset(split)
        assert isinstance(whole, SequenceDataset)
        if self.illness == "leak" and split == "train":
            return Changed([whole, self.inner.dataset("val")], lambda batch, _: batch)
        return Changed([whole], CHANGES[self.illness] if self.illness != "leak" else lambda batch, _: batch)

    def order(self, split, data):
        return self.inner.order(split, data)


def _nan(batch: Batch, indices: Sequence[int]) -> Batch:
    """Row 17 has a NaN in its step 3 and column 1."""
    x = batch["x"].clone()
    x[[index == 17 for index in indices], 3, 1] = torch.nan
    return {**batch, "x": x}


def _target_nan(batch: Batch, indices: Sequence[int]) -> Batch:
    y = batch["y"].clone()
    y[[index % 100 == 5 for index in indices]] = torch.nan
    return {**batch, "y": y}


def _one_class(batch: Batch, indices: Sequence[int]) -> Batch:
    kept = torch.as_tensor([index % 50 == 0 for index in indices])
    return {**batch, "y": torch.where(kept, batch["y"], 1)}


CHANGES: dict[str, Callable[[Batch, Sequence[int]], Batch]] = {
    "nan": _nan,
    "target nan": _target_nan,
    "one class": _one_class,
    "x1000": lambda batch, _: {**batch, "x": batch["x"] * 1000},
    "x0.0001": lambda batch, _: {**batch, "x": batch["x"] * 1e-4},
    "+100": lambda batch, _: {**batch, "x": batch["x"] + 100},
    "constant": lambda batch, _: {**batch, "x": torch.ones_like(batch["x"])},
    "blank": lambda batch, _: {**batch, "x": functional.pad(batch["x"], (0, 0, 12, 0))},
    "y x1000 +100": lambda batch, _: {**batch, "y": batch["y"] * 1000 + 100},
    "y x1000": lambda batch, _: {**batch, "y": batch["y"] * 1000},
    "y +100": lambda batch, _: {**batch, "y": batch["y"] + 100},
}


def _recurrent(factor: float) -> Callable[[Task], None]:
    def scale(task: Task) -> None:
        for cell in task.model.encoder.cells():
            cell.weight_hh.mul_(factor)

    return scale


def _identity(task: Task) -> None:
    for cell in task.model.encoder.cells():
        torch.nn.init.eye_(cell.weight_hh)
        cell.bias.zero_()


def _zero(task: Task) -> None:
    for parameter in task.parameters():
        parameter.zero_()


def _dead(task: Task) -> None:
    for cell in task.model.encoder.cells():
        cell.bias.fill_(-10.0)


HURTS: dict[str, Callable[[Task], None]] = {
    "gain 0.5": _recurrent(0.5),
    "gain 0.2": _recurrent(0.2),
    "gain 1.5": _recurrent(1.5),
    "gain 4": _recurrent(4.0),
    "identity": _identity,
    "all zero": _zero,
    "dead relu": _dead,
    "zero head": lambda task: task.model.head.weight.zero_(),
    "embedding x400": lambda task: task.model.embedding.weight.mul_(400),
}
"""What is done to weights as they are initialised."""
