"""The numbers of labels: those that training data has, in its order."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from zoo.data.reading.faults import listed, share
from zoo.registry import nearest

SHOWN = 10


def numbered(
    labels: Sequence[str | None],
    known: Sequence[str],
    place: Callable[[int], str],
    told: Callable[[list[int]], str],
) -> list[int]:
    """The number of each label among those that are known.

    Args:
        labels: One for each item.
        known: Those of the training data, in the order of their numbers.
        place: Where an item stands, such as "data.csv, line 3".
        told: How many items some are of all, such as "2 of 40 rows (lines 3, 7)".

    Raises:
        ValueError: one is not known; names its place and the nearest that is.
    """
    numbers = {label: number for number, label in enumerate(known)}
    unknown = [item for item, label in enumerate(labels) if label not in numbers]
    if unknown:
        first = labels[unknown[0]]
        others = list(dict.fromkeys(repr(labels[item]) for item in unknown if labels[item] != first))
        too = f", nor do {listed(others)}" if others else ""
        raise ValueError(
            f"{place(unknown[0])}: label {first!r} does not occur in the training data, in {told(unknown)}"
            f"{too}{nearest(str(first), numbers) or ';'} Known: {listed(known, SHOWN)}"
        )
    return [numbers[str(label)] for label in labels]


@runtime_checkable
class LabelledRow(Protocol):
    """A row of a file that has a label."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def line(self) -> int:
        """Its line there, from 1."""

    @property
    def label(self) -> str | None:
        """The label, if there is one."""


def row_classes(rows: Sequence[LabelledRow], known: Sequence[str]) -> list[int]:
    """The number of the label of each row; see `numbered`."""
    return numbered(
        [row.label for row in rows],
        known,
        lambda item: f"{rows[item].path}, line {rows[item].line}",
        lambda items: share([rows[item].line for item in items], len(rows)),
    )


def sorted_labels(labels: set[str]) -> list[str]:
    """Labels in alphabetical order, or in the order of numbers if all are whole numbers."""
    try:
        return sorted(labels, key=lambda label: (int(label), label))
    except ValueError:
        return sorted(labels)
