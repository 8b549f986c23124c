"""The options of a recipe by short paths: `cell` is `model.network.encoder.cell`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zoo.cli.errors import UserError
from zoo.cli.recipes.allowlist import PLACES
from zoo.cli.recipes.check import SECTIONS, TRAINER
from zoo.cli.recipes.recipe import Option
from zoo.cli.recipes.resolve import Recipe
from zoo.registry import nearest
from zoo.registry.source import Argument, Source

Places = Mapping[str, Sequence[Argument]]
"""Place in a recipe -> the options that it has."""


def places_of(recipe: Recipe) -> Places:
    """The places within a recipe's model that have options; the model itself first."""
    return dict(_of_part(recipe.get("model"), "model"))


def full_path(path: str, places: Places, given_by: str) -> str:
    """The option that a path means, which may leave out what stands before it: the outermost one.

    Args:
        path: As the user wrote it.
        places: Of the model.
        given_by: Where the user wrote it, for messages.

    Raises:
        UserError: there is none, or several.
    """
    first = path.partition(".")[0]
    if first in SECTIONS:
        return path
    held = [place for place, options in places.items() if any(first == option.name for option in options)]
    least = min((place.count(".") for place in held), default=0)
    found = [f"{place}.{path}" for place in held if place.count(".") == least]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(f"{given_by} {path} may mean {' or '.join(found)}; expected one of them")
    known = dict.fromkeys(option.name for options in places.values() for option in options)
    raise UserError(
        f"{given_by} {path}: the model has no option {first!r}{nearest(first, known) or ';'} expected a path "
        f"in the recipe, such as cell, wiring, optimizer.lr or data.batch_size"
    )


def encoder_of(places: Places) -> str | None:
    """The place of the outermost encoder; None of a model that has none."""
    return min((place for place in places if place.endswith(".encoder")), key=len, default=None)


def budget(encoder: str, params: str) -> list[Option]:
    """The options that give an encoder so many parameters, whatever width its recipe gives it."""
    from zoo.stack.spec import StackSpec  # torch, which no mistake need wait for

    # The width that a stack has where nobody gives it one, for two ways of saying it are refused.
    return [(f"{encoder}.hidden_size", str(StackSpec().hidden_size)), (f"{encoder}.params", params)]


def takes_fractions(key: str, recipe: Recipe) -> bool:
    """Whether an option is a number with a fraction, as far as the source of its owner says."""
    place, _, name = key.rpartition(".")
    declared = (option.text for option in all_places_of(recipe).get(place, ()) if option.name == name)
    return any("float" in text.partition("=")[0] for text in declared)


def all_places_of(recipe: Recipe) -> Places:
    """The places within model, data and trainer that have options."""
    trainer = Source.of(TRAINER).arguments() or ()
    return {"trainer": trainer, **dict(_of_part(recipe.get("data"), "data")), **places_of(recipe)}


def _of_part(part: Any, place: str) -> Iterator[tuple[str, list[Argument]]]:
    """The places within a part that have options; itself first."""
    path = part.get("class_path") if isinstance(part, dict) else part
    if isinstance(path, str):
        module, _, name = path.rpartition(".")
        yield from _within(f"{module}:{name}", place)


def _within(target: str, place: str) -> Iterator[tuple[str, list[Argument]]]:
    arguments = Source.of(target).arguments() or []
    yield place, arguments
    for argument in arguments:
        for spec in argument.classes if argument.name not in PLACES else ():
            if Source.of(spec).is_dataclass:
                yield from _within(spec, f"{place}.{argument.name}")
