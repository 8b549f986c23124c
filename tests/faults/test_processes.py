"""Two processes train one model: where one fails or is killed, both end; what they keep, they keep once."""

import csv
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from lightning.pytorch import Callback
from lightning_utilities.core.rank_zero import rank_zero_only

from zoo.callbacks import CALLBACKS
from zoo.cli import main
from zoo.cli.run.fit import check_writable
from zoo.cli.run.folder import new_folder

FIT = ("fit", "--config", "small.yaml", "--trainer.log_every_n_steps=1")
TWO = ("--trainer.devices=2", "--trainer.strategy=ddp")
APART = "--trainer.use_distributed_sampler=false"
IN_TIME = 60

pytestmark = [
    pytest.mark.usefixtures("private_wandb"),
    pytest.mark.filterwarnings("ignore:.*use of fork\\(\\) may lead:DeprecationWarning"),  # Python 3.12
]


class Fails(Callback):
    """Ends one of the processes after the second step."""

    how, rank = "", 0

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if batch_idx == 1 and trainer.global_rank == self.rank:
            if self.how == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            raise RuntimeError("this process fails")


def run(rank, port, line):
    """One of two processes that a launcher such as torchrun has started."""
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), TORCHELASTIC_RUN_ID="none")
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", LOCAL_WORLD_SIZE="2", GROUP_RANK="0"
    )
    rank_zero_only.rank = rank  # as Lightning does when it is imported
    torch.set_num_threads(1)
    raise SystemExit(main([*line, *TWO]))


@pytest.fixture
def launch(folder):
    """Runs two processes to their ends, and gives their exit codes."""
    # Processes that start anew would import all libraries again, for half a minute.
    if "fork" not in multiprocessing.get_all_start_methods() or torch.cuda.is_initialized():
        pytest.skip("a process cannot be forked here")
    context = multiprocessing.get_context("fork")
    started = []

    def both(*line):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        started.extend(context.Process(target=run, args=(rank, port, line)) for rank in range(2))
        for process in started:
            process.start()
        for process in started:
            process.join(IN_TIME)
        return [process.exitcode for process in started]

    yield both
    for process in started:
        process.kill()
        process.join()


def test_two_processes_leave_one_run_and_track_it_once(launch, folder):
    assert launch(*FIT, APART, "--trainer.logger=WandbLogger", "--trainer.logger.offline=true") == [0, 0]
    assert [path.name for path in folder.glob("runs/small/*")] == ["version_0"]
    run = folder / "runs/small/version_0"
    assert len(list(run.glob("wandb/offline-run-*/run-*.wandb"))) == 1
    names = sorted(path.name for path in run.iterdir())
    assert names == ["checkpoints", "config.yaml", "environment.json", "hparams.yaml", "metrics.csv", "wandb"]
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["best-epoch1.ckpt", "last.ckpt"]


def test_a_process_that_is_ahead_of_the_first_makes_no_folder(launch, folder, monkeypatch):
    ahead = multiprocessing.get_context("fork").Event()

    def check(*arguments):
        check_writable(*arguments)
        ahead.set()

    def make(*arguments):
        assert rank_zero_only.rank or ahead.wait(IN_TIME)
        return new_folder(*arguments)

    monkeypatch.setattr("zoo.cli.run.fit.check_writable", check)
    monkeypatch.setattr("zoo.cli.run.lightning_cli.new_folder", make)
    assert launch(*FIT, APART) == [0, 0]
    assert [path.name for path in folder.glob("runs/small/*")] == ["version_0"]


def losses(folder, name):
    with (folder / f"runs/small/{name}/metrics.csv").open() as file:
        return [float(row["val/loss"]) for row in csv.DictReader(file) if row["val/loss"]]


@pytest.mark.filterwarnings("ignore:Using `DistributedSampler` with the dataloaders")
def test_the_validation_loss_is_that_of_one_process_only(zoo, launch, folder):
    assert zoo(*FIT).code == 0
    line = ("validate", "--config", "small.yaml", "--ckpt_path", "runs/small/version_0/checkpoints/last.ckpt")
    assert zoo(*line, "--trainer.limit_val_batches=2").code == 0
    assert launch(*line, "--trainer.limit_val_batches=1") == [0, 0]
    assert losses(folder, "validate_1") == pytest.approx(losses(folder, "validate_0"), rel=1e-5)


@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize("how", ["fails", "killed"])
def test_one_of_two_processes_ends_and_the_other_does_not_wait_for_it(launch, folder, monkeypatch, how, rank):
    monkeypatch.setattr(CALLBACKS, "_parts", CALLBACKS._parts | {"fails": Fails})
    monkeypatch.setattr(Fails, "how", how)
    monkeypatch.setattr(Fails, "rank", rank)
    codes = launch(*FIT, APART, "--trainer.callbacks+=Fails")
    assert None not in codes
    assert 0 not in codes
    assert codes[rank] == (-signal.SIGKILL if how == "killed" else 1)
    assert [path.name for path in folder.glob("runs/small/*")] == ["version_0"]


OWN = """
import os, signal
from lightning.pytorch import Callback


class Fails(Callback):
    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if batch_idx == 1 and trainer.global_rank == {rank}:
            if "{how}" == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            raise RuntimeError("this process fails")
"""


def alive(word):
    """Processes with this word in their command lines."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [path.parent.name] if word.encode() in path.read_bytes() else []
        except OSError:  # it has ended
            continue
    return found


@pytest.mark.exhaustive
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="processes are looked for in /proc")
@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize("how", ["fails", "killed"])
def test_the_processes_that_a_run_has_started_end_with_it(folder, how, rank):
    name = f"own_{how}_{rank}_{os.getpid()}"
    (folder / f"{name}.py").write_text(OWN.format(how=how, rank=rank))
    line = [*("-m", "zoo", "--allow-import", name), *FIT, *TWO, APART, "--trainer.callbacks", f"{name}.Fails"]
    path = os.pathsep.join([str(folder), *sys.path])
    done = subprocess.run([sys.executable, *line], env=os.environ | {"PYTHONPATH": path}, timeout=2 * IN_TIME)
    assert done.returncode not in (0, 2)
    assert alive(name) == []
    assert [path.name for path in folder.glob("runs/small/*")] == ["version_0"]
