"""The variants of a comparison: recipes, each with every combination of what is varied."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from zoo.cli.errors import UserError
from zoo.cli.recipes.check import SECTIONS, check
from zoo.cli.recipes.listing import find
from zoo.cli.recipes.paths import Places, budget, encoder_of, full_path, places_of
from zoo.cli.recipes.recipe import Option, RecipeInputs

SEED = "seed_everything"
GIVEN = {
    SEED: "gives each run its seed; expected --seeds",
    "ckpt_path": "begins with a new model for each run; leave it out",
    "trainer.fast_dev_run": "reads what runs keep, and such a run keeps nothing; leave it out",
    "trainer.logger": "reads what the loggers of runs keep, as they are; leave it out",
}
"""Options that a comparison does not take, and why."""
OPENING, CLOSING = "[{", "]}"


@final
@dataclass(frozen=True)
class Variant:
    """What is trained with several seeds.

    Attributes:
        name: Its name in tables, which no other variant has.
        inputs: Its recipe, and all options but the seed.
    """

    name: str
    inputs: RecipeInputs

    @property
    def folder_name(self) -> str:
        """What its folder is called."""
        return re.sub(r"[^\w.=+-]+", "_", self.name).strip("_.") or "variant"

    def with_seed(self, seed: int) -> RecipeInputs:
        """Its recipe with a seed."""
        return replace(self.inputs, options=[*self.inputs.options, (SEED, str(seed))])


@final
@dataclass(frozen=True)
class Axis:
    """Something that is varied.

    Attributes:
        path: As it was typed.
        values: What it takes, as typed.
    """

    path: str
    values: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Axis":
        """The axis of `PATH=a,b,c`.

        Raises:
            UserError: it says something else.
        """
        path, equals, listed = text.partition("=")
        values = tuple(value.strip() for value in _split(listed))
        if not (path and equals and all(values)):
            raise UserError(f"--over is {text!r}; expected a path and its values, such as cell=lstm,gru")
        if len(set(values)) < len(values):
            raise UserError(f"--over {text} has a value twice; expected each once")
        return cls(path, values)

    def label(self, value: str) -> str:
        """What a value is called in the name of a variant: itself, and with its path where it is no word."""
        is_word = re.fullmatch(r"[A-Za-z]\w*", value) and value not in ("true", "false", "null")
        return value if is_word else f"{self.path.rpartition('.')[2]}={value}"


def _split(listed: str) -> list[str]:
    """What stands between commas that are in no brackets."""
    depths = itertools.accumulate((char in OPENING) - (char in CLOSING) for char in listed)
    cuts = [place for place, depth in enumerate(depths) if listed[place] == "," and depth == 0]
    return [listed[first + 1 : last] for first, last in itertools.pairwise([-1, *cuts, len(listed)])]


def variants(
    recipes: Sequence[str], options: Sequence[Option], over: Sequence[str], params: int | None
) -> list[Variant]:
    """All variants, each checked as far as it goes without building it.

    Args:
        recipes: Files or names.
        options: Of the command line, for all of them.
        over: What is varied, each as `PATH=a,b,c`.
        params: Parameters that each encoder is to have; None leaves that to the recipe.

    Raises:
        UserError: a recipe, a path or an option is wrong.
        UnknownNameError: there is no such recipe or part.
    """
    check_options(options)
    axes = [Axis.of(text) for text in over]
    found = [
        variant
        for recipe in recipes
        for variant in _of_recipe(find(recipe), options, axes, params, len(recipes) > 1)
    ]
    for names in ([variant.name for variant in found], [variant.folder_name for variant in found]):
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise UserError(f"two variants are called {twice[0]!r}; expected different recipes and values")
    for variant in found:
        check(variant.inputs, SECTIONS)
    return found


def check_options(options: Sequence[Option]) -> None:
    """Refuses options of the command line that no comparison takes.

    Raises:
        UserError: there is such an option.
    """
    for key, value in options:
        if key in GIVEN:
            raise UserError(f"--{key} is {value}, and a comparison {GIVEN[key]}")


def _of_recipe(
    path: Path, options: Sequence[Option], axes: Sequence[Axis], params: int | None, is_one_of_several: bool
) -> Iterator[Variant]:
    places = places_of(RecipeInputs([path], options).merged)
    fixed = [] if params is None else _budget(places, params)
    for axis in axes:
        if axis.path in GIVEN:
            raise UserError(f"--over {axis.path}: a comparison {GIVEN[axis.path]}")
    keys = [full_path(axis.path, places, "--over") for axis in axes]
    for values in itertools.product(*(axis.values for axis in axes)):
        labels = [axis.label(value) for axis, value in zip(axes, values, strict=True)]
        name = " ".join([path.stem, *labels] if is_one_of_several or not axes else labels)
        own = list(zip(keys, values, strict=True))
        yield Variant(name, RecipeInputs([path], [*options, *fixed, *own]))


def _budget(places: Places, params: int) -> list[Option]:
    encoder = encoder_of(places)
    if encoder is None:
        raise UserError("--params gives an encoder its width, and this model has none; leave it out")
    return budget(encoder, str(params))
