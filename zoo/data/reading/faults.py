"""What is wrong with the rows of a file, told at once: how many they are, which come first, what to do."""

from collections.abc import Collection, Sequence
from typing import final

SHOWN = 5


@final
class Faults:
    """Faulty rows, collected by kind while a file is read to its end.

    A kind is said in the words of its first row.
    """

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        self._lines: dict[str, list[int]] = {}

    def add(self, kind: str, line: int, words: str) -> None:
        """Notes that the row in `line` is at fault."""
        self._words.setdefault(kind, words)
        self._lines.setdefault(kind, []).append(line)

    def of(self, kinds: Collection[str]) -> list[int]:
        """The lines of all rows with a fault of these kinds, in order."""
        return sorted(line for kind in kinds for line in self._lines.get(kind, ()))

    def told(self, advice: dict[str, str], rows: int) -> str:
        """What is wrong, in the order of the file, and what to do.

        Args:
            advice: The kinds to tell, and what helps against each.
            rows: How many rows there are.
        """
        found = sorted(
            (kind for kind in advice if kind in self._lines), key=lambda kind: self._lines[kind][0]
        )
        faults = (
            f"line {self._lines[kind][0]}: {self._words[kind]}, in {share(self._lines[kind], rows)}"
            for kind in found
        )
        return "; ".join([*faults, *dict.fromkeys(advice[kind] for kind in found)])


def share(lines: Sequence[int], whole: int) -> str:
    """How many of all rows these are, and where: "3 of 40 rows (lines 2, 4, 5)"."""
    counted = f"{len(lines)} of {whole} rows"
    return counted if len(lines) == 1 else f"{counted} (lines {listed(lines)})"


def listed(things: Sequence[object], most: int = SHOWN) -> str:
    """The first of these: "a, b, c and 17 more"."""
    shown = ", ".join(str(thing) for thing in things[:most])
    return shown if len(things) <= most else f"{shown} and {len(things) - most} more"
