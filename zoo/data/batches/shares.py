"""The batches of one process among several: its part of each batch that one process alone would have."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, final, runtime_checkable

from torch.utils.data import Dataset, DistributedSampler, Sampler

from zoo.data.batches.datasets import Batch, SequenceDataset


@runtime_checkable
class Reshuffled(Protocol):
    """An order that is another one in each epoch."""

    def set_epoch(self, epoch: int) -> None: ...


@final
@dataclass(frozen=True, kw_only=True)
class Share:
    """Which part of each batch a process has."""

    rank: int
    """Its number, from 0."""
    ranks: int
    """How many processes there are."""


@final
class SharedBatches(DistributedSampler[list[int]]):
    """The items of each batch that all processes have together; every process goes through the same ones.

    No item is left out and none is taken twice, and all processes have equally many batches. What would be
    too few items for a last batch, fewer than there are processes, belongs to the batch before.

    Lightning takes it for what its base says: for an order that is divided among processes already.

    Args:
        order: The order in which one process would take the items.
        whole_batch: Items of one batch of all processes together.
        share: How many processes there are.

    Raises:
        ValueError: there are more processes than items.
    """

    def __init__(self, order: Sampler[int], whole_batch: int, share: Share) -> None:
        # One replica, as it were, or Lightning would warn of items that are taken twice.
        super().__init__(order, num_replicas=1, rank=0, shuffle=False)  # type: ignore[arg-type]  # it has a size
        self.order, self.whole_batch, self.ranks = order, whole_batch, share.ranks
        self.items = len(order)  # type: ignore[arg-type]  # as above
        if self.items < share.ranks:
            raise ValueError(
                f"{self.items} items are to be shared by {share.ranks} processes; expected at least one for "
                f"each, or fewer processes"
            )

    def set_epoch(self, epoch: int) -> None:
        super().set_epoch(epoch)
        if isinstance(self.order, Reshuffled):
            self.order.set_epoch(epoch)

    def __len__(self) -> int:
        full, rest = divmod(self.items, self.whole_batch)
        return full + (rest >= self.ranks or not full)

    def __iter__(self) -> Iterator[list[int]]:
        chosen, count = list(self.order), len(self)
        for number in range(count):
            end = (number + 1) * self.whole_batch if number < count - 1 else len(chosen)
            yield chosen[number * self.whole_batch : end]


@final
class SharedItems(Dataset[Batch]):
    """What a process has of a data set: of each batch, given by the numbers of its items, its part.

    Every so-manieth item, so that where batches are sorted by length no process has all of the long ones.

    Args:
        data: The data set.
        share: Which part.
    """

    def __init__(self, data: SequenceDataset, share: Share) -> None:
        self.data, self.share = data, share

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, indices: Sequence[int]) -> Batch:
        """The part of the batch of the items at `indices`."""
        return self.data.part(indices, self.share.rank, self.share.ranks)
