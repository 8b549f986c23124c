"""The contract of a claim: what it says, what is run, the rule, and what was found."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar, TypeVar, final

import numpy as np
from matplotlib.figure import Figure

from zoo.claims import CLAIMS


@final
class Verdict(Enum):
    """What a measurement says about a claim."""

    HOLDS = "holds"
    IN_PART = "holds in part"
    CONTRADICTED = "contradicted"


@final
@dataclass(frozen=True, kw_only=True)
class Number:
    """Something that was measured.

    Attributes:
        what: What it is of, in words.
        value: The number; of several seeds their mean.
        spread: The standard deviation over the seeds, where there are several.
        seeds: How many runs it is the mean of.
        published: What the literature says in its place; "" where it says nothing.
        known: What it would be exactly, or by guessing; "" where nobody knows.
        limit: What it may be at most, where it is an error.
    """

    what: str
    value: float
    spread: float | None = None
    seeds: int = 1
    published: str = ""
    known: str = ""
    limit: float | None = None


@final
@dataclass(frozen=True)
class Measured:
    """What the run of a claim has given.

    Attributes:
        numbers: What is printed and kept.
        curves: Name -> values, for the picture.
    """

    numbers: tuple[Number, ...]
    curves: Mapping[Any, np.ndarray] = field(default_factory=dict)

    def __getitem__(self, what: str) -> float:
        """The number that is called so."""
        return next(number.value for number in self.numbers if number.what == what)


@final
@dataclass(frozen=True, kw_only=True)
class Resources:
    """What a measurement may use.

    Attributes:
        jobs: Processes that train at once.
        root: A file of labelled texts of the user, for the claim that is about them; None does without.
        moves: Whether claims that have a moving picture draw it, too.
    """

    jobs: int = 1
    root: Path | None = None
    moves: bool = False


@dataclass(frozen=True, kw_only=True)
class Claim(ABC):
    """A sentence that can be checked: its fields are the sizes of what is run, in its short form.

    Attributes:
        says: The sentence.
        source: Who says it.
        rule: How the verdict follows from the numbers; it is written before they are measured.
        key: By what it is known, such as "v1".
        reads_texts: Whether it measures the user's texts, too, where there are any.
    """

    says: ClassVar[str]
    source: ClassVar[str]
    rule: ClassVar[str]
    key: ClassVar[str]
    reads_texts: ClassVar[bool] = False

    @property
    @abstractmethod
    def ran(self) -> str:
        """What is run, in words, with its sizes."""

    @abstractmethod
    def measure(self, resources: Resources) -> Measured:
        """Runs it."""

    @abstractmethod
    def judge(self, found: Measured) -> Verdict:
        """Follows the rule."""

    @abstractmethod
    def finding(self, found: Measured) -> str:
        """The main thing that was found, in a sentence: the title of the picture."""

    @abstractmethod
    def draw(self, found: Measured, figure: Figure) -> None:
        """Fills an empty picture, below its title."""

    def full(self) -> "Claim":
        """The same with sizes for somebody who has more time; by default there is one form."""
        return self


AnyClaim = TypeVar("AnyClaim", bound=type[Claim])


def register_claim(key: str) -> Callable[[AnyClaim], AnyClaim]:
    """Class decorator that enters a claim under a key such as "v1"."""

    def enter(part: AnyClaim) -> AnyClaim:
        CLAIMS.add(key, part)
        part.key = key
        return part

    return enter


def in_order(keys: Sequence[str]) -> list[str]:
    """Keys by what they are about: systems first, then time, explosions, gates, depth and direction."""
    return sorted(keys, key=lambda key: ("svxlgdb".find(key[0]), key[0], int(key[1:] or 0)))


def claim(key: str, is_full: bool = False, sizes: Mapping[str, Any] | None = None) -> Claim:
    """A claim that can be measured.

    Args:
        key: Such as "v1" or "V1".
        is_full: Whether in its full form.
        sizes: Other values of its fields.

    Raises:
        UnknownNameError: there is no such claim.
    """
    made: Claim = CLAIMS[key.lower()](**(sizes or {}))
    return made.full() if is_full else made
