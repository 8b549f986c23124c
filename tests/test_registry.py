import dataclasses
import importlib
import sys

import pytest

from zoo.cells import CELLS
from zoo.registry import (
    Registry,
    UnknownNameError,
    check_choice,
    check_fraction,
    check_positive,
    declared,
    load_plugins,
)
from zoo.switches import SWITCHES
from zoo.wiring import WIRINGS


class Otter:
    """Swims."""


class Beaver:
    """Builds."""


@pytest.fixture
def animals():
    registry = Registry("animal")
    registry.add("otter", Otter)
    registry.declare("digits", "zoo.data.digits:Digits")
    return registry


def test_a_name_gives_its_part(animals):
    assert animals["otter"] is Otter
    assert animals["digits"].__name__ == "Digits"


def test_an_unknown_name_suggests_the_nearest_and_lists_all(animals):
    with pytest.raises(UnknownNameError) as caught:
        animals["oter"]
    assert str(caught.value) == "unknown animal 'oter'; did you mean 'otter'? Known: digits, otter"


def test_a_taken_name_is_refused(animals):
    with pytest.raises(ValueError, match="'otter' is already taken"):
        animals.add("otter", Beaver)


def test_the_same_part_may_be_entered_again(animals):
    animals.add("otter", Otter)
    animals.declare("digits", "zoo.data.digits:Digits")
    assert animals.names() == ["digits", "otter"]


def test_names_follow_a_pattern(animals):
    assert animals.names("o*") == ["otter"]
    assert animals.names("*g*") == ["digits"]


def test_summaries_come_from_docstrings_without_importing(animals):
    assert animals.summary("otter") == "Swims."
    assert animals.summary("digits").startswith("1,797 scanned digits")
    assert animals.target("digits") == "zoo.data.digits:Digits"


class Point:
    def __init__(self, name, action):
        self.name, self.action = name, action

    def load(self):
        return self.action()


@pytest.fixture
def plugins(monkeypatch):
    points = []
    monkeypatch.setattr(
        "zoo.registry.registry.entry_points", lambda group: points if group == "zoo.plugins" else []
    )
    load_plugins.cache_clear()
    yield points
    load_plugins.cache_clear()


def test_a_plugin_fills_the_registry_on_first_look_up(animals, plugins):
    plugins.append(Point("lodge", lambda: animals.add("beaver", Beaver)))
    assert animals["beaver"] is Beaver


def test_a_broken_plugin_is_reported_and_breaks_nothing(animals, plugins):
    plugins.append(Point("dam", lambda: 1 / 0))
    assert animals.names() == ["digits", "otter"]
    assert load_plugins() == {"dam": "ZeroDivisionError: division by zero"}


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "2"])
def test_positive_means_an_integer_of_at_least_one(value):
    with pytest.raises(ValueError, match=r"width is .*; expected an integer of at least 1"):
        check_positive("width", value)


@pytest.mark.parametrize("value", [-0.1, 1.0, float("nan")])
def test_a_fraction_is_below_one(value):
    with pytest.raises(ValueError, match="dropout is"):
        check_fraction("dropout", value)


def test_a_choice_suggests_the_nearest():
    with pytest.raises(ValueError, match="merge is 'conat'; did you mean 'concat'"):
        check_choice("merge", "conat", ("concat", "sum"))


def test_a_part_is_a_file_and_is_called_like_it():
    for package in ("zoo.callbacks", "zoo.cells", "zoo.data", "zoo.tasks", "zoo.wiring"):
        for name, part in declared(package).items():
            assert part.module == f"{package}.{name}"
            assert vars(importlib.import_module(part.module))[part.public].__module__ == part.module


def test_a_file_in_its_package_is_all_that_a_part_needs(tmp_path, monkeypatch):
    package = tmp_path / "animals"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from zoo.registry import Registry\n\nANIMALS = Registry('animal', 'animals')\n"
    )
    (package / "okapi.py").write_text(
        'from animals import ANIMALS\n\n\n@ANIMALS.register("okapi")\nclass Okapi:\n    """Striped."""\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    animals = importlib.import_module("animals").ANIMALS
    assert animals.names() == ["okapi"]
    assert animals.summary("okapi") == "Striped."
    assert "animals.okapi" not in sys.modules
    assert animals["okapi"].__name__ == "Okapi"
    monkeypatch.delitem(sys.modules, "animals.okapi")
    monkeypatch.delitem(sys.modules, "animals")


@pytest.mark.parametrize("registry", [CELLS, WIRINGS, SWITCHES], ids=lambda registry: registry.kind)
def test_specs_cannot_be_changed_once_they_are_checked(registry):
    for name in registry.names():
        with pytest.raises(dataclasses.FrozenInstanceError):
            registry[name].spec_class().key = "another"
