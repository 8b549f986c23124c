"""`zoo schema`: what it says of recipes is what the zoo takes and refuses."""

import copy
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from zoo.catalogue import list_cells, list_wirings
from zoo.cli import main
from zoo.cli.recipes.plain_yaml import read

RECIPES = sorted((Path(__file__).parents[2] / "recipes").rglob("*.yaml"))
ENCODER = ("model", "init_args", "network", "encoder")


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    path = tmp_path_factory.mktemp("schema") / "recipe.schema.json"
    assert main(["schema", "--output", str(path)]) == 0
    found = json.loads(path.read_text())
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


@pytest.fixture(scope="module")
def recipe():
    return read(next(path for path in RECIPES if path.stem == "digits_bilstm_residual"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_is_as_it_says(schema, path):
    assert [error.json_path for error in schema.iter_errors(read(path))] == []


def changed(recipe, keys, value):
    """The recipe with a value under these keys, one inside the other."""
    other = copy.deepcopy(recipe)
    place = other
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    return other


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("modle",), {}),
        (("model", "class_path"), "SequenceClasifier"),
        (("model", "init_args", "netwrok"), {}),
        ((*ENCODER, "hiden_size"), 3),
        ((*ENCODER, "cell"), "lstn"),
        ((*ENCODER, "cell"), {"class_path": "LSTMSpec", "init_args": {"forgot_bias": 1.0}}),
        ((*ENCODER, "cell"), {"name": "lstm", "forgot_bias": 1.0}),
        ((*ENCODER, "hidden_size"), "many"),
        ((*ENCODER, "direction"), "sideways"),
        (("model", "init_args", "optimizer", "name"), "Adamm"),
        (("data", "init_args", "batchsize"), 4),
        (("trainer", "max_epoch"), 4),
        (("trainer", "callbacks"), ["GradientClippin"]),
        (("trainer", "callbacks"), [{"class_path": "GradientClipping", "init_args": {"maxnorm": 1.0}}]),
    ],
)
def test_a_slip_is_marked(schema, recipe, keys, value):
    assert not schema.is_valid(changed(recipe, keys, value))


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        *[((*ENCODER, "cell"), name) for name in list_cells()],
        *[((*ENCODER, "wiring"), name) for name in list_wirings()],
        ((*ENCODER, "cell"), ["lstm", {"class_path": "GRUSpec"}, "GRU", {"name": "gru", "reset": "before"}]),
        ((*ENCODER, "hidden_size"), "20_000"),  # as YAML 1.2 reads it
        (("model",), "sequence_classifier"),
        (("data", "class_path"), "digits"),
        (("trainer", "callbacks"), "GradientClipping"),
        (("trainer", "callbacks+"), [{"class_path": "EarlyStopping", "init_args": {"monitor": "val/loss"}}]),
        (("trainer", "logger"), "WandbLogger"),
        (("trainer", "precision"), "bf16-mixed"),
    ],
)
def test_what_the_zoo_takes_is_not(schema, recipe, keys, value):
    assert schema.is_valid(changed(recipe, keys, value))


def test_a_recipe_is_not_replaced_by_a_schema(tmp_path, capsys):
    recipe = tmp_path / "mine.yaml"
    recipe.write_text("model: {}")
    assert main(["schema", "--output", str(recipe)]) == 2
    assert "expected a file that ends in .json" in capsys.readouterr().err
    assert recipe.read_text() == "model: {}"
