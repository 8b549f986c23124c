"""Pairs of sequences as batches: a source and a target, each padded to its longest."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor

from zoo.data.batches.datasets import IGNORED, Batch, RaggedSequences, SequenceDataset

"""Stands in a target where nothing is to be predicted."""


@final
class PairSequences(SequenceDataset):
    """Sources and targets, each of its own length.

    Batches: `x` (B, S), or (B, S, I) for features; `lengths` (B,) if the sources differ in length; `y` (B, U)
    with -100 beyond the end of a target.

    Args:
        sources: One tensor per pair: (S,) numbers of tokens or (S, I) features.
        targets: One tensor per pair, (U,) numbers of tokens; None when there is nothing to predict.

    Raises:
        ValueError: there are no sequences, or not as many targets as sources.
    """

    def __init__(self, sources: Sequence[Tensor], targets: Sequence[Tensor] | None = None) -> None:
        if targets is not None and len(targets) != len(sources):
            raise ValueError(
                f"there are {len(sources)} sources and {len(targets)} targets, expected one for each"
            )
        self.sources = RaggedSequences(sources)
        self.targets = None if targets is None else RaggedSequences(targets)

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def lengths(self) -> Tensor:
        """(N,): the length of the longer side of each pair, by which batches are put together."""
        own = self.sources.lengths
        return own if self.targets is None else torch.maximum(own, self.targets.lengths)

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        batch = self.sources.__getitems__(indices)
        if self.targets is not None:
            aimed = self.targets.__getitems__(indices)
            batch["y"] = ignoring(aimed["x"], aimed.get("lengths"))
        return batch


def ignoring(y: Tensor, lengths: Tensor | None) -> Tensor:
    """Targets (B, U) with -100 from the end of each on."""
    if lengths is None:
        return y
    return y.masked_fill(torch.arange(y.shape[1]) >= lengths[:, None], IGNORED)
