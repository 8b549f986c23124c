"""What a search varies, read from a file and checked as far as it goes without building anything."""

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import yaml

from zoo.cli.errors import UserError
from zoo.cli.recipes.check import SECTIONS, check
from zoo.cli.recipes.paths import budget, full_path, places_of, takes_fractions
from zoo.cli.recipes.plain_yaml import load, read
from zoo.cli.recipes.recipe import Option, RecipeInputs
from zoo.registry import nearest
from zoo.sweep.scale import Scale

if TYPE_CHECKING:  # an optional package
    from optuna import Trial

RANGE = ("low", "high", "step", "log")
CONTENT = "paths of options with what they take, such as lr: {low: 1e-4, high: 1e-1, log: true}"
PARAMS = ".encoder.params"
ROUNDING = 1e-9
"""Share of a step by which a range may miss a whole number of them."""
DISTRIBUTIONS = {
    (False, False): "uniform",
    (False, True): "log_uniform_values",
    (True, False): "int_uniform",
    (True, True): "q_log_uniform_values",
}
"""Names of W&B, by whether a number is whole and whether equal factors count alike."""
GIVEN = {
    "seed_everything": "is the same for all trials, for a seed that is chosen by its result is luck",
    "ckpt_path": "is none, for each trial begins with a new model",
    "trainer.fast_dev_run": "is off, for such a run keeps nothing",
    "trainer.logger": "is the recipe's, for a search reads what loggers keep",
    "test_after_fit": "is off, for what is chosen by its test is not tested by it",
}
"""Options that a search does not vary, and why."""


@dataclass(frozen=True)
class Dimension(ABC):
    """An option that a search varies.

    Attributes:
        path: As the user wrote it.
        key: The option that it means.
    """

    path: str
    key: str

    @property
    @abstractmethod
    def probes(self) -> Sequence[str]:
        """Values with which all others can be built, too, as they are typed on a command line."""

    @abstractmethod
    def suggest(self, trial: "Trial") -> None:
        """Has a trial choose a value."""

    @abstractmethod
    def typed(self, value: Any) -> str:
        """A value that a trial chose, as it is typed on a command line."""

    @property
    @abstractmethod
    def scale(self) -> Scale:
        """Its axis in pictures."""

    @abstractmethod
    def for_wandb(self) -> dict[str, Any]:
        """What the file of a sweep of W&B says of it."""


@final
@dataclass(frozen=True)
class Choice(Dimension):
    """One of several values.

    Attributes:
        values: As they are typed on a command line.
    """

    values: tuple[str, ...]

    @property
    def probes(self) -> Sequence[str]:
        return self.values

    def suggest(self, trial: "Trial") -> None:
        trial.suggest_categorical(self.path, self.values)

    def typed(self, value: Any) -> str:
        return str(value)

    @property
    def scale(self) -> Scale:
        return Scale(name=self.path, labels=self.values)

    def for_wandb(self) -> dict[str, Any]:
        return {"values": [for_wandb(value) for value in self.values]}


@final
@dataclass(frozen=True)
class Range(Dimension):
    """A number between two others.

    Attributes:
        low: The least.
        high: The largest.
        step: From one to the next; None is any between them, and of whole numbers each.
        log: Whether equal factors count alike, rather than equal differences.
        is_whole: Whether it is a whole number.
    """

    low: float
    high: float
    step: float | None
    log: bool
    is_whole: bool

    @property
    def probes(self) -> Sequence[str]:
        return self.typed(self.low), self.typed(self.high)

    def suggest(self, trial: "Trial") -> None:
        if self.is_whole:
            low, high, step = int(self.low), int(self.high), int(self.step or 1)
            trial.suggest_int(self.path, low, high, step=step, log=self.log)
        else:
            trial.suggest_float(self.path, self.low, self.high, step=self.step, log=self.log)

    def typed(self, value: Any) -> str:
        return repr(int(value) if self.is_whole else float(value))

    @property
    def scale(self) -> Scale:
        return Scale(name=self.path, low=self.low, high=self.high, log=self.log, is_whole=self.is_whole)

    def for_wandb(self) -> dict[str, Any]:
        if self.step is not None:
            count = math.floor((self.high - self.low) / self.step + ROUNDING) + 1
            return {"values": [load(self.typed(self.low + k * self.step)) for k in range(count)]}
        low, high = (load(self.typed(end)) for end in (self.low, self.high))
        quantum = {"q": 1} if self.is_whole and self.log else {}
        return {"distribution": DISTRIBUTIONS[self.is_whole, self.log], "min": low, "max": high, **quantum}


@final
@dataclass(frozen=True)
class Space:
    """What a search varies, and what it fixes.

    Attributes:
        dimensions: What varies.
        fixed: What is the same for all trials, as options of a command line.
    """

    dimensions: tuple[Dimension, ...]
    fixed: tuple[Option, ...]

    def options(self, chosen: Mapping[str, Any]) -> list[Option]:
        """The options of a trial.

        Args:
            chosen: Path -> value.
        """
        varied = [(one.key, one.typed(chosen[one.path])) for one in self.dimensions]
        return [*self.fixed, *varied]


def read_space(file: Path, inputs: RecipeInputs) -> Space:
    """What a file says of how a recipe is to vary.

    Args:
        file: YAML: paths of options, each with a list of values, a range or one value.
        inputs: The recipe, and options for all trials.

    Raises:
        UserError: the file or the recipe is wrong.
        UnknownNameError: it names a part that there is not.
    """
    if not file.is_file():
        raise UserError(f"--over {file}: there is no such file; expected YAML with {CONTENT}")
    plain, where = read(file, CONTENT), f"{file}:"
    places = places_of(inputs.merged)
    keys = {path: full_path(path, places, where) for path in plain}
    _check_keys(keys, where)
    read_so = [_entry(path, keys[path], plain[path], where, inputs) for path in plain]
    dimensions = tuple(each for each in read_so if isinstance(each, Dimension))
    if not dimensions:
        raise UserError(f"{where} nothing varies; expected a list of values or a range for some option")
    widths = [
        option
        for key in keys.values()
        if key.endswith(PARAMS)
        for option in budget(key.removesuffix(".params"), "")[:1]
    ]
    fixed = [option for option in read_so if not isinstance(option, Dimension)]
    space = Space(dimensions, (*widths, *fixed))
    _check_values(space, inputs)
    return space


def _check_keys(keys: Mapping[str, str], where: str) -> None:
    """Refuses options that a search gives itself, and two paths of one option."""
    found: dict[str, str] = {}
    for path, key in keys.items():
        if key in GIVEN:
            raise UserError(f"{where} {path} {GIVEN[key]}; leave it out")
        if key in found:
            raise UserError(f"{where} {found[key]} and {path} are the same option; expected one of them")
        found[key] = path


def _entry(path: str, key: str, said: Any, where: str, inputs: RecipeInputs) -> Dimension | Option:
    """What is said of an option: that it varies, or which value it has."""
    if isinstance(said, list):
        values = tuple(map(_typed, said))
        if not values or len(set(values)) < len(values):
            raise UserError(f"{where} {path} is {said!r}; expected a list of values, each of them once")
        return Choice(path, key, values) if len(values) > 1 else (key, values[0])
    if isinstance(said, dict) and "class_path" not in said:
        return _range(path, key, said, f"{where} {path}", takes_fractions(key, inputs.merged))
    return key, _typed(said)


def _range(path: str, key: str, said: Mapping[str, Any], where: str, fractions: bool) -> Range:
    for name in said:
        if name not in RANGE:
            hint = nearest(name, RANGE) or ";"
            raise UserError(f"{where} has {name!r}{hint} expected low and high, and perhaps step or log")
    numbers = {name: said.get(name) for name in RANGE[: 3 if said.get("step") is not None else 2]}
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            raise UserError(f"{where}: {name} is {number!r}; expected a number")
    low, high, step, log = said["low"], said["high"], said.get("step"), said.get("log", False)
    if not isinstance(log, bool):
        raise UserError(f"{where}: log is {log!r}; expected true or false")
    if not low < high:
        raise UserError(f"{where}: low is {low} and high is {high}; expected a low below the high")
    if log and (low <= 0 or step is not None):
        raise UserError(f"{where}: with log, low is above 0 and there is no step; got {dict(said)}")
    if step is not None and not 0 < step <= high - low:
        raise UserError(f"{where}: step is {step}; expected a number above 0, of at most {high - low}")
    is_whole = not fractions and all(isinstance(number, int) for number in numbers.values())
    return Range(path, key, low, high, step, log, is_whole)


def _check_values(space: Space, inputs: RecipeInputs) -> None:
    """Checks each value on its own, as far as it goes without building anything."""
    for dimension in space.dimensions:
        for value in dimension.probes:
            tried = RecipeInputs(inputs.files, [*inputs.options, *space.fixed, (dimension.key, value)])
            try:
                check(tried, SECTIONS)
            except (UserError, ValueError, LookupError) as error:
                raise UserError(f"{dimension.path}={value}: {error}") from error


def _typed(value: Any) -> str:
    """A value as it is typed on a command line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    try:
        is_read_so = load(text) == value
    except yaml.YAMLError:
        is_read_so = False
    return text if is_read_so else json.dumps(value, ensure_ascii=False)


def for_wandb(text: str) -> Any:
    """A value of which Python's text is what a command line takes: a number, or what was typed."""
    value = load(text)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else text
