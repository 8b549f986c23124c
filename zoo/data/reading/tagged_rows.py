"""Sentences of tagged words from files in columns: CoNLL's and CoNLL-U."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, final

from zoo.data.base import check_option
from zoo.data.reading.columns import shortened
from zoo.data.reading.faults import Faults, share
from zoo.data.reading.files import read_text, tell
from zoo.registry import nearest

FORMATS = ("auto", "columns", "conllu")
CONLLU = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
GLOBAL_COLUMNS = "# global.columns ="
DOCUMENT = "-DOCSTART-"
UNSPECIFIED = "_"
"""What stands in CoNLL-U where nothing is known."""
NO_WORD = re.compile(r"\d+[-.]\d+")
"""The number of several words that are written as one (1-2), or of one that is not written (1.1)."""
ADVICE = dict.fromkeys(("short", "long"), "token, tag and separator say what the columns are")
ADVICE |= {"empty": "expected a token and a tag in each row"}
ADVICE |= {"id": "expected a number, as in CoNLL-U; format: columns reads other files"}
ADVICE |= {"hollow": "expected words after the comments"}


class TaggedSentence(NamedTuple):
    """One sentence and where it stands."""

    path: Path
    lines: tuple[int, ...]
    tokens: tuple[str, ...]
    tags: tuple[str | None, ...]


class _Line(NamedTuple):
    """A line that is not blank, or the end of a sentence where it has no columns."""

    number: int
    columns: list[str]
    is_comment: bool = False


class _Columns(NamedTuple):
    """Where to look in a row."""

    token: int
    tag: int | None
    width: int
    """How many columns a row has."""
    is_exact: bool
    """Whether every row must have so many."""


@final
@dataclass(frozen=True, kw_only=True)
class TaggedRows:
    """How to read a file with a word in each row and a blank line between sentences."""

    format: str
    """"conllu", other "columns", or "auto" for what the ending .conllu says."""
    token: int | str | None
    """Column of the token: a number from 0, or a name that CoNLL-U or the first line has."""
    tag: int | str | None
    """Column of the tag: a name or a number, -1 for the last one."""
    separator: str | None
    """Between columns; None is a tab where there is one, else any white space."""
    encoding: str
    """Encoding of the files."""

    def __post_init__(self) -> None:
        check_option("format", self.format, FORMATS)

    def read(self, path: Path, tagged: bool = True) -> list[TaggedSentence]:
        """Reads a file.

        Args:
            path: The file.
            tagged: Whether there must be tags; without, the column of tags is not looked for.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: a column is missing, or rows are at fault; names their lines and what helps.
        """
        text = read_text(path, self.encoding)
        conllu = self.is_conllu(path)
        lines = list(_lines(text, self._separator(text, conllu), conllu))
        if not any(line.columns and not line.is_comment for line in lines):
            raise ValueError(f"{path} has no sentence, expected rows of words")
        names = self._names(text, lines, conllu)
        columns = self._columns(path, names, lines, tagged, conllu)
        faults = Faults()
        sentences = list(_sentences(path, lines, columns, faults, conllu))
        if faults.of(ADVICE):
            raise ValueError(f"{path}, {faults.told(ADVICE, len(lines))}")
        if not sentences:
            raise ValueError(f"{path} has no sentence, expected rows of words")
        if tagged and all(tag is None for sentence in sentences for tag in sentence.tags):
            raise ValueError(f"{path}: every tag is {UNSPECIFIED!r}, which is none; expected another column")
        return sentences

    def is_conllu(self, path: Path) -> bool:
        """Whether a file is one of CoNLL-U."""
        return self.format == "conllu" or (self.format == "auto" and path.suffix.lower() == ".conllu")

    def _separator(self, text: str, conllu: bool) -> str | None:
        if self.separator is not None or conllu:
            return self.separator or "\t"
        rows = (line for line in text.split("\n") if line.strip() and line[0] != "#")
        return "\t" if "\t" in next(rows, "") else None

    def _names(self, text: str, lines: list[_Line], conllu: bool) -> list[str] | None:
        """The names of the columns, if they have any; a header is taken off the lines."""
        if conllu:
            first = text.split("\n", 1)[0]
            given = first.removeprefix(GLOBAL_COLUMNS).lower().split()
            return given if first.startswith(GLOBAL_COLUMNS) else list(CONLLU)
        if not isinstance(self.token, str) and not isinstance(self.tag, str):
            return None
        return [name.strip() for name in lines.pop(0).columns]

    def _columns(
        self, path: Path, names: list[str] | None, lines: list[_Line], tagged: bool, conllu: bool
    ) -> _Columns:
        rows = (line.columns for line in lines if line.columns and not line.is_comment)
        first = next((row for row in rows if not row[0].startswith("#")), None)
        width = len(names) if names is not None else len(first or ["#"])
        wanted = {"token": self.token, "tag": self.tag}
        own = {"token": "form", "tag": "upos"} if conllu else {"token": 0, "tag": -1}
        found = {
            what: _place(path, what, own[what] if column is None else column, names, width)
            for what, column in wanted.items()
            if what == "token" or tagged
        }
        if found["token"] == found.get("tag"):
            raise ValueError(
                f"{path}: token and tag are both column {found['token']} of {width}; expected two "
                f"different ones"
            )
        return _Columns(found["token"], found.get("tag"), width, tagged or conllu)


def _lines(text: str, separator: str | None, conllu: bool) -> Iterator[_Line]:
    """The lines of a file; runs of blank lines are one."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or (not conllu and line.startswith(DOCUMENT)):
            yield _Line(number, [])
        else:
            columns = [column.strip() for column in line.split(separator)]
            yield _Line(number, columns, conllu and line.startswith("#"))


def _place(path: Path, what: str, column: int | str, names: list[str] | None, width: int) -> int:
    """The number of a column, from 0.

    Raises:
        ValueError: there is no such column.
    """
    if isinstance(column, int):
        if not -width <= column < width:
            raise ValueError(
                f"{path}: {what} is column {column} of {width}; expected one from {-width} to {width - 1}"
            )
        return column % width
    assert names is not None
    if names.count(column) != 1:
        raise ValueError(
            f"{path}, line 1: {names.count(column) or 'no'} columns are called {column!r}"
            f"{nearest(column, names) or ';'} Columns: {shortened(names)}"
        )
    return names.index(column)


def _sentences(
    path: Path, lines: list[_Line], columns: _Columns, faults: Faults, conllu: bool
) -> Iterator[TaggedSentence]:
    """The sentences; rows that are not as they should be are noted."""
    rows: list[tuple[int, str, str | None]] = []
    comments: list[int] = []
    waiting: int | None = None
    for line in [*lines, _Line(len(lines), [])]:
        if line.is_comment:
            waiting = line.number
        elif not line.columns:
            if rows:
                numbers, tokens, tags = zip(*rows, strict=True)
                yield TaggedSentence(path, numbers, tokens, tags)
                rows = []
            elif waiting is not None:
                faults.add("hollow", waiting, "a sentence has no word")
            waiting = None
        elif not conllu and line.columns[0][:1] == "#" and len(line.columns) != columns.width:
            comments.append(line.number)
        elif row := _row(line, columns, faults, conllu):
            rows.append(row)
    if comments:
        rows_in_all = sum(bool(line.columns) for line in lines)
        tell(f"{path}: {share(comments, rows_in_all)} begin with # and are no rows: taken for comments")


def _row(line: _Line, columns: _Columns, faults: Faults, conllu: bool) -> tuple[int, str, str | None] | None:
    """Line, token and tag; None where the row is no word, or at fault."""
    got, need = len(line.columns), columns.width if columns.is_exact else columns.token + 1
    if got < need or (columns.is_exact and got > need):
        faults.add("short" if got < need else "long", line.number, f"{got} columns, expected {need}")
        return None
    if conllu and not line.columns[0].isdecimal():
        if not NO_WORD.fullmatch(line.columns[0]):
            faults.add("id", line.number, f"the first column is {line.columns[0]!r}")
        return None
    token = line.columns[columns.token]
    tag = None if columns.tag is None else line.columns[columns.tag]
    if not token or tag == "":
        faults.add("empty", line.number, "the token or the tag is empty")
        return None
    return line.number, token, None if conllu and tag == UNSPECIFIED else tag
