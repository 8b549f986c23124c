"""Where a run may write: in its folder; anywhere else only if the command line says so."""

import re
from collections.abc import Iterator
from typing import Any

from zoo.cli.errors import UserError
from zoo.cli.recipes.merge import SPELLED
from zoo.cli.recipes.recipe import RecipeInputs

WORDS = ("notes", "tags", "project", "entity", "group")
"""Options of loggers that are no places to write to."""


def check_places(inputs: RecipeInputs) -> None:
    """Refuses recipes that name a place outside of the run's folder.

    Raises:
        UserError: names the place, and the option that would do.
    """
    for recipe in inputs.recipes:
        for key, text in texts(recipe.get("trainer"), "trainer"):
            if _is_outside(key, text):
                raise UserError(
                    f"{inputs.place(key)}{key} is {text!r}, and a recipe writes into the run's folder only; "
                    f"expected a name without .. in it, or --{key} on the command line"
                )


def without_places(value: Any, place: str = "trainer") -> Any:
    """A recipe's trainer without the places outside of the run's folder, which the command line had named."""
    if isinstance(value, list):
        return [without_places(item, place) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: without_places(inner, f"{place}.{key}")
        for key, inner in value.items()
        if not (isinstance(inner, str) and _is_outside(key, inner))
    }


def texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """All texts in a value, each with the option that gives it on the command line."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, place)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(inner, place if key in SPELLED else f"{place}.{key}")


def _is_outside(key: str, text: str) -> bool:
    leads_out = re.match(r"[/\\~]|\w+:[/\\]", text) is not None or ".." in re.split(r"[/\\]", text)
    return leads_out and key.rpartition(".")[2] not in WORDS
