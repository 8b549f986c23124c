"""A job of SLURM whose time is nearly over: it is put back into the queue, to go on later."""

import os
import signal
import subprocess
from dataclasses import dataclass
from typing import final

from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.pytorch import Trainer
from lightning.pytorch.utilities import rank_zero_warn

from zoo.callbacks.say import say
from zoo.private.lightning_names import cluster_of


@final
@dataclass(frozen=True)
class Requeue:
    """What a job does when SLURM says that its time is nearly over."""

    signal: signal.Signals
    """By which it says so."""

    def act(self) -> None:
        """Puts the job back into the queue; one of its processes does."""
        job, said = job_id(), ""
        try:
            done = subprocess.run(["scontrol", "requeue", job], capture_output=True, text=True, check=False)
            said = done.stderr.strip() if done.returncode else ""
        except OSError as error:
            said = f"scontrol: {error.strerror}"
        if said:
            rank_zero_warn(f"job {job} could not be put back into the queue: {said}")
        else:
            say("requeued", f"job {job}, which goes on from here where it begins with --ckpt_path last")


def requeue_of(trainer: Trainer) -> Requeue | None:
    """How the job of a run is requeued; None where SLURM has not started it, or it is not to be."""
    cluster = cluster_of(trainer)
    if not isinstance(cluster, SLURMEnvironment) or not cluster.auto_requeue:
        return None
    return None if cluster.requeue_signal is None else Requeue(signal.Signals(cluster.requeue_signal))


def job_id() -> str:
    """The number of this job, as SLURM's commands take it."""
    array = os.environ.get("SLURM_ARRAY_JOB_ID")
    return os.environ["SLURM_JOB_ID"] if array is None else f"{array}_{os.environ['SLURM_ARRAY_TASK_ID']}"
