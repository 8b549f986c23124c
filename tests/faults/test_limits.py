"""What the system can refuse a run, or take from it: files, memory, the processes that load its data."""

import gc
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it reads /proc")
HERE = Path(__file__).parent


def checkpoint(folder):
    """The checkpoint of the first epoch."""
    return torch.load(folder / "runs/small/version_0/checkpoints/last.ckpt", weights_only=True)


@pytest.fixture
def no_orphans(monkeypatch):
    """After the test, no process that it has started is left; torch need not wait seconds for each."""
    monkeypatch.setattr("torch.utils.data._utils.MP_STATUS_CHECK_INTERVAL", 0.2)
    yield
    gc.collect()
    assert multiprocessing.active_children() == []


@pytest.mark.usefixtures("no_orphans")
def test_no_more_files_can_be_opened(folder, fit_until, failed):
    said = failed(fit_until("no_more_files_can_be_opened", "--data.num_workers=2"))
    assert "too many files are open; expected fewer workers" in said
    assert checkpoint(folder)["global_step"] == 4


@pytest.mark.usefixtures("no_orphans")
def test_a_worker_is_killed(folder, fit_until, failed):
    said = failed(fit_until("a_worker_is_killed", "--data.num_workers=2"))
    assert "a worker process that loads data has died" in said
    assert checkpoint(folder)["global_step"] in (4, 8)  # the other worker may have had the rest of the epoch


def test_a_worker_hangs_up_while_its_batch_is_fetched(zoo, monkeypatch, failed):
    """What a killed worker comes to where it is just being talked to; it is an error of the system, too."""
    source = "def reset(*arguments):\n    raise ConnectionResetError(104, 'Connection reset by peer')\n"
    defined = {}
    exec(compile(source, "/torch/multiprocessing/reductions.py", "exec"), defined)
    monkeypatch.setattr("zoo.cli.run.output.EpochLines.on_train_epoch_end", defined["reset"])
    assert "a worker process that loads data has died" in failed(zoo("fit", "--config", "small.yaml"))


def test_memory_runs_out(folder):
    """In a process of its own, for pytest needs memory as well."""
    line = "fit --config small.yaml --trainer.max_epochs=3 --trainer.callbacks+=happens.At"
    happening = "--trainer.callbacks.what=memory_runs_out --data.num_workers=2"
    path = os.pathsep.join([str(HERE), str(HERE.parent.parent)])
    done = subprocess.run(
        [sys.executable, "-m", "zoo", "--allow-import", "happens", *line.split(), *happening.split()],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    said = [line for line in done.stderr.splitlines() if "zoo: compiling" not in line]
    assert len(said) == 1
    assert "there is not enough memory, for 0.1 GB more" in said[0]
    assert checkpoint(folder)["global_step"] == 4
    assert not any(str(folder) in working_folder(process) for process in Path("/proc").glob("[0-9]*"))


def working_folder(process):
    """Where a process works, by which those of a test are known."""
    try:
        return os.fspath((process / "cwd").readlink()) if int(process.name) != os.getpid() else ""
    except OSError:
        return ""


def test_no_process_can_be_started_for_the_data(zoo, folder, monkeypatch, failed):
    def refuse():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("os.fork", refuse)
    outcome = zoo("fit", "--config", "small.yaml", "--data.num_workers=2")
    assert "no further process or thread can be started; expected fewer workers" in failed(outcome)
    assert not list((folder / "runs").rglob("version_*"))


def test_an_error_of_the_zoo_itself_is_taken_for_a_limit(zoo, monkeypatch):
    """It shows where it comes from, even where an error of the disk was handled on the way."""

    def broken(*arguments, **options):
        try:
            raise OSError(28, "No space left on device")
        except OSError:
            raise AttributeError("a mistake in a program")  # noqa: B904

    monkeypatch.setattr("zoo.cli.run.fit.check_writable", broken)
    with pytest.raises(AttributeError, match="a mistake in a program"):
        zoo("fit", "--config", "small.yaml")
