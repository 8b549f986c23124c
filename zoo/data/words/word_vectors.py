"""Pretrained vectors of words from a text file: GloVe, word2vec's text form, fastText's .vec."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, final

import numpy as np
import torch
from torch import Tensor

from zoo.data.reading.files import existing, tell
from zoo.data.words.vocabulary import PADDING, UNKNOWN, Words


class _Row(NamedTuple):
    """A line of the file."""

    number: int
    word: str
    numbers: list[str]


def vectors_of(path: Path, vocabulary: Words) -> tuple[Tensor, Tensor]:
    """The vectors of those words of a vocabulary that a file has; says how many these are.

    A word whose own form is not in the file takes the vector of its lower case. Where a word stands twice,
    its first row counts. The file is read line by line, and only what is needed is kept.

    Args:
        path: A word and its numbers in each line, between spaces; a first line of two whole numbers is the
            header of word2vec and fastText. May end in .gz. In utf-8.
        vocabulary: The words.

    Returns:
        The numbers of the words found (N,), and their vectors (N, E).

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a row is at fault (names the line), or no word is in the file.
    """
    numbers = {word: k for k, word in enumerate(vocabulary.types) if word not in (PADDING, UNKNOWN)}
    wanted = {*numbers, *(word.lower() for word in numbers)}
    found = _Found(path, wanted)
    for row in _rows(path):
        found.take(row)
    own = {k: word for word, k in numbers.items() if word in found.vectors}
    lower = {k: word.lower() for word, k in numbers.items() if k not in own and word.lower() in found.vectors}
    rows = own | lower
    if not rows:
        raise ValueError(f"{path} has none of the {len(numbers)} words of the training data; are they words?")
    folded = f", {len(lower)} of them by their lower case" if lower else ""
    tell(f"{path}: vectors of {found.width} numbers for {len(rows)} of {len(numbers)} words{folded}")
    vectors = np.stack([found.vectors[word] for word in rows.values()])
    return torch.tensor(list(rows)), torch.from_numpy(vectors)


@final
class _Found:
    """The vectors of wanted words, as they are met."""

    def __init__(self, path: Path, wanted: set[str]) -> None:
        self.path = path
        self.wanted = wanted
        self.width = 0
        self.vectors: dict[str, np.ndarray] = {}

    def take(self, row: _Row) -> None:
        """Looks at a row, of which the first decides the width.

        Raises:
            ValueError: the row has another width, or holds what is no number.
        """
        self.width = self.width or len(row.numbers)
        word, numbers = row.word, row.numbers
        if len(numbers) > self.width and not _is_number(numbers[-self.width - 1]):
            word = " ".join([word, *numbers[: -self.width]])  # GloVe has words with a space within
            numbers = numbers[-self.width :]
        if len(numbers) != self.width or self.width < 2:
            raise ValueError(
                f"{self.path}, line {row.number}: {len(numbers)} numbers after {word!r}, expected "
                f"{max(self.width, 2)}{' as in the first row' if self.width > 1 else ' or more'}"
            )
        if word in self.wanted and word not in self.vectors:
            self.vectors[word] = self._vector(row.number, word, numbers)

    def _vector(self, line: int, word: str, numbers: list[str]) -> np.ndarray:
        try:
            vector = np.array(numbers, dtype=np.float32)
        except ValueError:
            wrong = next(number for number in numbers if not _is_number(number))
            raise ValueError(
                f"{self.path}, line {line}: {wrong!r} in the vector of {word!r} is no number"
            ) from None
        if not np.isfinite(vector).all():
            raise ValueError(f"{self.path}, line {line}: the vector of {word!r} is not finite")
        return vector


def _rows(path: Path) -> Iterator[_Row]:
    """The rows of a file without its header."""
    existing(path, path.name)
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                fields = line.decode("utf-8").removeprefix("\ufeff").rstrip().split(" ")
            except UnicodeDecodeError:
                raise ValueError(
                    f"{path}, line {number}: not utf-8; expected vectors in text, not in the binary form"
                ) from None
            if number == 1 and len(fields) == 2 and all(field.isdecimal() for field in fields):
                continue
            if fields != [""]:
                yield _Row(number, fields[0], fields[1:])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def start_of(path: Path | None, vocabulary: Words) -> tuple[Tensor, Tensor] | None:
    """What an embedding of this vocabulary starts from; None without a file."""
    return None if path is None else vectors_of(path, vocabulary)
