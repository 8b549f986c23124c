"""Two processes on this machine that train one model together, by gloo on the CPU."""

import multiprocessing
import os
import socket

import pytest
import torch
from lightning.pytorch.strategies import DDPStrategy
from torch.multiprocessing import start_processes

RANKS = 2


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
