"""`zoo compare`: variants over seeds in one table, kept as they end, and gone on with."""

import csv
import os
import re
import signal
import threading
import time
from statistics import fmean, stdev

import pytest
from stand_ins import StandIn

from zoo.cli.compare.checking import look_at
from zoo.cli.compare.scheduling import work
from zoo.cli.compare.variants import Axis, variants
from zoo.cli.errors import UserError
from zoo.runs.atomic_file import claimed
from zoo.tasks.sequence_classifier import SequenceClassifier

NATIVE = "--model.network.encoder.engine=native"  # for which nothing is compiled
OVER = ("compare", "small.yaml", "--over", "cell=lstm,gru", NATIVE)
COMPARE = (*OVER, "--seeds=1")
FOLDER, SMALL = "runs/compare-small-cell", "runs/compare-small"


def rows(folder, name=FOLDER):
    """The runs in a comparison's table by variant and seed."""
    with (folder / name / "compare.csv").open() as file:
        return {(row["variant"], int(row["seed"])): row for row in csv.DictReader(file)}


def numbers(folder, name=FOLDER):
    """What they have measured."""
    return {key: (row["test/accuracy"], row["val/loss"]) for key, row in rows(folder, name).items()}


@pytest.fixture
def steps(monkeypatch):
    """The training steps that are taken; at one of them the process is terminated if `at` is set."""
    step, taken = SequenceClassifier.training_step, []

    def step_and_note(self, batch, index):
        taken.append(index)
        if len(taken) == at:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(self, batch, index)

    at = 0

    def stop_at(number):
        nonlocal at
        at = number
        taken.clear()
        return taken

    monkeypatch.setattr(SequenceClassifier, "training_step", step_and_note)
    return stop_at


def test_what_was_interrupted_goes_on_and_ends_as_a_fit_does(zoo, folder, steps):
    steps(6)  # in the second run, of four steps each
    outcome = zoo(*COMPARE)
    assert outcome.code == 143
    said = f"compare   1 run is left; the same command goes on with it in {FOLDER}"
    assert outcome.out.splitlines()[-1] == said
    assert list(rows(folder)) == [("lstm", 1)]
    changed = zoo(*COMPARE, "--model.optimizer.lr=0.02")
    assert changed.code == 2
    assert changed.err == (
        f"zoo: error: {FOLDER} has runs of 'lstm' in which model.optimizer.lr was 0.01, and now is 0.02; "
        f"expected the same command, --name NAME for another comparison, or that folder removed to begin "
        f"anew\n"
    )
    with claimed(folder / FOLDER / "compare.json"):  # as a process that works there
        assert zoo(*COMPARE).err.startswith(f"zoo: error: another process works in {FOLDER}; expected")

    taken = steps(0)
    went_on = zoo(*COMPARE)
    assert went_on.code == 0, went_on.err
    assert len(taken) == 2
    again = zoo(*COMPARE)
    assert len(taken) == 2
    assert again.out.splitlines()[0] == f"compare   {FOLDER}: 2 of 2 runs are done"
    assert again.out[again.out.index("\n") :] == went_on.out[went_on.out.index("\ntest/accuracy,") - 1 :]
    gru = ("--model.network.encoder.cell=gru", "--seed_everything=1", NATIVE)
    alone = zoo("fit", "--config=small.yaml", *gru)
    accuracy, loss = map(float, numbers(folder)["gru", 1])
    assert f"val/loss {loss:.4g} " in alone.out
    assert f"test/accuracy {accuracy:.4g} " in alone.out


def test_more_seeds_come_to_those_that_are_done_in_processes_of_their_own(zoo, folder):
    one = ("compare", "small.yaml", NATIVE)
    assert zoo(*one, "--seeds=1").code == 0
    first = numbers(folder, SMALL)["small", 1]
    outcome = zoo(*one, "--seeds=2", "--jobs=2")
    assert outcome.code == 0, outcome.err
    assert outcome.out.splitlines()[0] == f"compare   {SMALL}: 1 of 2 runs are done"
    found = numbers(folder, SMALL)
    assert found["small", 1] == first
    kept = (folder / SMALL / "small/seed_2/output.txt").read_text()
    assert re.search(r"^epoch +1/1", kept, re.MULTILINE)
    assert "epoch" not in outcome.out
    accuracies = [float(accuracy) for accuracy, _ in found.values()]
    assert f"test/accuracy {accuracies[1]:.4g} " in kept
    line = next(line for line in outcome.out.splitlines() if "bi-lstm-2x8-residual" in line)
    told = [float(cell) for cell in re.split(r"\s{2,}", line.strip())[4:6]]
    assert told == pytest.approx([fmean(accuracies), stdev(accuracies)], rel=0.05)


def test_changed_data_is_refused(zoo, folder, steps):
    lines = [f"{'good' if k % 2 else 'bad'} w{k},l{k % 2}\n" for k in range(60)]
    path = folder / "texts.csv"
    path.write_text("text,label\n" + "".join(lines))
    recipe = folder / "texts.yaml"
    recipe.write_text(
        "model: {class_path: SequenceClassifier, init_args: {network: {encoder: {cell: gru, hidden_size: 2}, "
        "embedding_size: 2, pooling: max}}}\n"
        "data: {class_path: LabelledText, init_args: {root: texts.csv, batch_size: 8}}\n"
        "trainer: {max_epochs: 1, accelerator: cpu}\n"
    )
    steps(2)
    assert zoo("compare", "texts.yaml").code == 143
    path.write_text("text,label\n" + "".join(lines[:-10]))
    outcome = zoo("compare", "texts.yaml")
    assert outcome.code == 2
    assert "runs/compare-texts has runs of 'texts' in which the data was other data" in outcome.err


def test_a_run_that_fails_is_a_row_and_stops_no_other(zoo, folder, monkeypatch):
    step = SequenceClassifier.training_step

    def fail(self, batch, index):
        if self.optimizer.lr == 0.5:
            raise RuntimeError("the second learning rate is bad luck\nwith details")
        return step(self, batch, index)

    over = ("compare", "small.yaml", "--over=lr=0.5,1e30", "--seeds=1", NATIVE)
    with monkeypatch.context() as patched:
        patched.setattr(SequenceClassifier, "training_step", fail)
        outcome = zoo(*over)
    assert outcome.code == 1
    found = rows(folder, "runs/compare-small-lr")
    assert found["lr=0.5", 1]["error"] == "the second learning rate is bad luck"
    assert found["lr=1e30", 1]["error"].endswith("is not finite")
    assert "Failed: lr=0.5, seed 1: the second learning rate is bad luck" in outcome.out
    again = zoo(*over, "--retry")
    assert "Failed: lr=0.5" not in again.out
    assert rows(folder, "runs/compare-small-lr")["lr=0.5", 1]["error"] == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--over", "cell=lstm,gruu"), "unknown cell 'gruu'; did you mean 'gru'"),
        (("--over", "cell=lstm,gru", "--over=wiring=plan"), "unknown wiring 'plan'; did you mean 'plain'"),
        (("--over", "num_layers=1,2"), "num_layers=1: small.yaml, line 7: dropout is 0.1 with num_layers 1"),
        (("--over", "cell"), "--over is 'cell'; expected a path and its values, such as cell=lstm,gru"),
        (("--over", "cell=gru,gru"), "--over cell=gru,gru has a value twice; expected each once"),
        (("--over", "cel=gru"), "--over cel: the model has no option 'cel'; did you mean 'cell'?"),
        (("--seeds=0",), "--seeds is 0; expected at least 1"),
        (("--seeds=3,3",), "--seeds is 3,3; expected each seed once"),
        (("--seeds=many",), "--seeds is 'many'; expected how many there are, such as 3, or a list: 4,7,9"),
        (("--seed_everything=3",), "--seed_everything is 3, and a comparison gives each run its seed"),
        (("--ckpt_path=last",), "--ckpt_path is last, and a comparison begins with a new model for each"),
        (("--over", "seed_everything=1,2"), "--over seed_everything: a comparison gives each run its seed"),
        (("--params=0",), "compare --params: '0' is no whole number of at least 1"),
        (("--name=../x",), "--name is '../x'; expected a name without / in it"),
        (("--against=gru",), "unknown variant 'gru'; Known: small"),
        (("small.yaml",), "two variants are called 'small'; expected different recipes and values"),
        (("--trainer.max_epoch=3",), "trainer: Trainer has no option 'max_epoch'; did you mean 'max_epochs'"),
        (("--sed=3",), "compare has no option '--sed'; did you mean '--seeds'?"),
        (("--trainer.devices=2",), "small: trainer.devices is '2', and compare trains each run"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence_before_anything_is_trained(zoo, folder, steps, arguments, said):
    taken = steps(0)
    outcome = zoo("compare", "small.yaml", *arguments)
    assert outcome.code == 2
    assert outcome.err.startswith(f"zoo: error: {said}"), outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert taken == []
    assert not list((folder / "runs").glob("**/*.*"))


def test_variants_are_a_grid_whose_names_say_what_differs(folder):
    over = ["encoder.cell=lstm,{class_path: LSTMSpec, init_args: {forget_bias: 2.0}}", "data.batch_size=8,16"]
    found = {each.name: each.inputs.merged for each in variants(["small.yaml"], [], over, None)}
    own = "cell={class_path: LSTMSpec, init_args: {forget_bias: 2.0}}"
    assert list(found) == [f"{cell} batch_size={size}" for cell in ("lstm", own) for size in (8, 16)]
    last = found[f"{own} batch_size=16"]
    assert last["data"]["init_args"]["batch_size"] == 16
    encoder = last["model"]["init_args"]["network"]["encoder"]
    assert encoder["cell"]["init_args"] == {"forget_bias": 2.0}


def test_a_short_path_is_the_outermost_place_and_never_one_of_two():
    plain = variants(["digits_rows_lstm"], [], ["lr=0.1", "cell=gru"], None)[0].inputs.options
    assert [key for key, _ in plain] == ["model.optimizer.lr", "model.network.encoder.cell"]
    with pytest.raises(
        UserError, match=r"may mean model\.network\.encoder\.cell or model\.decoder\.stack\.cell"
    ):
        variants(["dates_gru_attention"], [], ["cell=lstm,gru"], None)
    assert Axis.of("x=[1, 2],{a: 1, b: 2},c").values == ("[1, 2]", "{a: 1, b: 2}", "c")


def test_a_budget_gives_all_variants_as_many_parameters(folder):
    found = variants(["small.yaml"], [], ["cell=elman,lstm"], 6000)
    seen = look_at(found, 1, [])
    assert [each.encoder_parameters for each in seen.values()] == pytest.approx([6000, 6000], rel=0.1)


def test_as_many_processes_as_asked_share_the_cores_and_none_brings_down_another(tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr("zoo.cli.compare.scheduling.cores", lambda: 6)
    runs = [StandIn(f"r{k}", tmp_path, 0.2, code) for k, code in enumerate((0, 1, -signal.SIGKILL, 0))]
    ended = {}
    work(runs, 2, lambda one, code: ended.update({one.name: code}))
    assert ended == {"r0": 0, "r1": 1, "r2": -signal.SIGKILL, "r3": 0}
    told = [(tmp_path / f"{one.name}.txt").read_text().split() for one in runs]
    assert {threads for *_, threads in told} == {"3"}
    times = sorted((float(began), 1) for began, *_ in told) + [(float(end), -1) for _, end, _ in told]
    going = [sum(change for at, change in times if at <= moment) for moment, _ in times]
    assert max(going) == 2
    assert "OMP_NUM_THREADS" not in os.environ


def test_a_signal_has_all_processes_save_before_the_command_ends(tmp_path):
    runs = [StandIn(f"r{k}", tmp_path, 60, 0) for k in range(3)]

    def terminate():
        while len(list(tmp_path.glob("*.began"))) < 2:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=terminate).start()
    with pytest.raises(SystemExit) as end:
        work(runs, 2, lambda one, code: pytest.fail("none has ended by itself"))
    assert end.value.code == 143
    assert sorted(path.name for path in tmp_path.glob("*.saved")) == ["r0.saved", "r1.saved"]
    assert not list(tmp_path.glob("*.txt"))
