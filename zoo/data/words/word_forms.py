"""How words are read: their forms, and which of them a vocabulary keeps."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

from zoo.data.base import check_counts, check_option
from zoo.data.words.vocabulary import PADDING, UNKNOWN, Words

DIGITS = ("keep", "zero")


@final
@dataclass(frozen=True, kw_only=True)
class WordForms:
    """What of a word counts, and which words become `<unk>`."""

    lower: bool
    """Whether words are turned to lower case."""
    digits: str
    """Whether to "keep" digits, or to read every one of them as "zero"."""
    min_count: int
    """Words that are less frequent are not kept."""
    vocab_size: int | None
    """Most words that are kept, `<pad>` and `<unk>` included."""

    def __post_init__(self) -> None:
        check_option("digits", self.digits, DIGITS)
        check_counts(min_count=self.min_count)
        if self.vocab_size is not None and self.vocab_size < 3:
            raise ValueError(
                f"vocab_size must be at least 3 (<pad>, <unk> and a word), got {self.vocab_size}"
            )

    def of(self, token: str) -> str:
        """The form of a word that the vocabulary knows."""
        word = token.lower() if self.lower else token
        return re.sub(r"\d", "0", word) if self.digits == "zero" else word

    def learn(self, tokens: Iterable[str]) -> Words:
        """The vocabulary of these words."""
        counts = Counter(self.of(token) for token in tokens)
        return Words.counted(counts, (PADDING, UNKNOWN), size=self.vocab_size, min_count=self.min_count)
