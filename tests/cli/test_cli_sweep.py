"""`zoo sweep`: trials chosen by those before them, shared by processes, given up early, kept as they end."""

import csv
import os
import signal

import optuna
import pytest
import yaml

from zoo.cli.recipes.recipe import RecipeInputs
from zoo.cli.sweep.plan import Plan
from zoo.cli.sweep.space import read_space
from zoo.cli.sweep.study import MOST_KILLED, STARTUP, SharedStudy
from zoo.comparison.measure import Measure
from zoo.sweep.parallel import paint_parallel
from zoo.tasks.sequence_classifier import SequenceClassifier

NATIVE = "--model.network.encoder.engine=native"  # for which nothing is compiled
SPACE = """\
cell: [lstm, gru]
lr: {low: 1e-4, high: 1e-1, log: true}
params: 6_000
"""
DISTRIBUTIONS = {
    "cell": optuna.distributions.CategoricalDistribution(("lstm", "gru")),
    "lr": optuna.distributions.FloatDistribution(1e-4, 1e-1, log=True),
}
SWEEP = ("sweep", "--config=small.yaml", "--over=space.yaml", NATIVE)
FOLDER = "runs/sweep-small"


@pytest.fixture
def space(folder):
    """Writes a space, the usual one at first."""
    path = folder / "space.yaml"
    path.write_text(SPACE)
    return path.write_text


@pytest.fixture
def steps(monkeypatch):
    """The training steps that are taken; at the one of number `at` the process is terminated."""
    step, taken, at = SequenceClassifier.training_step, [], [0]

    def step_and_note(self, batch, index):
        taken.append(index)
        if len(taken) == at[0]:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(self, batch, index)

    monkeypatch.setattr(SequenceClassifier, "training_step", step_and_note)

    def stop_at(number):
        at[0] = number
        taken.clear()
        return taken

    return stop_at


def rows(folder):
    with (folder / FOLDER / "sweep.csv").open() as file:
        return {int(row["trial"]): row for row in csv.DictReader(file)}


def plan_in(folder, trials=3):
    """A search in the working folder, of which nothing has been trained."""
    inputs = RecipeInputs.of(["--config=small.yaml", NATIVE])
    (folder / FOLDER).mkdir(parents=True)
    return Plan(
        folder=folder / FOLDER,
        inputs=inputs,
        space=read_space(folder / "space.yaml", inputs),
        measure=Measure.of("val/loss"),
        seed=3,
        trials=trials,
        warmup=1,
        modules=(),
    )


def test_an_interrupted_search_goes_on_within_its_trial_and_its_best_is_a_recipe(zoo, folder, space, steps):
    steps(6)  # in the second trial, of four steps each
    stopped = zoo(*SWEEP, "--trials=2")
    assert stopped.code == 143
    assert stopped.out.splitlines()[-1] == (
        f"sweep     1 trial is left; the same command goes on with {FOLDER}/study.db"
    )
    space(SPACE.replace("1e-1", "1"))
    changed = zoo(*SWEEP, "--trials=2")
    assert changed.code == 2
    assert changed.err.startswith(f"zoo: error: {FOLDER} has trials in which space was [")
    space(SPACE)
    taken = steps(0)
    went_on = zoo(*SWEEP, "--trials=2")
    assert went_on.code == 0, went_on.err
    assert len(taken) == 2
    found = rows(folder)
    assert [row["outcome"] for row in found.values()] == ["done", "done"]
    sizes = [int(row["parameters"]) for row in found.values()]
    assert sizes == pytest.approx([6_250, 6_250], rel=0.1), "the head comes to the 6,000 of the encoder"

    best = min(found.values(), key=lambda row: float(row["val/loss"]))
    assert went_on.out.splitlines()[-1] == f"best      zoo fit --config {FOLDER}/small_best.yaml"
    alone = zoo("fit", "--config", f"{FOLDER}/small_best.yaml")
    assert f"val/loss {float(best['val/loss']):.4g} " in alone.out
    assert "parallel.png" in (folder / FOLDER / "sweep.md").read_text()


def test_a_failed_trial_is_a_row_with_its_reason_and_stops_no_other(zoo, folder, space, monkeypatch):
    step = SequenceClassifier.training_step
    space("wiring: [plain, residual]\n")
    unlucky = []

    def fail_first(self, batch, index):
        unlucky.append(index)
        if len(unlucky) == 1:
            raise RuntimeError("bad luck\nwith details")
        return step(self, batch, index)

    monkeypatch.setattr(SequenceClassifier, "training_step", fail_first)
    outcome = zoo(*SWEEP, "--trials=2")
    assert outcome.code == 0
    assert [rows(folder)[number]["error"] for number in (0, 1)] == ["bad luck", ""]
    assert "1 came to their end, 1 have failed" in outcome.out
    assert "Failed: trial 0 (wiring " in outcome.out


def test_a_trial_that_is_worse_than_others_were_is_given_up(zoo, folder, space):
    plan = plan_in(folder, STARTUP + 1)
    SharedStudy(plan)
    for _ in range(STARTUP):
        params = {"cell": "gru", "lr": 1e-2}
        done = optuna.create_trial(
            params=params, distributions=DISTRIBUTIONS, value=0.1, intermediate_values={1: 0.1, 2: 0.1}
        )
        optuna.load_study(study_name="sweep", storage=f"sqlite:///{plan.folder}/study.db").add_trial(done)
    outcome = zoo(*SWEEP, f"--trials={STARTUP + 1}", "--trainer.max_epochs=3")
    assert outcome.code == 0, outcome.err
    assert "pruned    after epoch 1: val/loss is worse" in outcome.out
    last = rows(folder)[STARTUP]
    assert (last["outcome"], last["epochs"]) == ("pruned", "1")


def test_processes_share_trials_and_take_up_those_of_the_dead(folder, space):
    plan = plan_in(folder)
    one, other = SharedStudy(plan), SharedStudy(plan)
    storage = f"sqlite:///{plan.folder}/study.db"
    optuna.load_study(study_name="sweep", storage=storage).ask()  # by one that was killed before it chose
    first, second = one.take(), other.take()
    assert (first.number, second.number) == (0, 1)
    assert first.words != second.words
    one.leave()  # as the system lets go for a process that was killed
    again = other.take()
    assert (again.number, again.words) == (0, first.words)
    assert other.take().number == 2
    assert other.take() is None
    assert one.take() is None
    other.leave()
    for _ in range(MOST_KILLED):
        taken = one.take()
        assert taken.number == 0
        one.ended(taken, -signal.SIGKILL)
    assert one.trials()[0].error == "its process was ended by SIGKILL"
    assert one.take().number == 1
    one.leave()


def test_what_a_trial_chooses_is_the_same_in_whichever_process(folder, space):
    study = SharedStudy(plan_in(folder))
    chosen = [study.take().words for _ in range(3)]
    study.leave()
    (folder / FOLDER / "study.db").unlink()
    others = [SharedStudy(study.plan) for _ in range(3)]
    assert [other.take().words for other in others] == chosen
    for other in others:
        other.leave()


def test_what_decides_matters_most(folder, space):
    study = SharedStudy(plan_in(folder, 40))
    told = optuna.load_study(study_name="sweep", storage=f"sqlite:///{study.plan.folder}/study.db")
    for number in range(40):
        params = {"cell": ("lstm", "gru")[number % 2], "lr": 10.0 ** (-1 - (number % 7) / 4)}
        value = (number % 2) + params["lr"] / 100
        told.add_trial(optuna.create_trial(params=params, distributions=DISTRIBUTIONS, value=value))
    found = study.importances()
    assert found["cell"] > 0.9
    figure = paint_parallel(
        study.trials(), [each.scale for each in study.plan.space.dimensions], study.plan.measure
    )
    words = [text.get_text() for text in (*figure.texts, *figure.axes[0].texts)]
    assert words[0] == "Trial 6 has the lowest val/loss: 3.16·10⁻⁵"
    assert {"cell", "lr", "lstm", "gru", "val/loss"} <= set(words)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cel: [lstm, gru]", "space.yaml: cel: the model has no option 'cel'; did you mean 'cell'?"),
        ("cell: [lstm, gruu]", "cell=gruu: unknown cell 'gruu'; did you mean 'gru'"),
        ("trainer.max_epoch: [1, 2]", "trainer.max_epoch=1: trainer: Trainer has no option 'max_epoch'; did"),
        ("lr: {lo: 1, high: 2}", "space.yaml: lr has 'lo'; did you mean 'low'"),
        ("lr: {low: 1e-3}", "space.yaml: lr: high is None; expected a number"),
        ("lr: {low: 2, high: 1}", "space.yaml: lr: low is 2 and high is 1; expected a low below the high"),
        ("lr: {low: 0, high: 1, log: true}", "space.yaml: lr: with log, low is above 0 and there is no step"),
        (
            "cell: [gru, gru]",
            "space.yaml: cell is ['gru', 'gru']; expected a list of values, each of them once",
        ),
        ("cell: gru", "space.yaml: nothing varies; expected a list of values or a range for some option"),
        ("seed_everything: [1, 2]", "space.yaml: seed_everything is the same for all trials"),
        ("cell: [gru, lstm]\nencoder.cell: [gru, lstm]", "space.yaml: cell and encoder.cell are the same"),
        ("", "space.yaml is empty; expected paths of options with what they take, such as lr: {low: 1e-4"),
        (
            "cell: {low: 1, high: 3}",
            "cell=1: model.network.encoder.cell is 1; expected a name, or class_path and init_args",
        ),
        ("num_layers: {low: 1.5, high: 3.5}", "num_layers=1.5: model.network.encoder.num_layers is '1.5'"),
        (
            "direction: [forward, sideways]",
            "direction=sideways: model.network.encoder.direction is 'sideways'",
        ),
        (
            "optimizer.name: [Adam, Adamm]",
            "optimizer.name=Adamm: optimizer is 'Adamm'; did you mean 'Adam'",
        ),
    ],
)
def test_a_mistake_in_the_space_is_said_in_a_sentence_before_the_first_trial(zoo, folder, space, text, said):
    space(text + "\n")
    outcome = zoo(*SWEEP)
    assert outcome.code == 2
    assert outcome.err.startswith(f"zoo: error: {said}"), outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert not (folder / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--metric=val/acuracy",),
            "--metric is val/acuracy, which the task does not measure; did you mean 'val",
        ),
        (
            ("--metric=test/loss",),
            "--metric is test/loss, and a search goes by validation; expected one such",
        ),
        (("--name=../x",), "--name is '../x'; expected a name without / in it"),
        (("--ckpt_path=last",), "--ckpt_path is last, and in a search it is none, for each trial begins"),
        (("--trial=3",), "sweep has no option '--trial'; did you mean '--trials'"),
    ],
)
def test_a_mistake_on_the_command_line_is_said_in_a_sentence(zoo, folder, space, arguments, said):
    outcome = zoo(*SWEEP, *arguments)
    assert outcome.code == 2
    assert outcome.err.startswith(f"zoo: error: {said}"), outcome.err
    assert not (folder / "runs").exists()


def test_numbers_with_a_fraction_are_searched_between_whole_ends(folder, space):
    size = "data.batch_size: {low: 8, high: 16, step: 4}"
    space(f"dropout: {{low: 0, high: 1}}\nnum_layers: {{low: 2, high: 4}}\n{size}\n")
    found = read_space(folder / "space.yaml", RecipeInputs.of(["--config=small.yaml"]))
    assert [dimension.is_whole for dimension in found.dimensions] == [False, True, True]
    assert [dimension.for_wandb() for dimension in found.dimensions] == [
        {"distribution": "uniform", "min": 0.0, "max": 1.0},
        {"distribution": "int_uniform", "min": 2, "max": 4},
        {"values": [8, 12, 16]},
    ]


def test_without_optuna_the_command_says_what_to_install(zoo, space, monkeypatch):
    monkeypatch.setattr("zoo.cli.verbs.sweep.find_spec", lambda name: None)
    outcome = zoo(*SWEEP)
    needed = "sweep needs the package optuna, which is not installed; pip install recurrent-zoo[sweep]"
    assert outcome.err == f"zoo: error: {needed}\n"


@pytest.mark.usefixtures("private_wandb")
def test_the_agent_of_wandb_runs_what_the_file_says(zoo, folder, space, monkeypatch):
    """Its command line is put together by W&B's own functions, as its agent does."""
    from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args

    space(f"{SPACE}learn_initial_state: [true, false]\n")
    written = zoo(*SWEEP, "--wandb", "--trainer.limit_train_batches=2", "--metric=accuracy")
    assert written.code == 0, written.err
    path = f"{FOLDER}/wandb_sweep.yaml"
    assert written.out.splitlines()[1] == f"register  wandb sweep {path}"
    told = yaml.safe_load((folder / path).read_text())
    assert told["metric"] == {"name": "val/accuracy", "goal": "maximize"}
    drawn = {"model.network.encoder.cell": "gru", "model.optimizer.lr": 0.003}
    drawn["model.network.encoder.learn_initial_state"] = "true"
    fixed = {key: said["value"] for key, said in told["parameters"].items() if "value" in said}
    assert told["parameters"].keys() == fixed.keys() | drawn.keys()
    arguments = {"args": {key: {"value": value} for key, value in (fixed | drawn).items()}}
    filled = {"env": ["/usr/bin/env"], **create_sweep_command_args(arguments)}
    line = [
        word
        for chunk in create_sweep_command(told["command"])
        for word in (filled[chunk[2:-1]] if chunk.startswith("${") else [chunk])
    ]
    assert line[:2] == ["/usr/bin/env", "zoo"]
    monkeypatch.setenv("WANDB_MODE", "disabled")  # what it tracks is for other tests
    outcome = zoo(*line[2:])
    assert outcome.code == 0, outcome.err
    assert "learn_initial_state=true" in outcome.out
    kept = yaml.safe_load((folder / "runs/small/version_0/config.yaml").read_text())
    encoder = kept["model"]["init_args"]["network"]["encoder"]
    assert (encoder["cell"]["class_path"], encoder["params"]) == ("GRUSpec", 6000)
    assert kept["model"]["init_args"]["optimizer"]["lr"] == 0.003
    assert kept["trainer"]["logger"]["class_path"] == "WandbLogger"
