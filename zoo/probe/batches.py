"""Batches that are held, to be trained on again and again."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice, repeat
from typing import Any, final

import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader

Batch = Any
"""What a loader hands out; a task of the zoo takes a dict of tensors."""


@final
class HeldBatches(LightningDataModule):
    """Some batches of a data module, in the same order each time.

    Args:
        batches: Of its training data.
        sizes: What a model is sized by.
    """

    def __init__(self, batches: Sequence[Batch], sizes: Mapping[str, int]) -> None:
        super().__init__()
        self.batches = list(batches)
        self.sizes = dict(sizes)

    def train_dataloader(self) -> DataLoader[Batch]:
        return DataLoader(self.batches, batch_size=None)  # type: ignore[arg-type]  # a list is a data set, too

    def only(self, count: int) -> "HeldBatches":
        """The first of them."""
        return HeldBatches(self.batches[:count], self.sizes)

    def shuffled(self, seed: int) -> "HeldBatches":
        """The same with each sequence's targets given to another one of its batch."""
        random = torch.Generator().manual_seed(seed)
        return HeldBatches([_mixed(batch, random) for batch in self.batches], self.sizes)


def taken(loader: Any, count: int) -> list[Batch]:
    """So many batches, from the beginning again where there are fewer."""
    held = list(islice(loader, count))
    return list(islice(chain.from_iterable(repeat(held)), count)) if held else []


def has_targets(batch: Batch) -> bool:
    """Whether a batch has a target of its own for each sequence."""
    return isinstance(batch, Mapping) and isinstance(batch.get("y"), Tensor)


def fields(batches: Sequence[Batch]) -> Iterator[Mapping[str, Tensor]]:
    """Those batches that are dicts of tensors, with x among them."""
    return (batch for batch in batches if isinstance(batch, Mapping) and isinstance(batch.get("x"), Tensor))


def _mixed(batch: Batch, random: torch.Generator) -> Batch:
    order = torch.randperm(len(batch["y"]), generator=random)
    return {**batch, "y": batch["y"][order]}
