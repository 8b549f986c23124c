"""Text to numbers and back: characters, words, or byte pairs."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, final

PADDING = "<pad>"
UNKNOWN = "<unk>"
END_OF_LINE = "<eos>"
UNKNOWN_CHARACTER = "\ufffd"


class Vocabulary(ABC):
    """Numbers for the pieces of a text."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def encode(self, text: str) -> list[int]:
        """The numbers of a text."""

    def encode_open(self, text: str) -> list[int]:
        """The numbers of a text that goes on, so that its last line has not ended."""
        return self.encode(text)

    @abstractmethod
    def decode(self, numbers: Iterable[int]) -> str:
        """A text whose numbers are `numbers`."""

    @property
    def reserved(self) -> tuple[int, ...]:
        """The numbers that stand for no piece of a text: for padding, and for what is not known."""
        return ()

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Plain values from which `restore` makes the same vocabulary again."""


def restore(state: dict[str, Any]) -> Vocabulary:
    """The vocabulary whose `state_dict` is `state`."""
    if state["unit"] == "bpe":
        from zoo.data.words.byte_pairs import BytePairs  # a compiled library that only byte pairs need

        return BytePairs(state["tokenizer"])
    if state["unit"] == "characters":
        return Characters(state["types"])
    return Words(state["types"], state["end_of_line"])


@final
class Characters(Vocabulary):
    """Every character of the training text; number 0 stands for all others.

    Args:
        types: Characters in the order of their numbers; the first is U+FFFD.
    """

    def __init__(self, types: Sequence[str]) -> None:
        self.types = tuple(types)
        self._numbers = {character: number for number, character in enumerate(self.types)}

    @classmethod
    def learn(cls, text: str) -> "Characters":
        """The characters of `text`, by code point."""
        return cls([UNKNOWN_CHARACTER, *sorted(set(text) - {UNKNOWN_CHARACTER})])

    def __len__(self) -> int:
        return len(self.types)

    def encode(self, text: str) -> list[int]:
        numbers = self._numbers
        return [numbers.get(character, 0) for character in text]

    def decode(self, numbers: Iterable[int]) -> str:
        return "".join(self.types[number] for number in numbers)

    @property
    def reserved(self) -> tuple[int, ...]:
        return (0,)

    def state_dict(self) -> dict[str, Any]:
        return {"unit": "characters", "types": list(self.types)}


@final
class Words(Vocabulary):
    """The words of the training text, divided by white space; rare and new ones become `<unk>`.

    Args:
        types: Words in the order of their numbers; `<unk>` is one of them.
        end_of_line: Whether every line ends in a word `<eos>`, as in language models of the Penn Treebank.
    """

    def __init__(self, types: Sequence[str], end_of_line: bool) -> None:
        self.types = tuple(types)
        self.end_of_line = end_of_line
        self._numbers = {word: number for number, word in enumerate(self.types)}

    @classmethod
    def learn(
        cls, text: str, specials: Sequence[str], *, size: int | None = None, min_count: int = 1
    ) -> "Words":
        """The most frequent words of `text`.

        Args:
            text: Training text.
            specials: Words that come first, whatever their frequency: `<pad>`, `<unk>`, `<eos>`.
            size: Most types to keep, specials included; None keeps all.
            min_count: Words less frequent than this become `<unk>`.
        """
        return cls.counted(Counter(text.split()), specials, size=size, min_count=min_count)

    @classmethod
    def counted(
        cls,
        counts: Mapping[str, int],
        specials: Sequence[str],
        *,
        size: int | None = None,
        min_count: int = 1,
    ) -> "Words":
        """The most frequent of words that have been counted; the rest is as for `learn`."""
        frequent = sorted(
            (word for word, count in counts.items() if count >= min_count and word not in specials),
            key=lambda word: (-counts[word], word),
        )
        return cls([*specials, *frequent][:size], END_OF_LINE in specials)

    def __len__(self) -> int:
        return len(self.types)

    def encode(self, text: str) -> list[int]:
        if not self.end_of_line:
            return self.numbers(text.split())
        numbers: list[int] = []
        for line in text.removesuffix("\n").split("\n"):
            numbers += self.numbers(line.split())
            numbers.append(self._numbers[END_OF_LINE])
        return numbers

    def encode_open(self, text: str) -> list[int]:
        numbers = self.encode(text)
        return numbers[:-1] if self.end_of_line and not text.endswith("\n") else numbers

    def numbers(self, words: Iterable[str]) -> list[int]:
        """The numbers of words that are divided already."""
        table, unknown = self._numbers, self._numbers[UNKNOWN]
        return [table.get(word, unknown) for word in words]

    def decode(self, numbers: Iterable[int]) -> str:
        words = " ".join(self.types[number] for number in numbers)
        return words.replace(f"{END_OF_LINE} ", "\n").replace(END_OF_LINE, "\n").replace(" \n", "\n")

    @property
    def reserved(self) -> tuple[int, ...]:
        return tuple(self._numbers[word] for word in (PADDING, UNKNOWN) if word in self._numbers)

    def state_dict(self) -> dict[str, Any]:
        return {"unit": "words", "types": list(self.types), "end_of_line": self.end_of_line}
