"""torchrun and SLURM: what they have started trains together, and ends together by a signal to one of it."""

import os
import signal

import pytest
import torch
from lightning.pytorch import Callback

from distributed.two import commands, slurm, torchrun
from zoo.callbacks import CALLBACKS
from zoo.cli.run.launched import Launched, launched

SHORT = ("--trainer.log_every_n_steps=1", "--trainer.limit_train_batches=6", "--test_after_fit=false")
NATIVE = "--model.network.encoder.engine=native"  # compiles nothing
FIT = ("fit", "--config", "small.yaml", NATIVE, *SHORT)
RUN = "runs/small/version_0"

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*use of fork\\(\\) may lead:DeprecationWarning",  # Python 3.12
)


@pytest.mark.parametrize(
    ("step", "found"),
    [
        ({}, None),  # a batch script without srun is one process, whatever the job was given
        ({"STEP_ID": "0", "STEP_NUM_TASKS": "1", "STEP_NUM_NODES": "1"}, None),
        ({"STEP_ID": "1", "STEP_NUM_TASKS": "4"}, Launched(by="SLURM", processes=4, machines=2)),
        ({"STEP_ID": "0"}, Launched(by="SLURM", processes=8, machines=2)),
    ],
)
def test_of_a_job_of_slurm_only_what_srun_has_started_counts(monkeypatch, step, found):
    job = {"JOB_NAME": "zoo", "NTASKS": "8", "NNODES": "2", "NTASKS_PER_NODE": "4"}
    for name, value in {**job, **step}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    assert launched() == found


def test_a_job_without_srun_is_refused_what_it_would_wait_for(zoo, folder, monkeypatch):
    for name, value in slurm(0).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SLURM_STEP_ID")
    outcome = zoo(*FIT, "--trainer.devices=2")
    assert outcome.code == 2
    assert "SLURM has started one process, and fit with trainer.devices 2" in outcome.err
    assert not list(folder.glob("runs/small/*"))


class Sends(Callback):
    """Sends a signal to the second process, once, after its third step."""

    number = signal.SIGTERM

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if batch_idx == 2 and trainer.global_rank == 1:
            os.kill(os.getpid(), self.number)


@pytest.fixture
def sends(monkeypatch):
    monkeypatch.setattr(CALLBACKS, "_parts", CALLBACKS._parts | {"sends": Sends})

    def by(number):
        monkeypatch.setattr(Sends, "number", number)
        return "--trainer.callbacks+=Sends"

    return by


def steps(path):
    return torch.load(path, weights_only=True)["global_step"]


def test_a_signal_to_one_process_ends_both_after_the_same_step(folder, sends):
    assert commands(torchrun, *FIT, sends(signal.SIGTERM)) == [143, 143]
    assert steps(folder / RUN / "checkpoints/interrupted.ckpt") == 3


def test_slurm_has_the_job_requeued_once_and_it_goes_on_where_it_was(folder, sends, monkeypatch):
    tools = folder / "tools"
    tools.mkdir()
    (tools / "scontrol").write_text(f'#!/bin/sh\necho "$@" >> {folder}/asked\n')
    (tools / "scontrol").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    line = (*FIT, "--ckpt_path=last")
    assert commands(slurm, *line, sends(signal.SIGUSR1)) == [128 + signal.SIGUSR1] * 2
    assert (folder / "asked").read_text() == "requeue 77\n"
    assert not list(folder.glob("hpc_ckpt*"))
    assert commands(slurm, *line) == [0, 0]
    assert steps(folder / RUN / "checkpoints/interrupted.ckpt") == 3
    assert steps(folder / "runs/small/version_1/checkpoints/last.ckpt") == 6


def test_fewer_processes_than_were_started_are_refused_and_no_other_run_is_touched(folder, capfd):
    (folder / RUN).mkdir(parents=True)
    (folder / RUN / "kept").write_text("")
    assert commands(torchrun, *FIT, "--trainer.devices=1") == [2, 2]
    text = "torchrun has started 2 processes, and fit with trainer.devices 1 and trainer.num_nodes 1 takes 1"
    assert text in capfd.readouterr().err
    assert [path.name for path in folder.glob("runs/small/*/*")] == ["kept"]
