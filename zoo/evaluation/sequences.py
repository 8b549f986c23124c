"""Whole sequences: how the loss and what is right depend on their length, and which are the worst."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import torch
from torch import Tensor

from zoo.data.base import SequenceData
from zoo.evaluation.finder import Finder, Seen
from zoo.evaluation.wording import brief, share
from zoo.evaluation.written import Pairs
from zoo.runs.evaluation import Evaluation, Sheet
from zoo.tasks.answers import Record
from zoo.tasks.contract import lengths_of

WORST, SHORT, PARTS = 10, 60, 5
"""How many of the worst are shown, letters of each of their values, parts into which lengths are divided."""
TRUTHS, ANSWERS = ("reference",), ("hypothesis", "labels")
"""What records call the truth and what was written, which have columns of their own."""

Columns = Mapping[str, Callable[[Tensor], str]]
"""By their heads: what is said of the sequences with these numbers."""


@final
@dataclass(eq=False)
class Sequences(Finder):
    """Of tasks that know what each sequence costs."""

    records: list[Record] = field(default_factory=list)
    costs: list[Tensor] = field(default_factory=list)
    lengths: list[Tensor] = field(default_factory=list)
    hits: list[Tensor] = field(default_factory=list)
    counts: list[Tensor] = field(default_factory=list)
    truths: list[Any] = field(default_factory=list)
    pairs: Pairs = field(default_factory=Pairs)

    def see(self, seen: Seen) -> None:
        task, predicted, batch = seen.task, seen.predicted, seen.batch
        if seen.costs is None:
            return
        self.records += task.records(predicted, batch, seen.legend)
        self.costs.append(seen.costs)
        self.lengths.append(lengths_of(batch).cpu())
        hits = task.hits(predicted, batch)
        if hits is not None:
            self.hits.append(hits[0].cpu())
            self.counts.append(hits[1].cpu())
        self.truths += _truths(seen)
        self.pairs.extend(task.written(predicted, batch) or (), seen.legend)

    def found(self, data: SequenceData) -> Evaluation:
        return Evaluation(list(self._sheets(data)) if self.costs else [])

    def _sheets(self, data: SequenceData) -> Iterator[Sheet]:
        costs, lengths = torch.cat(self.costs), torch.cat(self.lengths)
        columns = self._columns(costs)
        if len(set(lengths.tolist())) > 1:
            yield by_length(lengths, columns)
        elif len(self.pairs):
            everything = torch.arange(len(lengths))
            row = [f"{len(lengths):,}", *(told(everything) for told in columns.values())]
            yield Sheet("All sequences", ["sequences", *columns], [row])
        yield from self.pairs.sheets()
        wrong = self._wrong()
        if wrong is None or wrong.any():
            yield worst(costs, self._rows(data), wrong)

    def _columns(self, costs: Tensor) -> dict[str, Callable[[Tensor], str]]:
        columns = {"mean loss": lambda part: f"{float(costs[part].mean()):.4g}"}
        if self.hits:
            hits, counts = torch.cat(self.hits), torch.cat(self.counts)
            columns["right"] = lambda part: share(int(hits[part].sum()), int(counts[part].sum()))
        return columns | self.pairs.columns()

    def _wrong(self) -> Tensor | None:
        """Which answers are wrong somewhere (N,); None where none is either right or wrong."""
        if len(self.pairs):
            return ~self.pairs.exact
        return torch.cat(self.hits) < torch.cat(self.counts) if self.hits else None

    def _rows(self, data: SequenceData) -> list[Record]:
        """What is said of each sequence; the truth and what was written in columns of the same names."""
        rows = list(data.rows(self.records))
        if not len(self.pairs):
            known = len(self.truths) == len(rows) and "given_label" not in rows[0]
            truths = [{"true": _in_units(each, data)} for each in self.truths] if known else [{}] * len(rows)
            tags = data.legend.get("tags")
            return [_where_wrong(row, tags) | true for row, true in zip(rows, truths, strict=True)]
        told = [key for key in rows[0] if key not in (*TRUTHS, *ANSWERS, "score")] if rows else []
        return [
            {key: row[key] for key in told} | {"truth": true, "answer": said}
            for row, (true, said) in zip(rows, self.pairs.texts(), strict=True)
        ]


def by_length(lengths: Tensor, columns: Columns) -> Sheet:
    """What is said of sequences of like lengths; no length is in two rows.

    Args:
        lengths: Of all sequences (N,).
        columns: What to say.
    """
    ordered = lengths.sort().values
    ends = [int(ordered[-(-len(lengths) * k // PARTS) - 1]) for k in range(1, PARTS)]
    places = torch.bucketize(lengths, torch.tensor(sorted(set(ends))))
    rows = []
    for place in sorted(set(places.tolist())):
        part = (places == place).nonzero().flatten()
        low, high = int(lengths[part].min()), int(lengths[part].max())
        said = f"{low} to {high}" if low < high else str(low)
        rows.append([said, *(told(part) for told in columns.values()), f"{len(part):,}"])
    return Sheet("By length of the sequence", ["steps", *columns, "sequences"], rows)


def worst(costs: Tensor, rows: Sequence[Record], wrong: Tensor | None = None) -> Sheet:
    """The sequences that cost most, with what identifies them.

    Args:
        costs: What each costs (N,).
        rows: What is said of each.
        wrong: Which answers are wrong (N,): the others are left out; None keeps all.
    """
    order = costs.argsort(descending=True, stable=True).tolist()
    chosen = [k for k in order if wrong is None or wrong[k]][:WORST]
    shown = [name for name, value in rows[0].items() if _fits(name, value)]
    table = [[brief(rows[k][name], SHORT) for name in shown] + [f"{float(costs[k]):.4g}"] for k in chosen]
    return Sheet("The worst", [*shown, "loss"], table)


def _truths(seen: Seen) -> list[Any]:
    """The numbers (O,) or the class that is right for each sequence; none where they are of steps."""
    numbers, choices = (read(seen.predicted, seen.batch) for read in (seen.task.numbers, seen.task.choices))
    if numbers is not None and seen.costs is not None and len(numbers[0]) == len(seen.costs):
        return [*numbers[0].cpu()]
    if choices is not None and choices[0].dim() == 1:
        names = seen.legend.get("labels")
        return [names[k] if names and k >= 0 else k for k in choices[0].tolist()]
    return []


def _in_units(true: Any, data: SequenceData) -> Any:
    """What is right for a sequence, for people: numbers in the units of the data."""
    if not isinstance(true, Tensor):
        return true
    row = data.in_units(true[None].double())[0].tolist()
    return row[0] if len(row) == 1 else row


def _where_wrong(row: Record, known: Sequence[Any] | None) -> Record:
    """What is said of a tagged sequence: only the tags that are wrong, with the steps that have them.

    Steps that do not count, whose tag is not known, are neither right nor wrong.
    """
    if not {"tokens", "tags", "given_tags"} <= row.keys():
        return row
    given = [None if known is not None and tag not in known else tag for tag in row["given_tags"]]
    steps = zip(row["tokens"], row["tags"], given, strict=False)
    wrong = [f"{token}: {said}, not {true}" for token, said, true in steps if true not in (None, said)]
    kept = {key: value for key, value in row.items() if key not in ("tags", "given_tags", "probabilities")}
    return kept | {"said wrongly": "; ".join(wrong)}


def _fits(name: str, value: Any) -> bool:
    """Whether a value of a record fits into a cell: no probabilities of all classes, no lists of lists."""
    is_nested = isinstance(value, list) and any(isinstance(each, list) for each in value)
    return not (name.startswith("probability_") or isinstance(value, dict) or is_nested)
