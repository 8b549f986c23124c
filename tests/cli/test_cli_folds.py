"""`zoo fit --folds`: each fold is tested by a model that has not seen it, and what was done is kept."""

import csv
import os
import signal
from statistics import fmean, stdev

import pytest
import yaml

from zoo.data.digits import Digits
from zoo.runs.atomic_file import claimed
from zoo.tasks.sequence_classifier import SequenceClassifier

FIT = ("fit", "--config", "small.yaml", "--folds", "3", "--trainer.limit_test_batches=1.0")


def table(folder, number=0):
    with (folder / f"runs/small/folds_{number}/folds.csv").open() as file:
        return {
            row.pop("fold"): {name: float(text) for name, text in row.items()} for row in csv.DictReader(file)
        }


@pytest.fixture
def done(zoo, folder, once):
    """The table of three folds."""

    def fit():
        assert zoo(*FIT).code == 0

    once("folds", fit)
    return table(folder)


def interrupt_at(monkeypatch, wanted):
    """Has the process terminated while it takes that training step."""
    step, steps = SequenceClassifier.training_step, []

    def step_and_interrupt(self, batch, index):
        steps.append(index)
        if len(steps) == wanted:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(self, batch, index)

    monkeypatch.setattr(SequenceClassifier, "training_step", step_and_interrupt)


def test_the_table_has_each_fold_mean_and_deviation(zoo, folder):
    outcome = zoo(*FIT)
    assert outcome.code == 0, outcome.err
    found = table(folder)
    assert list(found) == ["0", "1", "2", "mean", "std"]
    values = [found[str(fold)]["test/accuracy"] for fold in range(3)]
    assert found["mean"]["test/accuracy"] == pytest.approx(fmean(values))
    assert found["std"]["test/accuracy"] == pytest.approx(stdev(values))
    lines = outcome.out.splitlines()
    assert lines[-1] == "folds     runs/small/folds_0/folds.csv"
    assert lines[-7].split() == ["fold", "test/loss", "test/accuracy", "test/macro_f1"]
    assert lines[-2].split()[0] == "std"
    assert f"{found['mean']['test/accuracy']:.4g}" in lines[-3]


def test_the_data_of_the_folds_is_what_the_kept_recipes_say(folder, done):
    tested = []
    for fold in range(3):
        (path,) = (folder / f"runs/small/folds_0/fold_{fold}").glob("version_0/config.yaml")
        data = Digits(**yaml.safe_load(path.read_text())["data"]["init_args"])
        assert (data.chance.number, data.chance.of) == (fold, 3)
        tested += [item["x"].numpy().tobytes() for item in data.dataset("test")]
    whole = Digits(val_fraction=0.1, test_fraction=0.1)
    every = [
        item["x"].numpy().tobytes() for split in ("train", "val", "test") for item in whole.dataset(split)
    ]
    assert sorted(tested) == sorted(every)


def test_a_fold_by_itself_and_its_checkpoint_give_the_same_numbers(zoo, folder, done):
    alone = zoo(*FIT[:3], FIT[-1], "--data.folds=3", "--data.fold=1")
    assert f"test/accuracy {done['1']['test/accuracy']:.4g} " in alone.out
    best = "runs/small/folds_0/fold_1/version_0/checkpoints/best-epoch1.ckpt"
    tested = zoo("test", "--ckpt_path", best)
    assert tested.code == 0, tested.err
    assert f"test/accuracy {done['1']['test/accuracy']:.4g} " in tested.out
    assert (folder / "runs/small/folds_0/fold_1/test_0").is_dir()


def test_what_was_interrupted_goes_on_and_ends_like_what_was_not(zoo, folder, done, monkeypatch):
    with monkeypatch.context() as patched:
        interrupt_at(patched, 6)  # in the second fold, of four steps each
        outcome = zoo(*FIT)
    assert outcome.code == 143
    assert (
        outcome.out.splitlines()[-1] == "folds     1 of 3 are done; the same command goes on with the others"
    )
    assert list(table(folder, 1)) == ["0"]
    again = zoo(*FIT)
    assert again.code == 0, again.err
    assert "folds     runs/small/folds_1 goes on: 1 of 3 are done (remove it to begin anew)" in again.out
    assert "runs/small/folds_1/fold_1/version_0/checkpoints/interrupted.ckpt" in again.out
    assert table(folder, 1) == done
    assert not (folder / "runs/small/folds_2").exists()


def test_a_fold_that_was_trained_and_not_tested_is_tested(zoo, folder, done):
    path = folder / "runs/small/folds_0/folds.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:3]))  # fold 2 is not in it
    outcome = zoo(*FIT)
    assert outcome.code == 0, outcome.err
    assert table(folder) == done


def test_folds_that_are_all_done_or_another_recipes_are_left_as_they_are(zoo, folder, done, monkeypatch):
    with monkeypatch.context() as patched:
        interrupt_at(patched, 2)
        assert zoo(*FIT).code == 143
    record = folder / "runs/small/folds_1/folds.json"
    assert zoo(*FIT, "--seed_everything=4").code == 0
    assert table(folder, 2) != done
    with claimed(record):  # as a process that works there
        assert zoo(*FIT).code == 0
    assert table(folder, 3) == table(folder, 0) == done
    assert not (folder / "runs/small/folds_1/folds.csv").exists()


def test_folds_do_not_go_on_with_data_that_has_changed(zoo, folder, monkeypatch):
    lines = [f"{'good' if k % 2 else 'bad'} w{k},l{k % 2}\n" for k in range(60)]
    path = folder / "texts.csv"
    path.write_text("text,label\n" + "".join(lines))
    data = ("--data={class_path: LabelledText, init_args: {root: texts.csv, batch_size: 8}}",)
    network = ("--model.network={encoder: {cell: gru, hidden_size: 2}, embedding_size: 2, pooling: max}",)
    fit = ("fit", "--model=SequenceClassifier", *network, *data, "--folds=3", "--trainer.max_epochs=1")
    with monkeypatch.context() as patched:
        interrupt_at(patched, 7)
        assert zoo(*fit).code == 143
    path.write_text("text,label\n" + "".join(lines[:-10]))
    outcome = zoo(*fit)
    assert outcome.code == 2
    assert outcome.err == (
        "zoo: error: the data is not that of the folds in runs/run/folds_0 which are done or begun, so that "
        "items would be tested twice or never; expected the same data, or that folder removed to begin anew\n"
    )
    assert "goes on with the others" not in outcome.out
    path.write_text("text,label\n" + "".join(lines))
    again = zoo(*fit)
    assert again.code == 0, again.err
    assert "runs/run/folds_0 goes on: 1 of 3 are done" in again.out
    assert not (folder / "runs/run/folds_1").exists()


def test_without_a_logger_the_table_is_only_shown(zoo, folder):
    outcome = zoo(*FIT, "--trainer.logger=false", "--trainer.enable_checkpointing=false")
    assert outcome.code == 0, outcome.err
    assert outcome.out.splitlines()[-1].startswith("std")
    assert not (folder / "runs").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--folds=1"], "--folds is 1; expected a whole number of at least 2"),
        (["--folds=2.5"], "--folds is 2.5; expected a whole number of at least 2"),
        (["--folds=true"], "--folds is True; expected a whole number of at least 2"),
        (
            ["--ckpt_path=last"],
            "--folds begins with a new model for each fold, and --ckpt_path is last; expected",
        ),
        (
            ["--ckpt_path=some.ckpt"],
            "--folds begins with a new model for each fold, and --ckpt_path is some.ckpt",
        ),
        (["--data.folds=3"], "--folds gives --data.folds for each fold; expected one of them"),
        (["--data.init_args.fold=1"], "--folds gives --data.fold for each fold; expected one of them"),
        (["--data.init_args.folds=4"], "--folds gives --data.folds for each fold; expected one of them"),
        (["--test_after_fit=false"], "--folds measures each fold by its test; expected a recipe without"),
        (
            ["--trainer.fast_dev_run=true"],
            "--folds measures each fold by its test; expected a recipe without",
        ),
        (
            ["--trainer.devices=2"],
            "trainer.devices is '2', and fit --folds trains fold after fold in one process",
        ),
        (["--folds=200"], "label 8 has 174 items, and there are 200 folds; expected at least as many items"),
        (["--folds=2000"], "1797 items are too few for 2000 folds; expected as many items as folds"),
        (
            ["--data=AddingProblem"],
            "AddingProblem has no folds: its sequences are made, as many as are asked",
        ),
        (["--data=TextFile"], "TextFile has no folds: a text is one stream, and has no items to divide"),
        (
            ["--data=MNISTSequence"],
            "MNISTSequence has no folds: its files say what is tested; expected its own",
        ),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence_and_leaves_nothing(zoo, folder, options, said):
    outcome = zoo(*FIT, *options)
    assert outcome.code == 2
    assert outcome.err.startswith(f"zoo: error: {said}"), outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert not list((folder / "runs").glob("**/*.*"))


def test_what_is_wrong_in_the_last_fold_is_said_before_any_is_trained(zoo, folder):
    """Each of the tags but one is in every fold."""
    (folder / "tags.txt").write_text("".join(f"a X\nb {'ZY'[k > 0]}\n\n" for k in range(12)))
    tagger = ("--model.network={encoder: {cell: gru, hidden_size: 2}, embedding_size: 2, pooling: none}",)
    data = ("--data=TaggedText", "--data.root=tags.txt", "--trainer.accelerator=cpu")
    outcome = zoo("fit", "--model=SequenceTagger", *tagger, *data, "--folds=4", "--trainer.max_epochs=1")
    assert outcome.code == 2
    assert "tag 'Z' does not occur in the training data" in outcome.err
    assert not list((folder / "runs").glob("**/*.*"))
    assert "epoch" not in outcome.out


def test_folds_are_no_part_of_a_recipe(zoo, folder):
    path = folder / "small.yaml"
    path.write_text("folds: 4\n" + path.read_text())
    assert zoo("fit", "--config", "small.yaml").err == (
        "zoo: error: small.yaml, line 1: folds is an option of `zoo fit`, and no part of a recipe; expected "
        "--folds 4 on the command line\n"
    )


@pytest.mark.parametrize(("option", "place"), [("fold: 1", "small.yaml, line {}: "), ("folds: 3", "")])
def test_what_folds_give_is_in_no_recipes_data(zoo, folder, option, place):
    path = folder / "small.yaml"
    text = path.read_text().replace("init_args: {batch_size: 32}", f"init_args:\n    {option}")
    path.write_text(text)
    line = text[: text.index(option)].count("\n") + 1
    name = option.partition(":")[0]
    assert zoo(*FIT).err == (
        f"zoo: error: {place.format(line)}--folds gives --data.{name} for each fold; expected one of them\n"
    )


def test_a_recipe_in_which_all_options_stand_has_folds(zoo, folder):
    path = folder / "small.yaml"
    path.write_text(path.read_text().replace("{batch_size: 32}", "{batch_size: 32, folds: null, fold: 0}"))
    outcome = zoo(*FIT)
    assert outcome.code == 0, outcome.err


OWN = """
import torch
import zoo
from zoo.data.batches.datasets import TensorSequences


class Mine(zoo.SequenceData):
    \"\"\"Nine sequences.\"\"\"

    sizes = {"input_size": 1, "num_classes": 2}

    def __init__(self, batch_size: int = 4OPTIONS) -> None:
        super().__init__(batch_size)
        self.own = OWN

    def load(self, split):
        numbers = torch.arange(9)
        numbers = numbers[numbers % 3 == self.own] if split == "test" else numbers[numbers % 3 != self.own]
        return TensorSequences({"x": numbers[:, None, None].float(), "y": numbers % 2})
"""


@pytest.mark.parametrize("has_folds", [True, False])
def test_data_of_ones_own_is_folded_if_it_has_the_options(zoo, folder, monkeypatch, has_folds):
    monkeypatch.syspath_prepend(folder)
    module = f"own_folds_{has_folds}".lower()
    options = (", folds: int | None = None, fold: int = 0", "fold") if has_folds else ("", "0")
    text = OWN.replace("OPTIONS", options[0]).replace("OWN", options[1])
    (folder / f"{module}.py").write_text(text)
    outcome = zoo("--allow-import", module, *FIT, f"--data={module}.Mine", "--data.batch_size=4")
    if has_folds:
        assert outcome.code == 0, outcome.err
        assert list(table(folder)) == ["0", "1", "2", "mean", "std"]
        return
    assert outcome.err == (
        "zoo: error: Mine has no folds: it does not divide its items; expected data with the options folds "
        "and fold\n"
    )


def test_help_and_printed_recipes(zoo):
    assert "--folds FOLDS" in zoo("fit", "--help").out
    assert "folds:" not in zoo("fit", "--config", "small.yaml", "--print_config=skip_default").out
