"""A vocabulary for one side of a pair: pieces of text behind four numbers of their own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, final

from zoo.data.base import check_option
from zoo.data.words.vocabulary import END_OF_LINE, PADDING, UNKNOWN, Characters, Vocabulary, Words, restore

SPECIALS = (PADDING, UNKNOWN, "<bos>", END_OF_LINE)
PAD, UNK, BOS, EOS = range(len(SPECIALS))
UNITS = ("words", "characters", "bpe")
LEAST = {"words": len(SPECIALS) + 1, "bpe": len(SPECIALS) + 256}
"""The smallest vocabulary of a unit: the numbers of their own and a word, or every byte."""


@final
class Framed(Vocabulary):
    """Words, characters or byte pairs, numbered from 4 on: `<pad>` is 0, `<unk>` 1, `<bos>` 2, `<eos>` 3.

    Args:
        pieces: The vocabulary of the pieces; where it has a number for the unknown, that is its 0.
    """

    def __init__(self, pieces: Vocabulary) -> None:
        self.pieces = pieces
        self._first = 0 if pieces.state_dict()["unit"] == "bpe" else 1

    @classmethod
    def learn(cls, lines: Sequence[str], unit: str, size: int | None, min_count: int) -> "Framed":
        """The vocabulary of some lines.

        Args:
            lines: Texts of one side.
            unit: words, characters or bpe.
            size: Most types, the four of their own included; needed for bpe.
            min_count: Words less frequent than this become `<unk>`.
        """
        if unit == "characters":
            return cls(Characters.learn("".join(lines)))
        text = "\n".join(lines)
        if unit == "words":
            left = None if size is None else size - len(SPECIALS) + 1
            return cls(Words.learn(text, (UNKNOWN,), size=left, min_count=min_count))
        from zoo.data.words.byte_pairs import BytePairs  # a compiled library that only byte pairs need

        assert size is not None
        return cls(BytePairs.learn(text, size - len(SPECIALS)))

    def __len__(self) -> int:
        return len(self.pieces) - self._first + len(SPECIALS)

    def encode(self, text: str) -> list[int]:
        shift = len(SPECIALS) - self._first
        return [UNK if number < self._first else number + shift for number in self.pieces.encode(text)]

    def decode(self, numbers: Iterable[int]) -> str:
        """The text of these numbers up to the first `<eos>`."""
        shift = len(SPECIALS) - self._first
        before = takewhile(lambda number: number != EOS, numbers)
        kept = [number for number in before if number >= len(SPECIALS) or (number == UNK and self._first)]
        return self.pieces.decode(0 if number == UNK else number - shift for number in kept)

    def state_dict(self) -> dict[str, Any]:
        return self.pieces.state_dict()

    @classmethod
    def restored(cls, state: dict[str, Any]) -> "Framed":
        """The vocabulary whose `state_dict` is `state`."""
        return cls(restore(state))


@final
@dataclass(frozen=True)
class Side:
    """What the pieces of one side of a pair are.

    Args:
        name: source or target, for messages.
        unit: words, characters or bpe.
        size: Most types, the four of their own included; needed for bpe.

    Raises:
        ValueError: there is no such unit, or it cannot have that many types.
    """

    name: str
    unit: str
    size: int | None

    def __post_init__(self) -> None:
        check_option(f"{self.name}_unit", self.unit, UNITS)
        _check_size(f"{self.name}_vocab_size", self.unit, self.size)

    def learn(self, lines: Sequence[str], min_count: int) -> Framed:
        """The vocabulary of some lines of this side."""
        return Framed.learn(lines, self.unit, self.size, min_count)


def _check_size(name: str, unit: str, size: int | None) -> None:
    if unit == "characters" and size is not None:
        raise ValueError(f"{name} {size} has no effect on characters; leave it out or use words")
    if unit == "words" and size is not None and size < LEAST[unit]:
        raise ValueError(
            f"{name} must be at least {LEAST[unit]} ({', '.join(SPECIALS)} and a word), got {size}"
        )
    if unit == "bpe" and (size is None or size < LEAST[unit]):
        raise ValueError(f"{name} is {size}; byte pairs need a size of at least {LEAST[unit]}, such as 4096")
