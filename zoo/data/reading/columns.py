"""Which columns of a table hold the text and the label."""

from dataclasses import dataclass
from pathlib import Path

from zoo.data.reading.faults import listed
from zoo.registry import nearest

MOST_NAMES, MOST_LETTERS = 10, 30
"""How much of a header an error shows."""


@dataclass(frozen=True, kw_only=True)
class UsedColumns:
    """Columns of a table, by their numbers from 0."""

    text: int
    """That of the text."""
    label: int | None
    """That of the label; None where labels are not read."""
    weight: int | None
    """That of the weight; None where weights are not read."""
    width: int
    """How many a row has."""
    is_lenient: bool = False
    """Whether rows may lack a label."""

    @property
    def needed(self) -> int:
        """How many a row must have."""
        label = None if self.is_lenient else self.label
        return 1 + max(self.text, *(-1 if each is None else each for each in (label, self.weight)))


def number_of(column: int | str, names: list[str] | None, path: Path, separator: str) -> int:
    """The number of a column.

    Args:
        column: Its name or number.
        names: The names of all columns; None without a header.
        path: The file.
        separator: What stands between columns.

    Raises:
        ValueError: there is no column of that name, or there are two.
    """
    if isinstance(column, int) and (names is None or column < len(names)):
        return column
    if names is None:
        raise ValueError(f"{path} is read without a header, so column {column!r} must be a number from 0")
    if column not in names:
        hint = nearest(column, names) if isinstance(column, str) else ""
        raise ValueError(
            f"{path}, line 1: there is no column {column!r}{hint or ';'} Columns: {shortened(names)} "
            f"(separated by {separator!r}; if line 1 is no header, give header: false)"
        )
    if names.count(column) > 1:
        raise ValueError(f"{path}, line 1: two columns are called {column!r}; give the number of one, from 0")
    return names.index(column)


def shortened(names: list[str]) -> str:
    """The names of columns; a first line that is no header may be long."""
    cut = [name if len(name) <= MOST_LETTERS else f"{name[:MOST_LETTERS]}..." for name in names]
    return listed(cut, MOST_NAMES)
