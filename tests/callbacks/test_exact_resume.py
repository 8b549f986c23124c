"""A run that was cut short and goes on ends with the very checkpoint of one that never stopped."""

import csv
import random
import shutil

import lightning.pytorch as pl
import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import (
    EarlyStopping,
    EMAWeightAveraging,
    GradientAccumulationScheduler,
    ModelCheckpoint,
    StochasticWeightAveraging,
)
from lightning.pytorch.loggers import CSVLogger

import zoo
from tests.callbacks.fits import SOURCES, Case, SaveAt, StoppedError, differences
from zoo.callbacks import CALLBACKS
from zoo.callbacks.random_state import random_state, restore_random_state
from zoo.tasks import TASKS
from zoo.tasks.optimisation import SCHEDULES

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not have many workers"),
    pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty"),
    pytest.mark.filterwarnings("ignore:When using `Trainer.accumulate_grad_batches != 1"),
]
PLACES = {
    "first batch": (0, 0, False),
    "after two batches": (1, 1, False),
    "within an epoch": (1, 3, False),
    "last batch of an epoch": (1, 4, False),
    "within validation": (1, 0, True),
    "after validation": (1, "all", True),
    "within the last epoch": (2, 1, False),
}
"""Epoch, batch, whether in validation; in the order in which a fit comes to them."""


def check_resumes(case, folder, *places):
    """Saves at each place and stops at the last, goes on from each, and compares with a run not cut short."""
    whole, losses = case.fit(folder / "whole")
    paths = {place: folder / f"{place}.ckpt" for place in sorted(places, key=list(PLACES).index)}
    saves = [SaveAt(path, *PLACES[place], stops=False) for place, path in paths.items()]
    saves[-1].stops = True
    with pytest.raises(StoppedError):
        case.fit(folder / "cut", saves)
    for place, path in paths.items():
        shutil.rmtree(folder / "cut")  # nothing is needed of it, and what is compared was written after this
        end, rest = case.fit(folder / "cut", checkpoint=path)
        assert rest == {at: losses[at] for at in losses if at >= min(rest)}, place
        assert differences(whole, end) == [], place


def test_every_task_is_tried(tmp_path):
    tasks = {source(tmp_path / name)[0] for name, source in SOURCES.items()}
    assert tasks == {TASKS[name] for name in TASKS.names()}


@pytest.mark.parametrize("source", SOURCES)
def test_tasks_and_orders(tmp_path, source):
    check_resumes(Case(source), tmp_path, *PLACES)


@pytest.mark.parametrize("source", ["texts", "characters"])
def test_workers(tmp_path, source):
    check_resumes(Case(source, workers=2), tmp_path, "within an epoch")


OPTIONS = {
    "CosineAnnealingLR": {"T_max": 4},
    "CosineAnnealingWarmRestarts": {"T_0": 2},
    "CyclicLR": {"base_lr": 1e-3, "max_lr": 1e-2, "cycle_momentum": False},
    "ExponentialLR": {"gamma": 0.7},
    "MultiStepLR": {"milestones": [1, 2], "gamma": 0.5},
    "OneCycleLR": {"max_lr": 0.02, "total_steps": 20},
    "ReduceLROnPlateau": {"patience": 0, "factor": 0.5, "threshold": 10.0},
    "StepLR": {"step_size": 1, "gamma": 0.5},
}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("interval", ["epoch", pytest.param("step", marks=pytest.mark.exhaustive)])
def test_schedules(tmp_path, name, interval):
    only = {"ReduceLROnPlateau": "epoch", "OneCycleLR": "step"}.get(name, interval)
    case = Case("numbers", {"name": name, "options": OPTIONS.get(name, {}), "interval": only})
    check_resumes(case, tmp_path, "last batch of an epoch", "within the last epoch")


CALLBACK_SETS = {
    "exact_resume": [],
    "gradient_clipping": [lambda: zoo.GradientClipping(percentile=50.0)],
    "gradient_histogram": [zoo.GradientHistogram],
    "gradient_through_time": [lambda: zoo.GradientThroughTime(every_n_steps=4)],
    "non_finite_guard": [lambda: zoo.NonFiniteGuard(action="skip")],
    "recurrence_health": [lambda: zoo.RecurrenceHealth(every_n_steps=2)],
    "verdict": [zoo.Verdict],
    "best": [lambda: ModelCheckpoint(monitor="val/loss", save_on_train_epoch_end=True)],
    "early stopping": [lambda: EarlyStopping("val/loss", patience=1)],
    "mean of weights": [lambda: EMAWeightAveraging(decay=0.9)],
    "mean of weights at the end": [lambda: StochasticWeightAveraging(0.01, swa_epoch_start=1)],
    "accumulation": [lambda: GradientAccumulationScheduler({0: 1, 1: 2})],
}


def test_every_callback_is_tried():
    assert CALLBACK_SETS.keys() >= set(CALLBACKS.names())


@pytest.mark.parametrize("name", CALLBACK_SETS)
def test_callbacks(tmp_path, name):
    case = Case("numbers", callbacks=lambda: [make() for make in CALLBACK_SETS[name]])
    check_resumes(case, tmp_path, "within an epoch", "after validation")


def logged(folder):
    """Step and name -> what was logged of it."""
    rows = csv.DictReader((folder / "metrics.csv").read_text().splitlines())
    return {(int(row["step"]), name): text for row in rows for name, text in row.items() if text}


@pytest.mark.parametrize("batch", [0, 1, 3, 4])  # batch 2 ends with a row of the log, which is written later
def test_what_callbacks_log_goes_on(tmp_path, batch):
    """Counts since the last log, and what is due every so many steps, are those of a run without a stop."""

    def case(name):
        own = {"logger": CSVLogger(tmp_path, name, ""), "log_every_n_steps": 4}
        watch = {"every_n_steps": 2, "spectra_every_n_steps": 5}
        makers = (lambda: zoo.GradientClipping(max_norm=0.3), lambda: zoo.RecurrenceHealth(**watch))
        return Case("numbers", callbacks=lambda: [make() for make in makers], trainer=own)

    case("whole").fit(tmp_path / "whole")
    with pytest.raises(StoppedError):
        case("before").fit(tmp_path / "cut", [SaveAt(tmp_path / "cut.ckpt", 1, batch)])
    case("after").fit(tmp_path / "cut", checkpoint=tmp_path / "cut.ckpt")
    whole = logged(tmp_path / "whole")
    assert {key for _, key in whole} > {"gradient/clipped", "layer_1/forward/n/spectral_radius"}
    assert logged(tmp_path / "before") | logged(tmp_path / "after") == whole


TRAINERS = {
    "accumulation": {"accumulate_grad_batches": 2},
    "clipping of Lightning's": {"gradient_clip_val": 0.01},
    "bfloat16": {"precision": "bf16-mixed"},
    "several validations in an epoch": {"val_check_interval": 2},
    "validation every other epoch": {"check_val_every_n_epoch": 2},
    "no validation": {"limit_val_batches": 0},
    "a limit of steps": {"max_epochs": -1, "max_steps": 15},
}


@pytest.mark.parametrize("name", TRAINERS)
def test_trainers(tmp_path, name):
    case = Case("numbers", trainer=TRAINERS[name])
    check_resumes(case, tmp_path, "after two batches", "within an epoch", "last batch of an epoch")


@pytest.mark.parametrize("source", SOURCES)
def test_the_end_of_an_epoch(tmp_path, source):
    case = Case(source)
    whole, _ = case.fit(tmp_path / "whole")
    kept = shutil.move(tmp_path / "whole/kept/epoch=0.ckpt", tmp_path)
    shutil.rmtree(tmp_path / "whole")
    end, rest = case.fit(tmp_path / "whole", checkpoint=kept)
    assert {epoch for epoch, _ in rest} == {1, 2}
    assert differences(whole, end) == []


def test_these_tests_would_notice(tmp_path):
    case, path = Case("texts"), tmp_path / "cut.ckpt"
    whole, _ = case.fit(tmp_path / "whole")
    with pytest.raises(StoppedError):
        case.fit(tmp_path / "cut", [SaveAt(path, 1, 2)])
    checkpoint = torch.load(path, weights_only=True)
    checkpoint["exact_resume"]["random"] = []
    torch.save(checkpoint, path)
    end, _ = case.fit(tmp_path / "cut", checkpoint=path)
    assert any(place.startswith("/state_dict") for place in differences(whole, end))


class Plain(pl.LightningModule):
    """A module and a loader that know nothing of the zoo."""

    def __init__(self):
        super().__init__()
        self.layer, self.drawn = torch.nn.Linear(2, 1), []

    def training_step(self, batch, index):
        drawn = np.random.rand() + torch.rand(())
        self.drawn.append(float(drawn))
        return self.layer(batch).mean() * drawn

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

    def train_dataloader(self):
        return torch.utils.data.DataLoader(torch.randn(8, 2), batch_size=2)


def plain_trainer(folder, *callbacks):
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "logger": False}
    return pl.Trainer(
        max_epochs=2,
        accelerator="cpu",
        enable_checkpointing=False,
        callbacks=[*callbacks, zoo.ExactResume()],
        default_root_dir=folder,
        **quiet,
    )


def test_what_a_module_draws_by_itself(tmp_path):
    whole, rest, path = Plain(), Plain(), tmp_path / "cut.ckpt"
    plain_trainer(tmp_path, SaveAt(path, 0, 3, stops=False)).fit(whole)
    plain_trainer(tmp_path).fit(rest, ckpt_path=path, weights_only=True)
    assert rest.drawn == whole.drawn[4:]


def test_all_generators_go_on_where_they_were():
    draws = random.random, random.gauss, np.random.rand, np.random.randn, lambda: float(torch.rand(()))
    random.gauss(), np.random.randn()  # both make two numbers and keep one
    state = random_state()
    first = [draw() for draw in draws]
    restore_random_state(state)
    assert [draw() for draw in draws] == first


def test_a_loader_without_position_is_refused_within_an_epoch(tmp_path):
    path = tmp_path / "cut.ckpt"
    with pytest.raises(StoppedError):
        plain_trainer(tmp_path, SaveAt(path, 1, 1)).fit(Plain())
    with pytest.raises(ValueError, match=r"from within epoch 2, after 2 batches, and the training loader"):
        plain_trainer(tmp_path).fit(Plain(), ckpt_path=path, weights_only=True)


@pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`")
def test_other_data_is_refused_within_an_epoch(tmp_path):
    path = tmp_path / "cut.ckpt"
    with pytest.raises(StoppedError):
        Case("numbers").fit(tmp_path, [SaveAt(path, 1, 2)])
    task, network, _ = SOURCES["numbers"](tmp_path)
    data = zoo.AddingProblem(length=5, batch_size=4, steps_per_epoch=9, val_size=8, test_size=8)
    with pytest.raises(ValueError, match=r"after 3 of 5 batches, and the training data now makes 9"):
        plain_trainer(tmp_path).fit(task(network), data, ckpt_path=path, weights_only=True)
