"""A recipe is read once, and every layer over it is joined by one rule."""

import json
from collections import Counter

import pytest
import yaml.reader

from zoo.cli.recipes.check import SECTIONS, check
from zoo.cli.recipes.merge import merge
from zoo.cli.recipes.recipe import RecipeInputs
from zoo.cli.recipes.resolve import resolve

LSTM, GRU = "zoo.cells.lstm.LSTMSpec", "zoo.cells.gru.GRUSpec"


def test_each_file_and_each_option_is_read_once(zoo, folder, monkeypatch):
    read = Counter()
    begin = yaml.reader.Reader.__init__
    monkeypatch.setattr(
        "yaml.reader.Reader.__init__", lambda self, text: (read.update([text]), begin(self, text))[1]
    )
    (folder / "over.yaml").write_text("trainer: {limit_train_batches: 1}\n")
    outcome = zoo(
        "fit", "--config", "small.yaml", "--config", "over.yaml", "--trainer.limit_val_batches", "0"
    )
    assert outcome.code == 0, outcome.err
    texts = [(folder / name).read_text() for name in ("small.yaml", "over.yaml")]
    assert read == Counter([*texts, "0"])


MERGED = [
    ("mappings are joined", {"a": {"x": 1, "y": 2}}, {"a": {"y": 3}}, {"a": {"x": 1, "y": 3}}),
    ("lists take one another's place", {"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
    ("unless they are appended", {"a": [1]}, {"a+": [2]}, {"a": [1, 2]}),
    ("to one or to none", {"a": None}, {"a+": 2}, {"a": [2]}),
    (
        "options after a list are of its last item",
        {"a": [{"class_path": "x.A"}]},
        {"a": {"b": 1}},
        {"a": [{"class_path": "x.A", "init_args": {"b": 1}}]},
    ),
    (
        "options beside a class are its own",
        {"a": {"class_path": "x.A", "init_args": {"b": 1}}},
        {"a": {"c": 2}},
        {"a": {"class_path": "x.A", "init_args": {"b": 1, "c": 2}}},
    ),
    (
        "also in a list",
        {},
        {"a": [{"class_path": "x.A", "b": 1}]},
        {"a": [{"class_path": "x.A", "init_args": {"b": 1}}]},
    ),
    (
        "the same class keeps its options",
        {"a": {"class_path": LSTM, "init_args": {"bias": False}}},
        {"a": LSTM},
        {"a": {"class_path": LSTM, "init_args": {"bias": False}}},
    ),
    (
        "another class keeps what it has, too",
        {"a": {"class_path": LSTM, "init_args": {"bias": False, "forget_bias": 2.0}}},
        {"a": GRU},
        {"a": {"class_path": GRU, "init_args": {"bias": False}}},
    ),
    ("a word takes a part's place", {"a": {"class_path": "x.A"}}, {"a": "ddp"}, {"a": "ddp"}),
    (
        "a mapping that is one value does, too",
        {"options": {"x": 1}},
        {"options": {"y": 2}},
        {"options": {"y": 2}},
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "expected"), [case[1:] for case in MERGED], ids=[case[0] for case in MERGED]
)
def test_how_one_recipe_is_laid_over_another(old, new, expected):
    before = json.dumps([old, new])
    assert merge(old, new) == expected
    assert json.dumps([old, new]) == before  # neither is changed


def joined(folder, *options):
    inputs = RecipeInputs.of(["--config", str(folder / "small.yaml"), *options])
    check(inputs, SECTIONS)
    return inputs


def encoder(inputs):
    return inputs.merged["model"]["init_args"]["network"]["encoder"]


def test_a_second_file_need_not_name_the_model_again(folder):
    (folder / "gru.yaml").write_text(
        "model: {init_args: {network: {encoder: {cell: {name: gru, reset: before}}}}}"
    )
    inputs = joined(folder, "--config", str(folder / "gru.yaml"))
    assert encoder(inputs)["cell"] == {"class_path": GRU, "init_args": {"reset": "before"}}
    assert encoder(inputs)["hidden_size"] == 8


def test_an_option_of_another_cell_over_options_of_the_first(folder):
    cell = "--model.network.encoder.cell"
    inputs = joined(
        folder, f"{cell}={{name: lstm, forget_bias: 2, bias: true}}", f"{cell}=gru", f"{cell}.reset=after"
    )
    assert encoder(inputs)["cell"] == {"class_path": GRU, "init_args": {"bias": True, "reset": "after"}}


def test_a_key_of_a_mapping_is_set_by_its_name(folder):
    options = "--model.optimizer.options"
    inputs = joined(folder, f"{options}={{a: 1}}", f"{options}={{b: 2}}", f"{options}.c=3")
    assert inputs.merged["model"]["init_args"]["optimizer"]["options"] == {"b": 2, "c": 3}


def test_a_number_of_the_command_line_may_be_meant_as_a_text(folder):
    inputs = joined(
        folder, "--trainer.default_root_dir", "007", "--trainer.max_epochs=2", "--trainer.logger=false"
    )
    assert inputs.merged["trainer"]["default_root_dir"] == 7
    assert inputs.as_typed["trainer"]["default_root_dir"] == "007"
    assert inputs.as_typed["trainer"]["logger"] == "false"


def test_a_recipe_that_stands_alone_is_recognised(zoo, folder):
    assert "did you mean --config small.yaml?" in zoo("fit", "small.yaml").err


def test_print_config_is_a_recipe_again(zoo, folder):
    printed = zoo("fit", "--config", "small.yaml", "--trainer.max_epochs=7", "--print_config=skip_default")
    assert printed.code == 0
    (folder / "printed.yaml").write_text(printed.out)
    assert yaml.safe_load(printed.out)["trainer"]["max_epochs"] == 7
    assert zoo("fit", "--config", "printed.yaml", "--print_config=skip_default").out == printed.out
    assert (
        "did you mean 'skip_default'"
        in zoo("fit", "--config", "small.yaml", "--print_config=skip_defaul").err
    )


def test_help_on_a_part_needs_no_recipe(zoo):
    shown = zoo("fit", "--data.help", "digits")
    assert shown.code == 0
    assert "--data.batch_size" in shown.out


def test_a_recipe_names_cells_within_cells():
    inner = {"class_path": "MultiplicativeSpec", "init_args": {"cell": "gru"}}
    cell = {"class_path": "FastSlowSpec", "init_args": {"cell": inner, "slow": {"name": "lstm"}}}
    model = {"class_path": "SequenceClassifier", "init_args": {"network": {"encoder": {"cell": cell}}}}
    found = resolve({"model": model})["model"]["init_args"]["network"]["encoder"]["cell"]
    assert found["class_path"] == "zoo.cells.fast_slow.FastSlowSpec"
    assert found["init_args"]["cell"]["class_path"] == "zoo.cells.multiplicative.MultiplicativeSpec"
    assert found["init_args"]["cell"]["init_args"]["cell"] == {"class_path": "zoo.cells.gru.GRUSpec"}
    assert found["init_args"]["slow"] == {"class_path": "zoo.cells.lstm.LSTMSpec", "init_args": {}}
