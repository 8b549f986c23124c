"""Runs beside each other, and a look at one that is still going on."""

import multiprocessing
import re
import shutil
from pathlib import Path

import pytest
import torch
from lightning.pytorch import Callback

from zoo.callbacks import CALLBACKS
from zoo.cli import main
from zoo.cli.run.folder import new_folder

FIT = ("fit", "--config", "small.yaml", "--trainer.log_every_n_steps=1")
WATCHED = [f"--trainer.callbacks+={name}" for name in ("GradientHistogram", "GradientThroughTime")]
AT_ONCE = 3

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*use of fork\\(\\) may lead:DeprecationWarning"
)  # Python 3.12


def at_once(target, *arguments):
    """Calls a function in several processes at the same moment; gives their exit codes."""
    # Processes that start anew would import all libraries again, for half a minute.
    if "fork" not in multiprocessing.get_all_start_methods() or torch.cuda.is_initialized():
        pytest.skip("a process cannot be forked here")
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(AT_ONCE)
    started = [context.Process(target=target, args=(gate, *arguments)) for _ in range(AT_ONCE)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    return [process.exitcode for process in started]


def make_folders(gate, root, count):
    for _ in range(count):
        gate.wait()
        (new_folder(root / "small") / "mine").mkdir()


def fit(gate):
    gate.wait()
    raise SystemExit(main(FIT))


def test_runs_that_start_at_the_same_moment_never_share_a_folder(tmp_path, monkeypatch):
    assert at_once(make_folders, tmp_path, 50) == [0] * AT_ONCE
    assert len(list(tmp_path.glob("small/version_*/mine"))) == 50 * AT_ONCE


def test_three_fits_are_started_at_the_same_moment(folder):
    assert at_once(fit) == [0] * AT_ONCE
    runs = list(folder.glob("runs/small/version_*"))
    assert len(runs) == AT_ONCE
    (metrics,) = {(run / "metrics.csv").read_text() for run in runs}
    assert "test/loss" in metrics
    for run in runs:
        assert {"config.yaml", "environment.json", "checkpoints"} <= {path.name for path in run.iterdir()}


class Snapshot(Callback):
    """Keeps the files of a run as they are in the middle of its second epoch."""

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if trainer.current_epoch == 1 and batch_idx == 2:
            shutil.copytree(trainer.log_dir, Path("copies/version_0"))


@pytest.fixture
def running(zoo, folder, monkeypatch):
    """The files of a run that is still going on."""
    monkeypatch.setattr(CALLBACKS, "_parts", CALLBACKS._parts | {"snapshot": Snapshot})
    assert zoo(*FIT, *WATCHED, "--trainer.max_epochs=3", "--trainer.callbacks+=Snapshot").code == 0
    return folder / "copies/version_0"


def page(zoo, running):
    outcome = zoo("report", running)
    assert outcome.code == 0, outcome.err
    return (running / "report.html").read_text()


def test_a_page_is_asked_for_of_a_run_that_is_still_going_on(zoo, running):
    text = page(zoo, running)
    assert "or is still going on" in text
    for name in ("gradients.jsonl", "through_time.jsonl"):
        whole = (running / name).read_bytes()
        for cut in (1, len(whole) // 2, len(whole) - 2):
            (running / name).write_bytes(whole[:cut])
            assert re.search(f"1 line of {name} could not be read", page(zoo, running)), (name, cut)


def test_a_page_is_asked_for_while_every_file_is_being_written(zoo, running):
    files = {path: path.read_bytes() for path in running.iterdir() if path.is_file()}
    for share in (0.05, 0.35, 0.8):
        for path, whole in files.items():
            path.write_bytes(whole[: int(len(whole) * share)])
        assert "could not be read" in page(zoo, running)
