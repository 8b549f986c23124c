"""UEA/UCR archive files: `.ts`, and the ARFF flavour of the same archive."""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, final

import numpy as np
from jaxtyping import Float64

from zoo.data.reading.files import existing

ENDINGS = (".ts", ".arff")
MISSING = ("?", "NaN", "nan", "")


@final
class Case(NamedTuple):
    """One series of an archive.

    Attributes:
        line: Where it stands.
        values: (T, D); NaN where missing.
        label: Its class, or its number in words.
    """

    line: int
    values: Float64[np.ndarray, "..."]
    label: str


@final
class Header(NamedTuple):
    """What the lines before the data say.

    Attributes:
        labels: The classes, if it names them; empty for numbers.
        is_number: Whether each series has a number instead of a class.
    """

    labels: list[str]
    is_number: bool


def read_archive(path: Path, encoding: str = "utf-8") -> tuple[Header, list[Case]]:
    """All series of a file.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is not of the archive's form; names the line.
    """
    existing(path, path.name)
    try:
        with path.open(encoding=encoding) as file:
            lines = ((number, line.strip()) for number, line in enumerate(file, 1))
            told = ((number, line) for number, line in lines if line and line[0] not in "#%")
            header, cases = (_arff if path.suffix.lower() == ".arff" else _ts)(path, told)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: {error.reason} for {encoding}; give the encoding of the file") from None
    if not cases:
        raise ValueError(f"{path} has no series below @data, expected at least one")
    for case in cases:
        if case.values.shape[1] != cases[0].values.shape[1]:
            raise ValueError(
                f"{path}, line {case.line}: {case.values.shape[1]} dimensions, and line {cases[0].line} has "
                f"{cases[0].values.shape[1]}; expected as many in each series"
            )
        if not header.is_number and header.labels and case.label not in header.labels:
            raise ValueError(
                f"{path}, line {case.line}: label {case.label!r} is none of those that the header names: "
                f"{', '.join(header.labels)}"
            )
    return header, cases


def _ts(path: Path, lines: Iterator[tuple[int, str]]) -> tuple[Header, list[Case]]:
    """`.ts`: dimensions between colons, the class last."""
    header, labelled = Header([], False), False
    for number, line in lines:
        key, *words = line.split()
        match key.lower():
            case "@timestamps" if words and words[0].lower() == "true":
                raise ValueError(
                    f"{path}, line {number}: series with time stamps are not read; expected @timeStamps "
                    f"false, or the table that it was made from, for Series"
                )
            case "@classlabel" if words and words[0].lower() == "true":
                header, labelled = Header(words[1:], False), True
            case "@targetlabel" if words and words[0].lower() == "true":
                header, labelled = Header([], True), True
            case "@data":
                break
    else:
        raise ValueError(f"{path} has no line @data, expected one before the series")
    if not labelled:
        raise ValueError(f"{path} says @classLabel of no class; expected @classLabel true and the classes")
    cases = list[Case]()
    for number, line in lines:
        *dimensions, label = line.split(":")
        if not dimensions:
            raise ValueError(
                f"{path}, line {number}: there is no colon; expected the series, a colon, its label"
            )
        values = [_numbers(path, number, dimension.split(",")) for dimension in dimensions]
        cases.append(_case(path, number, values, label.strip()))
    return header, cases


def _arff(path: Path, lines: Iterator[tuple[int, str]]) -> tuple[Header, list[Case]]:
    r"""ARFF: a number for each step and the class last, or dimensions in one quoted field, apart by `\n`."""
    attributes = list[str]()
    for number, line in lines:
        if line.lower().startswith("@data"):
            break
        if line.lower().startswith("@attribute"):
            attributes.append(line)
        elif line[0] == "@" or line.lower().startswith("@end") or attributes:
            continue
        else:
            raise ValueError(f"{path}, line {number}: {line[:30]!r} before @data; expected @attribute lines")
    else:
        raise ValueError(f"{path} has no line @data, expected one before the series")
    named = re.search(r"\{(.*)\}", attributes[-1]) if attributes else None
    labels = [name.strip().strip("'\"") for name in named[1].split(",")] if named else []
    cases = list[Case]()
    for number, line in lines:
        quote = line[0] if line[0] in "'\"" else '"'
        *fields, label = next(csv.reader([line], quotechar=quote, skipinitialspace=True))
        whole = len(fields) == 1 and "," in fields[0]
        parts = [part.split(",") for part in fields[0].split(r"\n")] if whole else [fields]
        cases.append(
            _case(path, number, [_numbers(path, number, part) for part in parts], label.strip("'\" "))
        )
    return Header(labels, not labels), cases


def _numbers(path: Path, line: int, words: Sequence[str]) -> list[float]:
    found = list[float]()
    for place, word in enumerate(words):
        plain = word.strip()
        try:
            found.append(np.nan if plain in MISSING else float(plain))
        except ValueError:
            raise ValueError(
                f"{path}, line {line}: value {place + 1} is {plain[:30]!r}, expected a number, or ? where it "
                f"is missing"
            ) from None
    return found


def _case(path: Path, line: int, dimensions: Sequence[list[float]], label: str) -> Case:
    """A series whose dimensions may end at different steps, where the shorter ones are missing."""
    length = max(map(len, dimensions))
    values = np.full((length, len(dimensions)), np.nan)
    for k, dimension in enumerate(dimensions):
        values[: len(dimension), k] = dimension
    if np.isinf(values).any() or np.isnan(values).all():
        raise ValueError(f"{path}, line {line}: the series has no finite values, expected some")
    if not label or label in MISSING:
        raise ValueError(f"{path}, line {line}: the label is missing; expected one after the series")
    return Case(line, values[: 1 + int(np.nonzero(~np.isnan(values).all(1))[0].max())], label)
