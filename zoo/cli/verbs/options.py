"""How verbs read arguments among which options of recipes stand."""

import argparse
from collections.abc import Sequence

from zoo.cli.recipes.check import SECTIONS


def count(text: str) -> int:
    """A number from 1 on, which may be written as 20_000.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not (text.replace("_", "").isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def divided(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The command's own arguments, and options of the recipes with their values."""
    mine: list[str] = []
    options: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        key, equals, value = word.partition("=")
        if key in ("--config", "-c"):
            mine += [value] if equals else rest[:1]
            rest = rest if equals else rest[1:]
        elif key.startswith("--") and key[2:].partition(".")[0] in SECTIONS:
            options.append(word)
            if not equals and rest and not rest[0].startswith("--"):
                options.append(rest.pop(0))
        else:
            mine.append(word)
    return mine, options
