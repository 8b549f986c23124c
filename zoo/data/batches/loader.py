"""A DataLoader that takes up an epoch where a checkpoint left it."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Protocol, final, runtime_checkable

from torch.utils.data import DataLoader

from zoo.data.batches.datasets import Batch
from zoo.data.batches.orders import generator


@runtime_checkable
class KnowsEpoch(Protocol):
    """An order that differs from epoch to epoch."""

    epoch: int


def as_it_is(batch: Any) -> Any:
    """The collate function of data sets that hand out whole batches; PyTorch expects it to take lists."""
    return batch


@final
class ResumableLoader(DataLoader[Batch]):
    """A DataLoader whose position within the epoch is part of a checkpoint.

    Lightning saves and restores the state of any loader that has one. Without it, a run that resumes in the
    middle of an epoch sees the first batches of that epoch again and never its last ones.
    """

    _epoch = 0
    _delivered = 0
    _resuming = False

    # A generator instead of PyTorch's iterator: nothing starts before the first batch is asked for. Lightning
    # makes the iterator before it sets the epoch, and workers would prefetch from the wrong epoch.
    def __iter__(self) -> Iterator[Batch]:  # type: ignore[override]
        order = self.sampler
        epoch = order.epoch if isinstance(order, KnowsEpoch) else None
        if not self._resuming or epoch != self._epoch:
            self._epoch, self._delivered = epoch or 0, 0
        self._resuming = False
        # What workers draw depends on the epoch alone, and torch's own generator is left as it is.
        self.generator = generator(self._epoch, "workers")
        for batch in islice(super().__iter__(), self._delivered, None):
            self._delivered += 1
            yield batch

    def state_dict(self) -> dict[str, Any]:
        """The epoch, how many of its batches have been handed out, and of how many."""
        return {"epoch": self._epoch, "delivered": self._delivered, "batches": len(self)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The next pass skips the batches that were handed out, if it is a pass through the same epoch.

        Raises:
            ValueError: the state is from within an epoch of another number of batches.
        """
        delivered, before, now = state_dict["delivered"], state_dict.get("batches", len(self)), len(self)
        if 0 < delivered < before and before != now:
            raise ValueError(
                f"the checkpoint is from within an epoch, after {delivered} of {before} batches, and the "
                f"training data now makes {now}; expected the same data, in as many processes, or a "
                f"checkpoint from the end of an epoch"
            )
        self._epoch, self._delivered = state_dict["epoch"], state_dict["delivered"]
        self._resuming = True
