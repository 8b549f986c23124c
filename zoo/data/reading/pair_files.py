"""Texts and their translations in files: two columns of a table, or two files line by line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from zoo.data.base import check_option
from zoo.data.reading.faults import Faults, share
from zoo.data.reading.files import existing, read_text, tell
from zoo.data.reading.rows import rows_of
from zoo.data.reading.tables import EMPTY

LACKING = dict.fromkeys(("source", "target"), "empty: skip leaves such pairs out")
MALFORMED = {"columns": "is there a tab within a text?"}


class Pair(NamedTuple):
    """A text, its translation if it has one, and where they stand."""

    path: Path
    line: int
    source: str
    target: str | None


@dataclass(frozen=True, kw_only=True)
class PairFiles:
    """How to read files of pairs."""

    source: str
    """Ending of files that hold one side only, the texts."""
    target: str
    """Ending of the files with their translations."""
    header: bool
    """Whether the first line of a table names the columns."""
    encoding: str
    """Encoding of the files."""
    empty: str
    """Whether to "refuse" or to "skip" pairs of which a side is empty."""

    def __post_init__(self) -> None:
        check_option("empty", self.empty, EMPTY)
        if self.source == self.target or not (self.source and self.target):
            raise ValueError(
                f"source and target are the endings {self.source!r} and {self.target!r}; expected two "
                f"different ones, such as 'src' and 'tgt'"
            )

    def is_alone(self, path: Path) -> bool:
        """Whether a file of a folder stands for itself; the other half of two files does not."""
        return path.suffix != f".{self.target}"

    def read(self, path: Path, paired: bool = True) -> list[Pair]:
        """Reads a table, or a file of texts and beside it that of their translations.

        Args:
            path: The table, or the file with the ending `source`.
            paired: Whether there must be translations.

        Raises:
            FileNotFoundError: there is no such file, or none of translations.
            ValueError: the files do not fit together, or pairs are at fault; names their lines.
        """
        faults = Faults()
        rows = (
            self._lines(path, paired)
            if path.suffix == f".{self.source}"
            else self._rows(path, paired, faults)
        )
        pairs, count = list[Pair](), 0
        for pair in rows:
            count += 1
            lacks = [] if pair.source.strip() else ["source"]
            lacks += [] if pair.target is None or pair.target.strip() else ["target"]
            if lacks:
                faults.add(lacks[0], pair.line, f"the {lacks[0]} is empty")
            else:
                pairs.append(pair)
        self._check(path, pairs, count + len(faults.of(MALFORMED)), faults)
        return pairs

    def _lines(self, path: Path, paired: bool) -> Iterator[Pair]:
        """The pairs of two files."""
        other = path.with_suffix(f".{self.target}")
        sources = _lines_of(read_text(path, self.encoding))
        if not paired and not other.is_file():
            yield from (Pair(path, line, text, None) for line, text in enumerate(sources, 1))
            return
        targets = _lines_of(read_text(existing(other, other.name), self.encoding))
        if len(sources) != len(targets):
            raise ValueError(
                f"{path} has {len(sources)} lines and {other.name} beside it has {len(targets)}; expected "
                f"that each line of one translates the same line of the other"
            )
        for line, (source, target) in enumerate(zip(sources, targets, strict=True), 1):
            yield Pair(path, line, source, target)

    def _rows(self, path: Path, paired: bool, faults: Faults) -> Iterator[Pair]:
        """The pairs of a table."""
        for number, (line, row) in enumerate(rows_of(read_text(path, self.encoding), "\t", faults)):
            if number == 0 and self.header:
                continue
            if len(row) == 2 or (len(row) == 1 and not paired):
                yield Pair(path, line, row[0], row[1] if len(row) == 2 else None)
            else:
                got = f"{len(row)} column" + "s" * (len(row) != 1)
                faults.add("columns", line, f"{got}, expected a text, a tab and its translation")

    def _check(self, path: Path, pairs: list[Pair], count: int, faults: Faults) -> None:
        """Refuses pairs that are at fault, or says how many were left out."""
        advice = MALFORMED if self.empty == "skip" else LACKING | MALFORMED
        if faults.of(advice):
            raise ValueError(f"{path}, {faults.told(advice, count)}")
        if not pairs:
            raise ValueError(f"{path} has no pair of a text and its translation, expected at least one")
        if lacking := faults.of(LACKING):
            tell(f"{path}: leaving out {share(lacking, count)}, for want of a text or its translation")


def _lines_of(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n")
