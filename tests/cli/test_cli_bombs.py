"""A recipe that is built to exhaust its reader is refused in a sentence, soon and in little memory."""

import resource
import time

import pytest
import yaml

from zoo.cli.recipes.plain_yaml import load

ALIASES = "a: &a [x, x]\n" + "".join(
    f"b{n}: &b{n} [*{f'b{n - 1}' if n else 'a'}, *{f'b{n - 1}' if n else 'a'}]\n" for n in range(60)
)
BOMBS = {
    "nested aliases": (ALIASES, "more than 5,000 values"),
    "an alias in itself": ("model: &a [*a]\n", "an alias that contains itself"),
    "an alias in itself through a mapping": ("model: &a {b: {c: *a}}\n", "an alias that contains itself"),
    "lists in lists": ("model: " + "[" * 1000 + "]" * 1000, "nested deeper than 40 levels"),
    "lists never closed": ("model: " + "[" * 60_000, "nested deeper than 40 levels"),
    "mappings in mappings": ("{a: " * 1000 + "}" * 1000, "nested deeper than 40 levels"),
    "deep by indentation": ("\n".join(f"{' ' * n}a:" for n in range(300)), "nested deeper than 40 levels"),
    "5,000 digits": ("seed_everything: " + "9" * 5000, "a number of 5000 digits"),
    "5,000 hexadecimal digits": ("seed_everything: 0x" + "f" * 5000, "a number of 5002 digits"),
    "a key that is null": ("model: {null: 1}", "key 'null' is no text"),
    "a key that is true": ("yes: 1", "key 'yes' is no text"),
    "a key that is a list": ("? [a, b]\n: 1", "is no text"),
    "a key that is a mapping": ("? {a: b}\n: 1", "is no text"),
    "100 MB": ("# " + "x" * 100_000_000, "has 100,000,002 bytes"),
    "many values": ("model: [" + "1," * 30_000 + "]", "more than 5,000 values"),
    "a merge of itself": ("model: &a {<<: *a}\n", "contains itself"),
    "an unknown alias": ("model: *nothing\n", "undefined alias"),
    "a null byte": ("model: \0", "special characters are not allowed"),
    "two documents": ("model: 1\n---\nmodel: 2\n", "found another document"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused(zoo, folder, name):
    text, said = BOMBS[name]
    (folder / "bomb.yaml").write_text(text)
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = zoo("fit", "--config", "bomb.yaml")
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert outcome.code == 2
    assert said in outcome.err
    assert "bomb.yaml" in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert len(outcome.err) < 300
    assert time.process_time() - began < 2, "of processor time, which a busy machine does not change"
    assert used < 100_000, "kB"


ODD = {
    "a list": [1, 2],
    "an empty list": [],
    "a list of lists": [[1], [[2]]],
    "a list of null": [None],
    "a mapping": {"a": {"b": 1}},
    "an empty mapping": {},
    "a number": 7,
    "a fraction": -0.5,
    "infinity": float("inf"),
    "a truth value": True,
    "nothing": None,
    "a text": "some text",
    "an empty text": "",
    "a class without a path": {"class_path": None},
    "a class of a number": {"class_path": 3},
    "arguments that are a list": {"class_path": "Digits", "init_args": [1]},
    "a name that is a list": {"name": ["lstm"]},
    "a control character": "\x1b[31mred",
}
PLACES = [
    "seed_everything",
    "model",
    "model.class_path",
    "model.init_args",
    "model.init_args.network",
    "model.init_args.network.encoder",
    "model.init_args.network.encoder.cell",
    "model.init_args.network.encoder.wiring",
    "model.init_args.network.encoder.num_layers",
    "model.init_args.network.encoder.direction",
    "model.init_args.optimizer",
    "model.init_args.optimizer.options",
    "model.init_args.schedule",
    "data",
    "data.class_path",
    "data.init_args",
    "trainer",
    "trainer.callbacks",
    "trainer.logger",
    "trainer.strategy",
    "trainer.profiler",
    "trainer.plugins",
    "trainer.max_time",
]


def placed(recipe, place, value):
    """The recipe with another value in one place."""
    *path, last = place.split(".")
    section = recipe
    for key in path:
        section = section[key]
    section[last] = value
    return recipe


EACH = [
    pytest.param(place, odd, marks=() if (row + column) % 3 == 0 else pytest.mark.exhaustive)
    for row, place in enumerate(PLACES)
    for column, odd in enumerate(ODD)
]


@pytest.mark.parametrize(("place", "odd"), EACH)
def test_a_value_of_another_form_is_refused_or_taken_never_a_traceback(zoo, folder, place, odd):
    recipe = yaml.safe_load((folder / "small.yaml").read_text())
    (folder / "odd.yaml").write_text(yaml.safe_dump(placed(recipe, place, ODD[odd])))
    outcome = zoo("fit", "--config", "odd.yaml", "--trainer.fast_dev_run", "1")
    assert outcome.code in (0, 2), outcome
    if outcome.code == 2:
        lines = outcome.err.splitlines()
        assert lines[0].startswith("zoo: error: ")
        assert len(lines) <= 5
        assert "\x1b" not in outcome.err
        assert len(outcome.err) < 600


def test_whole_numbers_as_keys_are_text():
    assert load("scheduling: {0: 8, 4: 2}") == {"scheduling": {"0": 8, "4": 2}}


def test_they_reach_the_callback_that_takes_numbers(zoo, folder):
    callback = "callbacks: [{class_path: GradientAccumulationScheduler, init_args: {scheduling: {1: 2}}}]"
    recipe = (folder / "small.yaml").read_text()
    (folder / "keys.yaml").write_text(recipe.replace("accelerator: cpu", callback))
    outcome = zoo("fit", "--config", "keys.yaml")
    assert outcome.code == 0, outcome.err
    kept = folder / "runs/keys/version_0/config.yaml"
    assert zoo("fit", "--config", str(kept)).code == 0


def test_times_and_dates_stay_text():
    assert load("max_time: 1:30:00") == {"max_time": "1:30:00"}
    assert load("when: 2020-01-01") == {"when": "2020-01-01"}


def test_a_number_in_the_base_of_sixty_stays_text():
    text = ":".join(["59"] * 5000) + ".5"
    assert load(f"lr: {text}\nmax_time: 1:30:00.5") == {"lr": text, "max_time": "1:30:00.5"}
    assert load("lr: 1_000.5\nlow: -.inf") == {"lr": 1000.5, "low": float("-inf")}


def test_a_word_of_sixty_thousand_letters_is_not_repeated(zoo, folder):
    recipe = (folder / "small.yaml").read_text().replace("name: Adam", f"name: {'A' * 60_000}")
    (folder / "wordy.yaml").write_text(recipe)
    outcome = zoo("fit", "--config", "wordy.yaml")
    assert outcome.code == 2
    assert outcome.err.startswith("zoo: error: optimizer is 'AAA")
    assert len(outcome.err) < 2000


def test_aliases_and_merges_of_a_sensible_size_are_read():
    assert load("a: &a {b: 1}\nc: *a\nd: {<<: *a, e: 2}") == {
        "a": {"b": 1},
        "c": {"b": 1},
        "d": {"b": 1, "e": 2},
    }
