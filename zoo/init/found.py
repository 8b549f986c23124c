"""What was found in a file, and the recipe for it."""

import math
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import yaml

from zoo.init.source import Source

Recipe = dict[str, Any]
WIDTH = 100
"""Letters of a line of comment."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which columns are what, as far as the user has said it."""

    target: str | None = None
    """What is to be predicted, by name or number."""
    id: str | None = None
    """Which series a row is of."""
    time: str | None = None
    """When a row is of."""

    @property
    def has_order(self) -> bool:
        """Whether id or time is named."""
        return self.id is not None or self.time is not None


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a file holds, in words, and a first model for it."""

    what: str
    """In a line: texts with labels, a series, ..."""
    facts: tuple[str, ...]
    """What was counted: rows, lengths, classes, what is missing."""
    guesses: tuple[str, ...]
    """What was taken for what, and the option that says otherwise."""
    recipe: Recipe
    """The recipe, as plain data."""
    comments: Mapping[str, str] = field(default_factory=dict)
    """Dotted key of the recipe -> why it is as it is."""


class Form(ABC):
    """A form of data.

    Attributes:
        rank: Forms of smaller rank are asked first.
        expects: What it reads, in a line.
        has_order: Whether rows may have an id and a time, which the user may name.
    """

    rank: ClassVar[int]
    expects: ClassVar[str]
    has_order: ClassVar[bool] = False

    @abstractmethod
    def look(self, source: Source, asked: Asked) -> Found | None:
        """What the source holds in this form; None where it has another.

        Args:
            source: What the user named.
            asked: What the user has said of it.

        Raises:
            ValueError: it has this form, and something is wrong with it.
        """


def written(found: Found, command: str) -> str:
    """The recipe as a file, with its comments.

    Args:
        found: What was found.
        command: The line that trains it.
    """
    lines = [found.what, *found.facts, *found.guesses, f"Run: {command}"]
    head = "".join(
        f"# {part}\n" for line in lines for part in textwrap.wrap(line, WIDTH, break_long_words=False)
    )
    return head + "\n".join(_yaml(found.recipe, found.comments)) + "\n"


def _yaml(value: Mapping[str, Any], comments: Mapping[str, str], place: str = "") -> Iterator[str]:
    """A mapping as lines of YAML; short ones stand in one."""
    for key, inner in value.items():
        dotted, margin = f"{place}{key}", "  " * place.count(".")
        if dotted in comments:
            yield f"{margin}# {comments[dotted]}"
        deeper = any(other.startswith(f"{dotted}.") for other in comments)
        flat = f"{margin}{key}: {_flow(inner)}"
        if (
            not isinstance(inner, dict)
            or not inner
            or (len(flat) < 90 and not deeper and "class_path" not in inner)
        ):
            yield from _listed(key, inner, margin) if isinstance(inner, list) and inner else [flat]
        else:
            yield f"{margin}{key}:"
            yield from _yaml(inner, comments, f"{dotted}.")


def _listed(key: str, items: list[Any], margin: str) -> Iterator[str]:
    if not any(isinstance(item, dict) for item in items):
        yield f"{margin}{key}: {_flow(items)}"
        return
    yield f"{margin}{key}:"
    for item in items:
        yield f"{margin}  - {_flow(item)}"


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=math.inf, allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")


def counted(number: int, one: str, several: str | None = None) -> str:
    """A number with its noun: "1 row", "1,200 rows"."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"
