"""Completion in a shell, by argcomplete: commands, options, recipes and parts. Nothing heavy is imported."""

import argparse
import itertools
import os
import shlex
from collections.abc import Iterator
from contextlib import suppress
from typing import NoReturn

from zoo.cli.errors import UserError
from zoo.cli.recipes.allowlist import KINDS, PLACES, specs_of
from zoo.cli.recipes.listing import find, recipes
from zoo.cli.recipes.paths import all_places_of
from zoo.cli.recipes.recipe import RecipeInputs
from zoo.cli.recipes.resolve import Recipe
from zoo.cli.verbs import known_verbs

LINE, POINT = "COMP_LINE", "COMP_POINT"
"""What has been typed, and where in it the cursor is."""


def complete() -> NoReturn:
    """Answers the shell, and ends."""
    with suppress(ImportError):  # nothing is completed without
        import argcomplete

        argcomplete.autocomplete(_parser(), always_complete_options="long")
    raise SystemExit(1)


def _parser() -> argparse.ArgumentParser:
    """A parser of what may be typed there."""
    line, verbs = os.environ[LINE], known_verbs()
    words = line.split()
    if len(words) < 2 or words[1] not in verbs or line.endswith(words[1]):
        commands = argparse.ArgumentParser("zoo")
        commands.add_argument("command", choices=list(verbs))
        return commands
    verb = verbs[words[1]].load()()
    parser: argparse.ArgumentParser = verb.parser()
    # argcomplete reads the line on its own: of the commands it is to see one, which has no further name.
    os.environ[LINE] = line.replace(f"{words[1]} ", "", 1)
    os.environ[POINT] = str(int(os.environ[POINT]) - len(words[1]) - 1)
    if verb.takes_recipe:
        config = parser.add_argument("--config", "-c")
        config.completer = lambda **_: list(recipes())  # type: ignore[attr-defined]  # argcomplete looks for it
        for name in ("model", "data", *_options(_recipe(line))):
            _add(parser, name)
    return parser


def _add(parser: argparse.ArgumentParser, name: str) -> None:
    """Adds an option of a recipe, with the names of parts where it takes one."""
    action = parser.add_argument(f"--{name}")
    last = name.rpartition(".")[2]
    kind = KINDS.get(name.removesuffix("+"))
    if kind is not None and not kind.takes_words:
        action.choices = sorted({*kind.own, *kind.paths})
    elif last in PLACES:
        action.choices = [part for part in specs_of(PLACES[last]) if part.islower()]


def _recipe(line: str) -> Recipe:
    """The recipe that a line names; an empty one where it names none, or the line is not whole yet."""
    with suppress(ValueError, LookupError, UserError, OSError):
        words = shlex.split(line)
        named = [after for word, after in itertools.pairwise(words) if word in ("--config", "-c")]
        named += [word.partition("=")[2] for word in words if word.startswith("--config=")]
        return RecipeInputs([find(name) for name in named], []).merged
    return {}


def _options(recipe: Recipe) -> Iterator[str]:
    """The dotted options of a recipe, and the lists of the trainer to which something can be added."""
    for place, options in all_places_of(recipe).items():
        yield from (f"{place}.{option.name}" for option in options)
    yield from (f"{place}+" for place in KINDS if place.startswith("trainer."))
