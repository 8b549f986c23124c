"""What a recipe may name: registered parts, and those classes of Lightning that take plain data only.

Nothing here imports torch or Lightning, so that a name that is misspelt is found out at once.
"""

import importlib
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from zoo.callbacks import CALLBACKS
from zoo.cli.errors import TRUSTED, UserError
from zoo.data import DATA
from zoo.registry import (
    Declared,
    Registry,
    UnknownNameError,
    declared,
    load_plugins,
    nearest,
    plural,
    unknown,
)
from zoo.tasks import TASKS

LOGGERS: Registry[Any] = Registry("logger")
LOGGERS.declare("wandb", "zoo.tracking:WandbLogger")

CLUSTERS = "lightning.fabric.plugins.environments"
PRECISIONS = "lightning.pytorch.plugins.precision"
ALLOWED: dict[str, dict[str, tuple[str, ...]]] = {
    "trainer.callbacks": {
        "lightning.pytorch.callbacks": (
            "BatchSizeFinder",
            "DeviceStatsMonitor",
            "EMAWeightAveraging",
            "EarlyStopping",
            "GradientAccumulationScheduler",
            "LearningRateFinder",
            "LearningRateMonitor",
            "ModelCheckpoint",
            "ModelSummary",
            "OnExceptionCheckpoint",
            "RichModelSummary",
            "RichProgressBar",
            "StochasticWeightAveraging",
            "TQDMProgressBar",
            "ThroughputMonitor",
            "Timer",
        )
    },
    "trainer.logger": {"lightning.pytorch.loggers": ("CSVLogger", "TensorBoardLogger")},
    "trainer.strategy": {"lightning.pytorch.strategies": ("DDPStrategy", "SingleDeviceStrategy")},
    "trainer.profiler": {
        "lightning.pytorch.profilers": ("AdvancedProfiler", "PassThroughProfiler", "SimpleProfiler")
    },
    "trainer.plugins": {
        PRECISIONS: ("DoublePrecision", "HalfPrecision", "MixedPrecision"),
        CLUSTERS: ("LightningEnvironment", "SLURMEnvironment", "TorchElasticEnvironment"),
    },
}
"""Place in a recipe -> package -> classes of Lightning that may stand there. What takes functions, modules or
other code is not among them."""


@dataclass(frozen=True)
class Kind:
    """What may stand in one place of a recipe.

    Attributes:
        noun: What stands there, for messages.
        registry: The zoo's parts of this kind.
        allowed: Class name -> import path of Lightning's classes.
        takes_words: Whether Lightning has words of its own for this place, such as "ddp".
    """

    noun: str
    registry: Registry[Any] | None
    allowed: Mapping[str, str] = field(default_factory=dict)
    takes_words: bool = False

    @property
    def own(self) -> dict[str, str]:
        """Registered name -> import path."""
        if self.registry is None:
            return {}
        return {name: self.registry.target(name).replace(":", ".") for name in self.registry.names()}

    @property
    def paths(self) -> dict[str, str]:
        """Class name -> import path of all that may stand there, but the user's own."""
        return {class_of(path): path for path in self.own.values()} | dict(self.allowed)


def _kind(place: str, noun: str, registry: Registry[Any] | None = None) -> Kind:
    packages = ALLOWED.get(place, {})
    allowed = {name: f"{package}.{name}" for package, names in packages.items() for name in names}
    return Kind(noun, registry, allowed, takes_words=registry is None)


KINDS = {
    "model": _kind("model", "model", TASKS),
    "data": _kind("data", "data module", DATA),
    "trainer.callbacks": _kind("trainer.callbacks", "callback", CALLBACKS),
    "trainer.logger": _kind("trainer.logger", "logger", LOGGERS),
    "trainer.strategy": _kind("trainer.strategy", "strategy"),
    "trainer.profiler": _kind("trainer.profiler", "profiler"),
    "trainer.plugins": _kind("trainer.plugins", "plugin"),
}
SPECS = {"cell": "zoo.cells", "wiring": "zoo.wiring", "switch": "zoo.switches"}
"""Kind of part that a stack is made of -> their package."""
PLACES = {"cell": "cell", "slow": "cell", "wiring": "wiring", "switches": "switch"}
"""Key of a stack, or of a cell around others -> what stands there."""

_let_in: list[str] = []


def import_modules(names: Iterable[str]) -> None:
    """Imports modules, from where the user stands or as installed, so that their parts are registered.

    Raises:
        UserError: there is no such module.
    """
    for name in names:
        if "" not in sys.path:
            sys.path.insert(0, "")  # as for `python -m`
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            raise UserError(f"--allow-import {name}: {error}; expected a module here or installed") from error


def let_in(modules: Iterable[str]) -> None:
    """Sets which modules of the user's recipes may name classes of, from now on."""
    _let_in[:] = modules


def modules_let_in() -> list[str]:
    """The modules of which the user's recipes may name classes."""
    return list(_let_in)


def is_let_in(path: str) -> bool:
    """Whether an import path is of a module that the user let in."""
    return any(path.startswith(f"{name}.") for name in _let_in)


def class_of(path: str) -> str:
    """The last part of an import path."""
    return path.rpartition(".")[2]


def part_path(kind: Kind, name: str) -> str:
    """The import path of a part, by registered name, class name or import path; words of Lightning's stay.

    Raises:
        UnknownNameError: nothing of this kind has that name.
        UserError: it is an import path of something that a recipe may not name.
    """
    own, known = kind.own, kind.paths
    for path in (own.get(name), known.get(name), next(_users(name), None)):
        if path is not None:
            return path
    if name in known.values() or is_let_in(name):
        return name
    if "." in name:
        return _public(kind, name)
    if kind.takes_words:
        return name
    raise UnknownNameError(unknown(kind.noun, name, own, [*own, *known]))


def _users(name: str) -> Iterator[str]:
    """The classes of that name in the modules that the user let in."""
    own = [module for module in sys.modules if module in _let_in or is_let_in(module)] if _let_in else []
    for module in own:
        if inspect.isclass(vars(sys.modules[module]).get(name)):
            yield f"{module}.{name}"


def _public(kind: Kind, path: str) -> str:
    """The part that the zoo's own package shows under this path, as in Python.

    Raises:
        UserError: there is none.
    """
    package, _, name = path.rpartition(".")
    if package == "zoo" and name in kind.paths:
        return kind.paths[name]
    raise UserError(refusal(path, kind.noun, kind.paths))


def refusal(path: str, noun: str, known: Iterable[str]) -> str:
    """The sentence that says why a recipe may not name this."""
    top, name = path.partition(".")[0], class_of(path)
    said = f"a recipe may not name {path!r} as its {noun}, but registered parts only"
    if name in known:
        return f"{said}; did you mean {name!r}?"
    ours = top in (*TRUSTED, *sys.stdlib_module_names)
    return f"{said} (`zoo list`)" if ours else f"{said}; if it is yours, give --allow-import {top}"


def spec_path(key: str, name: Any) -> str:
    """The import path of the spec of a stack's part, by the part's name, its class, its spec, or that path.

    Raises:
        UnknownNameError: there is no such part.
        UserError: it is an import path of something that a recipe may not name.
    """
    specs = specs_of(key)
    found = specs.get(name) if isinstance(name, str) else None
    if found is not None:
        return found
    if isinstance(name, str) and "." in name:
        if name in specs.values() or is_let_in(name):
            return name
        package, _, last = name.rpartition(".")
        if package == "zoo" and last in specs:
            return specs[last]
        raise UserError(refusal(name, key, specs))
    known = [each for each in specs if each.islower()]
    raise UnknownNameError(unknown(key, str(name), known, known if nearest(str(name), known) else specs))


def spec_paths() -> set[str]:
    """The import paths of the specs of all cells, wirings and switches."""
    return {path for key in SPECS for path in specs_of(key).values()}


def specs_of(key: str) -> dict[str, str]:
    """Registered name, class and spec class -> import path of the spec."""
    found: dict[str, str] = {}
    for name, part in sorted({**declared(SPECS[key]), **_registered_by_users(key)}.items()):
        path = f"{part.module}.{part.spec}"
        found |= {name: path, part.qualname: path, part.spec: path}
    return found


def _registered_by_users(key: str) -> dict[str, Declared]:
    """The parts that plug-ins and modules of the user's have registered."""
    load_plugins()
    owner = sys.modules.get(SPECS[key])
    if owner is None:  # without it nothing can have been registered
        return {}
    registry: Registry[Any] = vars(owner)[plural(key).upper()]
    own = {name: registry[name] for name in registry.names() if name not in declared(SPECS[key])}
    specs = {name: part.spec_class for name, part in own.items()}
    return {
        name: Declared(spec.__module__, own[name].__qualname__, spec.__qualname__)
        for name, spec in specs.items()
    }
