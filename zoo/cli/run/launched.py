"""Processes that a launcher has started for one run: torchrun, or SLURM."""

import os
from dataclasses import dataclass
from typing import Any, final

from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning.pytorch import Trainer

from zoo.cli.errors import UserError
from zoo.private.lightning_names import cluster_of

STEP = "SLURM_STEP_ID"
"""Where srun says which step of a job it has started; a batch script itself is none."""


@final
@dataclass(frozen=True, kw_only=True)
class Launched:
    """What a launcher has started."""

    by: str
    """Its name."""
    processes: int
    """How many, on all machines."""
    machines: int
    """On how many."""

    @property
    def here(self) -> int:
        """How many of them each machine has."""
        return self.processes // self.machines


def launched() -> Launched | None:
    """The processes of which this is one; None where nothing has started several."""
    if TorchElasticEnvironment.detect():
        processes, here = int(os.environ["WORLD_SIZE"]), int(os.environ["LOCAL_WORLD_SIZE"])
        found = Launched(by="torchrun", processes=processes, machines=processes // here)
    elif STEP in os.environ and "SLURM_NTASKS" in os.environ and SLURMEnvironment.detect():
        # The job may have more tasks, and more machines, than this step of it.
        processes = int(os.environ.get("SLURM_STEP_NUM_TASKS", os.environ["SLURM_NTASKS"]))
        machines = int(os.environ.get("SLURM_STEP_NUM_NODES", os.environ.get("SLURM_NNODES", 1)))
        found = Launched(by="SLURM", processes=processes, machines=machines)
    else:
        return None
    return found if found.processes > 1 else None


def with_all_of_them(config: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a Trainer; where they leave it open, it takes all processes that were started."""
    found = launched()
    if found is None or config["devices"] != "auto":
        return config
    return config | {"devices": found.here, "num_nodes": found.machines}


def check_takes_all(trainer: Trainer, name: str) -> None:
    """Refuses a Trainer that takes fewer, for each process would do all of the work by itself.

    Args:
        trainer: Of this process.
        name: What it is for.

    Raises:
        UserError: it does.
    """
    found = launched()
    if found is None and trainer.world_size > 1 and isinstance(cluster_of(trainer), SLURMEnvironment):
        raise UserError(
            f"SLURM has started one process, and {name} with trainer.devices {trainer.num_devices} and "
            f"trainer.num_nodes {trainer.num_nodes} would wait for others; expected it after srun, or "
            f"--trainer.devices=1, or a job called interactive, where Lightning starts them itself"
        )
    if found is not None and trainer.world_size != found.processes:
        raise UserError(
            f"{found.by} has started {found.processes} processes, and {name} with trainer.devices "
            f"{trainer.num_devices} and trainer.num_nodes {trainer.num_nodes} takes {trainer.world_size}; "
            f"expected --trainer.devices={found.here} --trainer.num_nodes={found.machines}, or one process"
        )
