"""Epochs count from 1, in printed lines, file names, metrics, events and on the page."""

import csv

import pytest
from lightning.pytorch import Trainer
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from zoo.callbacks.epochs import Progress
from zoo.runs.events import read_events

FIT = ("fit", "--config", "small.yaml", "--trainer.max_epochs=2", "--trainer.log_every_n_steps=2")


def epochs(run, metric):
    """The epochs of the rows of metrics.csv in which a metric is."""
    with (run / "metrics.csv").open() as file:
        return [int(row["epoch"]) for row in csv.DictReader(file) if row.get(metric)]


def test_the_first_epoch_is_1_in_metrics_names_and_on_the_page(zoo, folder):
    every = ("--trainer.callbacks+=ModelCheckpoint", "--trainer.callbacks.save_top_k=-1")
    outcome = zoo(*FIT, *every)
    assert outcome.code == 0, outcome.err
    run = folder / "runs/small/version_0"
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == [
        "epoch=1-step=4.ckpt",
        "epoch=2-step=8.ckpt",
    ]
    assert epochs(run, "train/loss") == [1, 1, 2, 2]
    assert epochs(run, "val/loss") == [1, 2]
    assert epochs(run, "test/loss") == [2]
    said = [line.split()[1] for line in outcome.out.splitlines() if line.startswith("epoch")]
    assert said == ["1/2", "2/2"]
    told = set()
    for path in run.glob("events.out.tfevents.*"):
        events = EventAccumulator(str(path)).Reload()
        told |= (
            {event.value for event in events.Scalars("epoch")}
            if "epoch" in events.Tags()["scalars"]
            else set()
        )
    assert told == {1.0, 2.0}
    zoo("report", run)
    assert "2 of 2 epochs" in (run / "report.html").read_text(encoding="utf-8")


def test_the_best_checkpoint_is_named_after_its_epoch(zoo, folder):
    worse = ("--model.optimizer.name=SGD", "--model.optimizer.lr=1000.0")  # the first epoch is the best
    assert zoo(*FIT, *worse, "--test_after_fit=false").code == 0
    checkpoints = folder / "runs/small/version_0/checkpoints"
    assert sorted(path.name for path in checkpoints.iterdir()) == ["best-epoch1.ckpt", "last.ckpt"]


def test_rows_in_the_middle_of_an_epoch_count_likewise(zoo, folder):
    every = ("--trainer.log_every_n_steps=1", "--trainer.val_check_interval=2", "--test_after_fit=false")
    steps = ("--trainer.callbacks+=ModelCheckpoint", "--trainer.callbacks.every_n_train_steps=3")
    assert zoo(*FIT, *every, *steps, "--trainer.callbacks.save_top_k=-1").code == 0
    run = folder / "runs/small/version_0"
    assert epochs(run, "train/loss") == [1, 1, 1, 1, 2, 2, 2, 2]
    assert epochs(run, "val/loss") == [1, 1, 2, 2]
    names = sorted(path.name for path in (run / "checkpoints").iterdir())
    assert names == ["epoch=1-step=3.ckpt", "epoch=2-step=6.ckpt"]
    middle = run / "checkpoints" / names[1]
    assert zoo(*FIT, *every[:1], "--ckpt_path", middle, "--test_after_fit=false").code == 0
    assert epochs(folder / "runs/small/version_1", "train/loss") == [2, 2]


def test_a_run_that_goes_on_counts_on(zoo, folder):
    assert zoo(*FIT, "--trainer.max_epochs=1").code == 0
    last = folder / "runs/small/version_0/checkpoints/last.ckpt"
    assert zoo(*FIT, "--ckpt_path", last, "--test_after_fit=false").code == 0
    run = folder / "runs/small/version_1"
    assert epochs(run, "train/loss") == [2, 2]
    zoo("report", run)
    assert "2 of 2 epochs" in (run / "report.html").read_text(encoding="utf-8")


def test_a_run_without_validation_names_its_checkpoints_likewise(zoo, folder):
    assert zoo(*FIT, "--trainer.limit_val_batches=0", "--test_after_fit=false").code == 0
    names = {path.name for path in (folder / "runs/small/version_0/checkpoints").iterdir()}
    assert names == {"epoch2.ckpt", "last.ckpt"}


@pytest.mark.parametrize("of", [3, -1])
def test_the_progress_bar_counts_from_1(of):
    bar = Progress()
    bar.setup(Trainer(max_epochs=of, logger=False, accelerator="cpu"), None, "fit")
    assert bar._get_train_description(0).strip() == ("Epoch 1/3" if of == 3 else "Epoch 1")


def test_events_count_from_1(zoo, folder):
    bad = ("--model.optimizer.name=SGD", "--model.optimizer.lr=1e30")
    guard = ("--trainer.callbacks+=NonFiniteGuard", "--trainer.callbacks.action=stop")
    assert zoo(*FIT, *bad, *guard).code == 1
    events = list(read_events(folder / "runs/small/version_0/events.jsonl"))
    assert [event.epoch for event in events] == [1, 1]
