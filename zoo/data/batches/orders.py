"""The orders in which items are drawn: each depends on its seed and the epoch, and on nothing else."""

import zlib
from collections.abc import Iterator
from typing import final

import numpy as np
import torch
from jaxtyping import Integer
from torch import Tensor
from torch.utils.data import Sampler, SequentialSampler

POOL = 100  # batches sorted by length together: enough to save padding, few enough to keep batches varied


def generator(*key: int | str) -> torch.Generator:
    """A random generator of its own for every key, such as `generator(seed, "shuffle", epoch)`."""
    numbers = [zlib.crc32(part.encode()) if isinstance(part, str) else part for part in key]
    state = np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state >> np.uint64(1)))


@final
class InOrder(SequentialSampler):
    """Items as they stand, in every epoch."""

    epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch


@final
class Shuffled(Sampler[int]):
    """Every item once per epoch, in another order in each."""

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[int]:
        yield from torch.randperm(self.size, generator=generator(self.seed, "shuffle", self.epoch)).tolist()


@final
class Fresh(Sampler[int]):
    """Numbers never drawn before: epoch e holds [e * size, (e + 1) * size), for data made on the fly."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[int]:
        yield from range(self.epoch * self.size, (self.epoch + 1) * self.size)


@final
class Bucketed(Sampler[int]):
    """Every item once per epoch, so that each `batch_size` successive items are of nearly equal length.

    The items are shuffled, sorted by length within pools of 100 batches, and the batches shuffled again; an
    incomplete batch comes last. It is an order of items, not a batch sampler, because Lightning calls the
    `set_epoch` of such an order, replaces it when over-fitting, and divides it among devices (then
    shuffled once more: the items are kept, the buckets are not).

    Args:
        lengths: Length of each item.
        batch_size: Items of one batch.
        seed: With the epoch, decides the order.
    """

    def __init__(self, lengths: Integer[Tensor, " N"], batch_size: int, seed: int) -> None:
        self.lengths = lengths
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        random = generator(self.seed, "buckets", self.epoch)
        shuffled = torch.randperm(len(self), generator=random)
        pools = torch.split(shuffled, POOL * self.batch_size)
        by_length = [pool[self.lengths[pool].argsort(stable=True)] for pool in pools]
        batches = [batch for pool in by_length for batch in torch.split(pool, self.batch_size)]
        whole = sum(len(batch) == self.batch_size for batch in batches)
        for number in [*torch.randperm(whole, generator=random).tolist(), *range(whole, len(batches))]:
            yield from batches[number].tolist()


@final
class ByLength(Sampler[int]):
    """Every item once, the shortest first, in every epoch: the least padding, for evaluation."""

    def __init__(self, lengths: Integer[Tensor, " N"]) -> None:
        self.order = lengths.argsort(stable=True).tolist()

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[int]:
        yield from self.order
