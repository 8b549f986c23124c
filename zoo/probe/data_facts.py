"""Looks at the values of a data module: what is broken, unscaled, or seen twice."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from zoo.data.base import SequenceData
from zoo.data.batches.datasets import SequenceDataset
from zoo.data.batches.splits import Split
from zoo.probe.batches import Batch, fields
from zoo.probe.budget import Budget
from zoo.tasks.contract import IGNORED
from zoo.verdict.facts import BadValue, DataFacts

MOST, AT_ONCE, SECONDS = 20_000, 256, 1.5
"""Sequences that are looked at, how many of them at once, and for how many seconds of the processor."""
FEWEST_TOKENS, FEWEST_NUMBERS = 20, 8
"""Sequences of less may be the same by chance."""


def data_facts(data: Any, held: Sequence[Batch]) -> DataFacts:
    """What is known of some data.

    Args:
        data: A data module, which is set up; of one that is not the zoo's no split is read.
        held: Batches of its training data, which are looked at where its data sets cannot be.
    """
    training = list(fields(_batches(data, "train") or held))
    others = list(fields(_batches(data, "val")))
    if not training:
        return DataFacts()
    x, y = _values(training, "x"), _values(training, "y")
    by_step = any(part.dim() > 1 for batch in training if isinstance(part := batch.get("y"), Tensor))
    held_out = list(chain.from_iterable(map(_codes, others)))
    known = set(chain.from_iterable(map(_codes, training)))
    return DataFacts(
        rows=sum(len(batch["x"]) for batch in training),
        bad=tuple(_bad(training)),
        held_out=len(held_out),
        leaked=sum(code in known for code in held_out),
        **(_features(x) | _targets(y, by_step)),
    )


def _batches(data: Any, split: Split) -> list[Batch]:
    """The first sequences of a split, in its order; none of data that has no such thing."""
    if not isinstance(data, SequenceData):
        return []
    rows = data.dataset(split)
    if not isinstance(rows, SequenceDataset):
        return []
    return list(_in_time(rows))


def _in_time(rows: SequenceDataset) -> Iterator[Batch]:
    budget, count = Budget(SECONDS), min(len(rows), MOST)
    for first in range(0, count, AT_ONCE):
        if not budget.is_spent:
            yield rows.__getitems__(range(first, min(first + AT_ONCE, count)))


def _values(batches: Sequence[Mapping[str, Tensor]], name: str) -> Tensor | None:
    """The valid values of a field, its last axis kept where it is one of features or targets."""
    parts = [_valid(batch, name) for batch in batches if isinstance(batch.get(name), Tensor)]
    return torch.cat(parts) if parts else None


def _valid(batch: Mapping[str, Tensor], name: str) -> Tensor:
    value, lengths = batch[name], batch.get("lengths")
    if name == "x" and lengths is not None:
        return value[torch.arange(value.shape[1], device=value.device) < lengths[:, None]]
    return value.flatten(0, -2) if value.is_floating_point() and value.dim() > 1 else value.flatten()


def _features(x: Tensor | None) -> dict[str, Any]:
    if x is None or not x.is_floating_point():
        return {}
    finite = x[x.isfinite().all(-1)].double()
    if len(finite) < 2:
        return {}
    return {"means": tuple(finite.mean(0).tolist()), "deviations": tuple(finite.std(0).tolist())}


def _targets(y: Tensor | None, is_by_step: bool) -> dict[str, Any]:
    if y is None or not y.numel():
        return {}
    if y.is_floating_point():
        finite = y[y.isfinite()].double()
        return {"target_mean": float(finite.mean()), "target_deviation": float(finite.std())}
    if is_by_step:  # most steps may well be alike, as where only the end is asked for
        return {}
    counts = torch.unique(y[y != IGNORED], return_counts=True)[1]
    return {"majority": float(counts.max() / counts.sum()), "classes": len(counts)} if len(counts) else {}


def _bad(batches: Sequence[Mapping[str, Tensor]]) -> Iterator[BadValue]:
    """The first of what is not finite in each field."""
    for name in ("x", "y"):
        row, count, first = 0, 0, None
        for batch in batches:
            value = batch.get(name)
            if isinstance(value, Tensor) and value.is_floating_point():
                places = (~value.isfinite()).nonzero()
                if first is None and len(places):
                    at = places[0].tolist()
                    first = (row + at[0], *at[1:])
                count += len(places)
            row += len(batch["x"])
        if first is not None:
            step, column = (first[1], first[2]) if len(first) == 3 else (None, (*first, None)[1])
            yield BadValue(name=name, count=count, row=first[0], step=step, column=column)


def _codes(batch: Mapping[str, Tensor]) -> Iterator[bytes]:
    """Each sequence that is long enough to be known again, as bytes."""
    x, lengths = batch["x"], batch.get("lengths")
    ends = [x.shape[1]] * len(x) if lengths is None else lengths.tolist()
    for row, end in zip(x, ends, strict=True):
        known = row[:end]
        least = FEWEST_NUMBERS if known.is_floating_point() else FEWEST_TOKENS
        if known.numel() >= least:
            yield known.contiguous().numpy().tobytes()
