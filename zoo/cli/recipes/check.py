"""Finds what is wrong with a recipe before anything is built, and says what it should have been."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from zoo.cli.errors import UserError
from zoo.cli.recipes.allowlist import KINDS, PLACES, class_of
from zoo.cli.recipes.merge import SPELLED, as_list
from zoo.cli.recipes.recipe import RecipeInputs
from zoo.cli.recipes.resolve import is_task
from zoo.registry import check_choice, nearest
from zoo.registry.source import Source, public_classes

SECTIONS = ("seed_everything", "model", "data", "trainer", "ckpt_path", "test_after_fit")
"""The top-level keys of a recipe and of a command line."""
TRAINER = "lightning.pytorch.trainer.trainer:Trainer"
SEEDS = 2**32
"""Seeds of numpy, and so of Lightning, are below this."""
MOST_PROCESSES = {"devices": 512, "num_nodes": 4096}
"""What a recipe may ask a machine, or a cluster, to start."""
SHARDING = ("fsdp", "deepspeed", "modelparallel")
"""What names and classes of strategies begin with that split weights, without capitals and underscores."""
MOST_LISTED = 12
"""Options that a message lists."""
OF_TORCH = {
    "zoo.tasks.optimisation:OptimizerSpec": ("optimizer", "torch.optim"),
    "zoo.tasks.optimisation:ScheduleSpec": ("schedule", "torch.optim.lr_scheduler"),
}
"""Specs whose name is that of a class of torch, which takes seconds to import."""
OF_FUNCTIONS = ("LambdaLR", "MultiplicativeLR", "SequentialLR", "ChainedScheduler")
"""Classes of torch that take functions or other schedules, which are no plain data."""
MEMBER = re.compile(r"(?<![\w.])(?:zoo|torch|lightning)(?:\.\w+)*\.[A-Z]\w*\.\w+")
"""What belongs to a class, such as a method: its path begins with that of the class, which may be allowed."""
WORDS = ("notes", "tags", "project", "entity", "group")
"""Options of loggers that are no places to write to."""
PART = "a name, or class_path and init_args"


def check(inputs: RecipeInputs, sections: Sequence[str]) -> None:
    """Refuses what a recipe may not say, before anything is imported for it.

    That is keys that nothing takes, sections of another form, places to write to that are not the recipe's
    business, and values that Lightning would ignore.

    Args:
        inputs: What the user gave.
        sections: The top-level keys that there are.

    Raises:
        UserError: says what is wrong, where, and what was probably meant.
    """
    recipe = inputs.merged
    _check_forms(inputs, recipe, sections)
    if recipe.get("model") is None:
        raise UserError(
            "no model; name one in a recipe (--config FILE, `zoo list recipes`) or with --model (`zoo list "
            "tasks`)"
        )
    if recipe.get("data") is None and is_task(recipe["model"]):
        raise UserError("no data; name some in a recipe (--config FILE) or with --data (`zoo list data`)")
    for place in ("model", "data"):
        _check_part(inputs, recipe.get(place), place)
    if isinstance(recipe.get("trainer"), dict):
        if is_task(recipe["model"]):
            _check_strategy(inputs, recipe["trainer"].get("strategy"))
        _check_trainer(inputs, recipe["trainer"])
    for key, text in [pair for section, value in recipe.items() for pair in _texts(value, section)]:
        if MEMBER.search(text):
            raise _wrong(inputs, key, text, "a class, and nothing of it")
    _check_places(inputs)
    incomplete = next((key for key, typed in inputs.options if typed is None), None)
    if incomplete is not None:
        raise UserError(f"--{incomplete} needs a value")


def _check_forms(inputs: RecipeInputs, recipe: Mapping[str, Any], sections: Sequence[str]) -> None:
    """Refuses unknown keys, lists and numbers where a part or a mapping belongs, and a seed that is none."""
    for key in recipe:
        if key not in sections:
            place = inputs.place(key)
            hint = nearest(key, sections if place else [*sections, "config"]) or ";"
            raise UserError(f"{place}unknown key {key!r}{hint} {_expect(sections)}")
    forms = {"model": (str, dict), "data": (str, dict), "trainer": (dict,)}
    for key, types in forms.items():
        if recipe.get(key) is not None and not isinstance(recipe[key], types):
            raise _wrong(inputs, key, recipe[key], PART if str in types else "options such as max_epochs")
    seed = recipe.get("seed_everything")
    text = str(seed)
    if re.fullmatch(r"-?\d+", text) and (len(text) > len(str(SEEDS)) or not 0 <= int(text) < SEEDS):
        raise _wrong(inputs, "seed_everything", seed, f"a number from 0 to {SEEDS - 1}")


def _check_trainer(inputs: RecipeInputs, trainer: dict[str, Any]) -> None:
    _check_keys(inputs, trainer, TRAINER, "trainer")
    for place in KINDS:
        section, _, key = place.partition(".")
        if section == "trainer":
            for item in as_list(trainer.get(key)):
                _check_part(inputs, item, place)
    for key, most in MOST_PROCESSES.items():
        text = str(trainer.get(key))
        if text.isdecimal() and (len(text) > len(str(most)) or int(text) > most):
            raise _wrong(inputs, f"trainer.{key}", trainer[key], f"at most {most}, for each is a process")
    limit = trainer.get("gradient_clip_val")
    if isinstance(limit, int | float) and not (0 <= limit < math.inf):
        raise UserError(
            f"{inputs.place('gradient_clip_val')}trainer.gradient_clip_val is {limit}; expected "
            f"0 or more (below 0, Lightning clips nothing)"
        )


def _check_strategy(inputs: RecipeInputs, strategy: Any) -> None:
    """Refuses strategies that a recurrence cannot be trained by, as a word or as a class."""
    name = str(strategy.get("class_path") if isinstance(strategy, dict) else strategy)
    if class_of(name).lower().replace("_", "").startswith(SHARDING):
        raise UserError(
            f"{inputs.place('strategy')}trainer.strategy is {name!r}, which splits weights over "
            f"devices, and a recurrence reads all of its weights at every step; expected 'ddp' or 'auto'"
        )


def _check_part(inputs: RecipeInputs, value: Any, place: str) -> None:
    """Checks a part given as a name, or as a class and its arguments."""
    if value is None or isinstance(value, str):
        return
    path = value.get("class_path") if isinstance(value, dict) else None
    if not isinstance(path, str):
        raise _wrong(inputs, place, value, PART)
    given = value.get("init_args") or {}
    if not isinstance(given, dict):
        raise _wrong(inputs, f"{place}.init_args", given, "options with their values")
    module, _, name = path.rpartition(".")
    _check_keys(inputs, given, f"{module}:{name}", place)


def _check_keys(inputs: RecipeInputs, given: Mapping[str, Any], target: str, place: str) -> None:
    """Refuses options that a class does not have, as far as its source says."""
    source = Source.of(target)
    arguments = source.arguments()
    if arguments is None or (source.is_dataclass and not source.is_whole):
        return
    options = {argument.name: argument for argument in arguments}
    for key, value in given.items():
        if key not in options:
            raise UserError(
                f"{inputs.place(f'{place}.{key}')}{place}: {target.partition(':')[2]} has no option {key!r}"
                f"{nearest(key, options) or ';'} {_expect(options)}"
            )
        if key in PLACES:
            for item in as_list(value):
                _check_part(inputs, item, f"{place}.{key}")
        else:
            _check_spec(inputs, value, options[key].classes, f"{place}.{key}")


def _check_spec(inputs: RecipeInputs, value: Any, classes: Iterable[str], place: str) -> None:
    """Checks the fields of a spec, if the option is one."""
    spec = next((target for target in classes if Source.of(target).is_dataclass), None)
    if spec is None or value is None:
        return
    if not isinstance(value, dict):
        raise _wrong(inputs, place, value, f"options of {spec.partition(':')[2]}")
    _check_keys(inputs, value, spec, place)
    noun, package = OF_TORCH.get(spec, ("", ""))
    if noun and isinstance(value.get("name"), str):
        known = [name for name in public_classes(package) if name not in OF_FUNCTIONS]
        check_choice(noun, value["name"], known)


def _wrong(inputs: RecipeInputs, place: str, value: Any, expected: str) -> UserError:
    return UserError(f"{inputs.place(place)}{place} is {_what(value)}; expected {expected}")


def _what(value: Any) -> str:
    if isinstance(value, dict | list):
        kind = "a mapping" if isinstance(value, dict) else "a list"
        return f"{kind} of {len(value)}" if value else f"an empty {kind[2:]}"
    return repr(value)[:60]


def _expect(options: Iterable[str]) -> str:
    names = list(options)
    more = ", ..." if len(names) > MOST_LISTED else ""
    return "expected one of " + ", ".join(names[:MOST_LISTED]) + more


def _check_places(inputs: RecipeInputs) -> None:
    """Refuses recipes that name a place outside of the run's folder.

    Raises:
        UserError: names the place, and the option that would do.
    """
    for recipe in inputs.recipes:
        for key, text in _texts(recipe.get("trainer"), "trainer"):
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


def _texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """All texts in a value, each with the option that gives it on the command line."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, place)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, place if key in SPELLED else f"{place}.{key}")


def _is_outside(key: str, text: str) -> bool:
    leads_out = re.match(r"[/\\~]|\w+:[/\\]", text) is not None or ".." in re.split(r"[/\\]", text)
    return leads_out and key.rpartition(".")[2] not in WORDS
