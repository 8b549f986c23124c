"""Classes that are chosen: precision, recall, and which is taken for which."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor

from zoo.data.base import SequenceData
from zoo.evaluation.finder import Finder, Seen
from zoo.evaluation.wording import share
from zoo.runs.evaluation import Evaluation, Sheet
from zoo.tasks.contract import IGNORED

MOST_CLASSES = 20
"""Classes of a confusion matrix; of more, the pairs that are mistaken most are listed instead."""


@final
@dataclass(eq=False)
class Classes(Finder):
    """Of tasks that choose a class, of each sequence or of each step."""

    true: list[Tensor] = field(default_factory=list)
    chosen: list[Tensor] = field(default_factory=list)

    def see(self, seen: Seen) -> None:
        choices = seen.task.choices(seen.predicted, seen.batch)
        if choices is not None:
            true, chosen = choices
            self.true.append(true[true != IGNORED].cpu())
            self.chosen.append(chosen[true != IGNORED].cpu())

    def found(self, data: SequenceData) -> Evaluation:
        if not self.true:
            return Evaluation()
        true, chosen = torch.cat(self.true), torch.cat(self.chosen)
        count = int(torch.cat([true, chosen]).max()) + 1 if len(true) else 0
        legend = data.legend
        names = [str(name) for name in legend.get("labels") or legend.get("tags") or range(count)]
        return Evaluation([by_class(true, chosen, names), confusion(true, chosen, names)])


@final
@dataclass(eq=False)
class Labels(Finder):
    """Of tasks that say of each of several labels whether it holds."""

    counts: Tensor | None = None

    def see(self, seen: Seen) -> None:
        labels = seen.task.labels(seen.predicted, seen.batch)
        if labels is not None:
            true, said = (part.cpu() for part in labels)
            counts = torch.stack([(true & said).sum(0), true.sum(0), said.sum(0)])
            self.counts = counts if self.counts is None else self.counts + counts

    def found(self, data: SequenceData) -> Evaluation:
        if self.counts is None:
            return Evaluation()
        count = self.counts.shape[1]
        names = [str(name) for name in data.legend.get("labels") or range(count)]
        return Evaluation([by_label(self.counts, names)])


def by_class(true: Tensor, chosen: Tensor, names: Sequence[str]) -> Sheet:
    """Precision, recall and F1 of each class."""
    count = len(names)
    hits = torch.bincount(true[true == chosen], minlength=count)
    given, said = torch.bincount(true, minlength=count), torch.bincount(chosen, minlength=count)
    rows = [
        [name, *_shares(hits[k], given[k], said[k]), f"{int(given[k]):,}"] for k, name in enumerate(names)
    ]
    rows.append(["all", "", share(int(hits.sum()), len(true)), "", f"{len(true):,}"])
    return Sheet("By class", ["class", "precision", "recall", "F1", "examples"], rows)


def by_label(counts: Tensor, names: Sequence[str]) -> Sheet:
    """Precision, recall and F1 of the labels that hold most often, and of all.

    Args:
        counts: (3, C): how often each label was said rightly, held, and was said.
        names: Of the labels.
    """
    order = counts[1].argsort(descending=True, stable=True)[:MOST_CLASSES]
    often = [k for k in order.tolist() if counts[1, k]]
    rows = [[names[k], *_shares(*counts[:, k]), f"{int(counts[1, k]):,}"] for k in often]
    rows.append(["all", *_shares(*counts.sum(1)), f"{int(counts[1].sum()):,}"])
    return Sheet("By label, those that hold most often", ["label", "precision", "recall", "F1", "held"], rows)


def confusion(true: Tensor, chosen: Tensor, names: Sequence[str]) -> Sheet:
    """How often each class was taken for each other."""
    count = len(names)
    table = torch.bincount(true * count + chosen, minlength=count * count).reshape(count, count)
    if count <= MOST_CLASSES:
        rows = [[name, *(f"{int(each):,}" for each in row)] for name, row in zip(names, table, strict=True)]
        return Sheet("Which class (rows) was taken for which (columns)", ["true \\ said", *names], rows)
    wrong = table - torch.diag(table.diagonal())
    pairs = wrong.flatten().argsort(descending=True, stable=True)[:MOST_CLASSES].tolist()
    rows = [
        [names[pair // count], names[pair % count], f"{int(wrong.flatten()[pair]):,}"]
        for pair in pairs
        if wrong.flatten()[pair]
    ]
    return Sheet("What is mistaken most often", ["true", "said", "times"], rows)


def _shares(hits: Tensor, given: Tensor, said: Tensor) -> list[str]:
    """Precision, recall and F1."""
    right = int(hits)
    return [share(right, int(said)), share(right, int(given)), share(2 * right, int(said) + int(given))]
