"""A recipe names registered parts and listed classes; all else that can be imported is refused."""

import importlib
import inspect
import pkgutil
import random
import warnings
from collections.abc import Callable

import lightning.pytorch as pl
import pytest
import torch
import yaml
from jsonargparse import ArgumentError, ArgumentParser
from lightning.fabric.plugins import ClusterEnvironment
from lightning.pytorch.loggers import Logger
from lightning.pytorch.plugins.precision import Precision
from lightning.pytorch.profilers import Profiler
from lightning.pytorch.strategies import Strategy

from zoo.cli.errors import UserError
from zoo.cli.recipes.allowlist import KINDS, SPECS, let_in, part_path, spec_path
from zoo.cli.recipes.check import SECTIONS, check
from zoo.cli.recipes.recipe import RecipeInputs
from zoo.cli.run.parser import MODE, importable, prepare
from zoo.registry import Spec, UnknownNameError

PACKAGES = ("zoo", "torch.optim", "torch.nn", "lightning.pytorch", "lightning.fabric.plugins")
BASES = {
    "model": pl.LightningModule,
    "data": pl.LightningDataModule,
    "trainer.callbacks": pl.Callback,
    "trainer.logger": Logger,
    "trainer.strategy": Strategy,
    "trainer.profiler": Profiler,
    "trainer.plugins": (Precision, ClusterEnvironment),
}
DANGEROUS = [
    "os.system",
    "subprocess.Popen",
    "builtins.eval",
    "runpy.run_path",
    "torch.load",
    "torch.hub.load",
    "torch.utils.cpp_extension.load_inline",
    "lightning.pytorch.utilities.parsing.save_hyperparameters",
    "lightning.pytorch.callbacks.LambdaCallback",
    "lightning.pytorch.callbacks.ModelCheckpoint.to_yaml",
    "lightning.pytorch.plugins.io.TorchCheckpointIO",
    "torch.nn.utils.prune.l1_unstructured",
    "torch.optim.Adam.step",
    "zoo.cli.main",
    "zoo.report.write_report",
    "zoo.engines.c.build.load_library",
    "zoo.registry.declared.importlib.import_module",
    "zoo.tasks.sequence_classifier.SequenceClassifier.load_from_checkpoint",
]


def is_code(value):
    """Whether a value can be called, or leads to what can."""
    return inspect.isclass(value) or inspect.isroutine(value) or inspect.ismodule(value) or callable(value)


@pytest.fixture(scope="module")
def everything():
    """Import path -> object, for all that a dotted name can lead to in packages that recipes deal with."""
    found = {}
    for package in PACKAGES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a module that is deprecated can be named all the same
            top = importlib.import_module(package)
            inner = pkgutil.walk_packages(top.__path__, f"{package}.", onerror=lambda name: None)
            for name in [package, *(each.name for each in inner if not each.name.endswith("__main__"))]:
                try:
                    module = importlib.import_module(name)
                except Exception:  # a part of Lightning whose own library is not installed
                    continue
                found |= {f"{name}.{key}": value for key, value in vars(module).items() if is_code(value)}
    classes = {path: value for path, value in found.items() if inspect.isclass(value)}
    members = {
        f"{path}.{name}": member
        for path, cls in classes.items()
        if path in importable()
        for name, member in inspect.getmembers(cls, callable)
    }
    return found | members


TYPES = ("type", "callable", "optional", "callback", "logger")


@pytest.fixture
def parser():
    """A parser with options of all kinds by which jsonargparse imports what is named."""
    let_in([])
    prepare([])
    parser = ArgumentParser(exit_on_error=False, parser_mode=MODE)
    for name, kind in (("type", type), ("callable", Callable), ("optional", Callable | None)):
        parser.add_argument(f"--{name}", type=kind)
    for name, base in (("callback", pl.Callback), ("logger", Logger | bool)):
        parser.add_argument(f"--{name}", type=base)
    return parser


def is_accepted(name, *arguments):
    try:
        name(*arguments)
    except (UserError, UnknownNameError, ArgumentError):
        return False
    return True


@pytest.mark.parametrize("place", KINDS)
def test_of_all_that_can_be_imported_only_listed_classes_are_accepted(everything, place):
    let_in([])
    kind = KINDS[place]
    accepted = {path for path in everything if is_accepted(part_path, kind, path)}
    shown = {f"zoo.{name}" for name, path in kind.paths.items() if path.startswith("zoo.")}
    assert accepted == {*kind.paths.values(), *(shown & everything.keys())}
    assert accepted
    for path in accepted:
        assert inspect.isclass(everything[path]), path
        assert issubclass(everything[path], BASES[place]), path


@pytest.mark.parametrize("key", SPECS)
def test_a_cell_or_wiring_is_named_by_its_spec_and_nothing_else(everything, key):
    let_in([])
    accepted = [path for path in everything if is_accepted(spec_path, key, path)]
    assert accepted
    for path in accepted:
        assert issubclass(everything[path], Spec), path


SOME = 2000


@pytest.mark.parametrize("count", [SOME, pytest.param(None, marks=pytest.mark.exhaustive)])
def test_behind_the_check_the_parser_imports_listed_classes_only(everything, parser, count):
    assert len(everything) > 10_000
    listed = set(importable())
    members = tuple(f"{path}." for path in listed)
    names = random.Random(1).sample(sorted(everything), count or len(everything))
    accepted = set()
    for name in {*names, *(listed & everything.keys())}:
        option = "type" if inspect.isclass(everything[name]) else "callable"
        if is_accepted(parser.parse_args, [f"--{option}={name}"]):
            accepted.add(name)
    # what belongs to a listed class, such as a method, is refused by the check before
    assert {name for name in accepted if not name.startswith(members)} == listed & everything.keys()


OPTIONS = {
    "model": {"class_path": "NAME"},
    "data": {"class_path": "NAME"},
    "trainer.callbacks": ["NAME"],
    "trainer.logger": [{"class_path": "NAME"}],
    "trainer.strategy": {"class_path": "NAME"},
    "trainer.profiler": "NAME",
    "trainer.plugins": ["NAME"],
    "model.init_args.network.encoder.cell": "NAME",
    "model.init_args.network.encoder.wiring": {"class_path": "NAME"},
}


def filled(value, name):
    """The value with the name in it."""
    if isinstance(value, dict):
        return {key: filled(inner, name) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, name) for inner in value]
    return name if value == "NAME" else value


def recipe_with(place, value):
    """A recipe as plain data with a value in one place."""
    network = {"encoder": {"cell": "lstm", "hidden_size": 4}}
    recipe = {
        "model": {"class_path": "SequenceClassifier", "init_args": {"network": network}},
        "data": {"class_path": "Digits"},
        "trainer": {"max_epochs": 1},
    }
    *path, last = place.split(".")
    section = recipe
    for key in path:
        section = section[key]
    section[last] = value
    return recipe


def refused(folder, recipe):
    """Whether the check refuses a recipe."""
    path = folder / "named.yaml"
    path.write_text(yaml.safe_dump(recipe))
    return not is_accepted(check, RecipeInputs([path], []), SECTIONS)


def averaging_by(name):
    """A callback that takes a function, by name."""
    options = {"swa_lrs": 0.1, "avg_fn": name}
    return [{"class_path": "StochasticWeightAveraging", "init_args": options}]


def test_two_thousand_names_in_every_option(everything, parser, tmp_path):
    draw = random.Random(0)
    ours = {name for name in everything if name.startswith("zoo.")}
    names = draw.sample(sorted(everything.keys() - ours), 1200) + draw.sample(sorted(ours), 800) + DANGEROUS
    listed = {path for kind in KINDS.values() for path in kind.paths.values()} | set(importable())
    strangers = [name for name in names if name not in listed and not name.startswith("zoo.")]
    assert len(strangers) > 1000
    for number, name in enumerate(names):
        place = list(OPTIONS)[number % len(OPTIONS)]
        if name not in listed and name.rpartition(".")[0] != "zoo":
            assert refused(tmp_path, recipe_with(place, filled(OPTIONS[place], name))), (place, name)
        option = TYPES[number % len(TYPES)]
        value = f'{{"class_path": "{name}"}}'
        if name not in listed and is_accepted(parser.parse_args, [f"--{option}", value]):
            assert refused(tmp_path, recipe_with("trainer.callbacks", averaging_by(name))), (option, name)


@pytest.mark.parametrize("name", DANGEROUS)
@pytest.mark.parametrize("place", OPTIONS)
def test_what_would_do_harm_is_refused_everywhere(tmp_path, place, name):
    assert refused(tmp_path, recipe_with(place, filled(OPTIONS[place], name)))


def test_a_method_of_a_listed_class_is_refused_as_a_value(tmp_path):
    assert refused(tmp_path, recipe_with("trainer.callbacks", averaging_by("torch.optim.Adam.step")))


def test_the_recipe_that_compiled_c_does_not(zoo, folder):
    build = "zoo.engines.c.build.load_library"
    source = 'void __attribute__((constructor)) go(void) { fclose(fopen("touched", "w")); }'
    code = f"{{class_path: {build}, init_args: {{source: '#include <stdio.h>\n\n{source}', name: x}}}}"
    averaging = f"class_path: StochasticWeightAveraging, init_args: {{swa_lrs: 0.1, avg_fn: {code}}}"
    for line in (f"callbacks: [{{{averaging}}}]", f"profiler: {code}"):
        recipe = (folder / "small.yaml").read_text().replace("accelerator: cpu", line)
        (folder / "hostile.yaml").write_text(recipe)
        outcome = zoo("fit", "--config", "hostile.yaml")
        assert outcome.code == 2, outcome
        assert build in outcome.err
        assert "--allow-import" not in outcome.err, "which would let it in"
        assert not (folder / "touched").exists()


def test_the_optimisers_of_tasks_are_those_of_torch(everything):
    shown = [path for path in importable() if path.startswith("torch.")]
    assert shown
    for path in shown:
        cls = everything.get(path)
        assert cls is None or issubclass(cls, (torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler))
