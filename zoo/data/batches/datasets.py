"""Data sets that hand out whole batches, sliced from one tensor instead of collated item by item."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import final

import torch
from jaxtyping import Bool, Integer, Num, UInt8
from torch import Tensor
from torch.utils.data import Dataset

from zoo.data.batches.orders import generator

Batch = dict[str, Tensor]
IGNORED = -100
"""A target that no loss counts, as in torch's cross-entropy."""


class SequenceDataset(Dataset[Batch], ABC):
    """Sequences of which any selection comes as one batch."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """The items at `indices` as one batch; PyTorch's loaders call this instead of `__getitem__`."""

    def part(self, indices: Sequence[int], rank: int, ranks: int) -> Batch:
        """What one of several processes has of the batch of the items at `indices`."""
        return self.__getitems__(indices[rank::ranks])

    def __getitem__(self, index: int) -> Batch:
        """One item, without the batch axis."""
        if not 0 <= index < len(self):
            raise IndexError(f"item {index} of {len(self)}")
        return {name: field[0] for name, field in self.__getitems__([index]).items()}


@final
class TensorSequences(SequenceDataset):
    """Sequences of equal length.

    Args:
        fields: `x`, `y` and what else a batch holds; along the first axis, one entry per sequence.

    Raises:
        ValueError: there is no `x`, or the first axes differ.
    """

    def __init__(self, fields: Batch) -> None:
        if "x" not in fields:
            raise ValueError(f"the fields are {', '.join(fields)}, expected x and what else a batch holds")
        if len({len(field) for field in fields.values()}) > 1:
            counts = ", ".join(f"{name} has {len(field)}" for name, field in fields.items())
            raise ValueError(f"the items differ in number: {counts}; expected as many of each")
        self.fields = fields

    def __len__(self) -> int:
        return len(self.fields["x"])

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        chosen = torch.as_tensor(indices)
        return {name: field[chosen] for name, field in self.fields.items()}


@final
class ImageSequences(SequenceDataset):
    """Images read as sequences; scaled only when a batch is drawn, which saves memory.

    Args:
        pixels: (N, T, I), whole numbers.
        labels: (N,).
        white: The pixel value that becomes 1.
    """

    def __init__(self, pixels: UInt8[Tensor, "N T I"], labels: Integer[Tensor, " N"], white: int) -> None:
        self.pixels = pixels
        self.labels = labels
        self.white = white

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        chosen = torch.as_tensor(indices)
        return {"x": self.pixels[chosen].float().div_(self.white), "y": self.labels[chosen]}


@final
class RaggedSequences(SequenceDataset):
    """Sequences of different lengths, held end to end and padded with 0 to the longest of a batch.

    Args:
        items: One tensor per sequence: (T,) numbers of tokens or (T, I) features.
        targets: One target per sequence, along the first axis; None when there is nothing to predict.
        weights: What each sequence counts in training; None where all count alike.

    Raises:
        ValueError: there are no sequences, or not as many targets as sequences.
    """

    def __init__(
        self,
        items: Sequence[Tensor],
        targets: Num[Tensor, " N ..."] | None = None,
        weights: Num[Tensor, " N"] | None = None,
    ) -> None:
        if not items:
            raise ValueError("there are no sequences, expected at least one")
        if targets is not None and len(targets) != len(items):
            raise ValueError(
                f"there are {len(items)} sequences and {len(targets)} targets, expected one for each"
            )
        self.lengths = torch.tensor([len(item) for item in items])
        self.steps = torch.cat(list(items))
        self.offsets = self.lengths.cumsum(0) - self.lengths
        self.targets, self.weights = targets, weights

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """A batch of `x`, of `y` and `weight` if there are any, and of `lengths` if they differ."""
        chosen = torch.as_tensor(indices)
        lengths = self.lengths[chosen]
        places, valid = padded_places(self.offsets[chosen], lengths)
        x = self.steps[places]
        batch = {"x": x.masked_fill_(~valid.view(*valid.shape, *[1] * (x.ndim - 2)), 0)}
        if not valid.all():
            batch["lengths"] = lengths
        if self.targets is not None:
            batch["y"] = self.targets[chosen]
        if self.weights is not None:
            batch["weight"] = self.weights[chosen]
        return batch


@final
class FreshSequences(SequenceDataset):
    """Sequences made when they are asked for, a batch at a time, by a seed and the number of its first item.

    Args:
        draw: Makes a batch of so many sequences with a random generator.
        size: Sequences of one epoch.
        seed: With the number of a batch's first item, decides the batch.
    """

    def __init__(self, draw: Callable[[int, torch.Generator], Batch], size: int, seed: int) -> None:
        self.draw = draw
        self.size = size
        self.seed = seed

    def __len__(self) -> int:
        return self.size

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        return self.draw(len(indices), generator(self.seed, "train", indices[0]))

    def part(self, indices: Sequence[int], rank: int, ranks: int) -> Batch:
        """A part of the batch that is made for all processes: what it holds depends on its first item."""
        return {name: field[rank::ranks] for name, field in self.__getitems__(indices).items()}


def padded_places(
    offsets: Integer[Tensor, " B"], lengths: Integer[Tensor, " B"]
) -> tuple[Integer[Tensor, "B T"], Bool[Tensor, "B T"]]:
    """Where the steps of sequences that lie one behind the other are, 0 in the padding; and which are valid.

    Args:
        offsets: The place of the first step of each.
        lengths: The steps of each.
    """
    time = torch.arange(int(lengths.max()))
    valid = time < lengths[:, None]
    return torch.where(valid, offsets[:, None] + time, 0), valid
