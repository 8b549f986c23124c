"""Two processes on this machine that train one model together, by gloo on the CPU."""

import multiprocessing
import os
import socket

import pytest
import torch
from lightning.pytorch.strategies import DDPStrategy
from lightning_utilities.core.rank_zero import rank_zero_only
from torch.multiprocessing import start_processes

from zoo.cli import main

RANKS, IN_TIME = 2, 60


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def gloo():
    return DDPStrategy(process_group_backend="gloo")


def together(function, *arguments):
    """Calls `function(rank, *arguments)` in both processes, which end with this call.

    They are forked: to start anew, each would import all libraries again, for half a minute.
    """
    if "fork" not in multiprocessing.get_all_start_methods() or torch.cuda.is_initialized():
        pytest.skip("a process cannot be forked here")
    start_processes(_run, (function, free_port(), arguments), nprocs=RANKS, start_method="fork")


def _run(rank, function, port, arguments):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), LOCAL_RANK=str(rank), NODE_RANK="0")
    torch.set_num_threads(1)
    function(rank, *arguments)


def torchrun(rank):
    """The environment of a process that torchrun has started."""
    known = {
        "RANK": rank,
        "LOCAL_RANK": rank,
        "WORLD_SIZE": RANKS,
        "LOCAL_WORLD_SIZE": RANKS,
        "GROUP_RANK": 0,
    }
    return {"TORCHELASTIC_RUN_ID": "none", **{name: str(value) for name, value in known.items()}}


def slurm(rank):
    """The environment of a task of SLURM's."""
    job = {"JOB_ID": "77", "JOB_NAME": "zoo", "NODEID": "0", "NNODES": "1"}
    tasks = {"NTASKS": RANKS, "NTASKS_PER_NODE": RANKS, "PROCID": rank, "LOCALID": rank, "STEP_ID": "0"}
    return {f"SLURM_{name}": str(value) for name, value in {**job, **tasks}.items()}


def commands(environment, *line):
    """Runs `zoo` in both processes, as a launcher does; returns their exit codes."""
    if "fork" not in multiprocessing.get_all_start_methods() or torch.cuda.is_initialized():
        pytest.skip("a process cannot be forked here")
    context, port = multiprocessing.get_context("fork"), free_port()
    started = [
        context.Process(target=_command, args=(rank, port, environment(rank), line)) for rank in range(RANKS)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join(IN_TIME)
    codes = [process.exitcode for process in started]
    for process in started:
        process.kill()
    return codes


def _command(rank, port, environment, line):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), **environment)
    rank_zero_only.rank = rank  # as Lightning does when it is imported
    torch.set_num_threads(1)
    raise SystemExit(main(list(line)))
