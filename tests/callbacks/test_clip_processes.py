"""Clipping where two processes train one model: gradients are averaged first, and each decides alike."""

import multiprocessing
import os
import socket

import numpy as np
import pytest
import torch
from lightning.pytorch.strategies import DDPStrategy
from oracles.clipping import by_norm, by_percentile, by_unit, by_value
from torch.multiprocessing import start_processes
from torch.utils.data import DataLoader

from callbacks.modules import FEW_WORKERS, Linear, trainer
from zoo.callbacks.gradient_clipping import GradientClipping

pytestmark = [
    FEW_WORKERS,
    pytest.mark.filterwarnings("ignore:.*use of fork\\(\\) may lead:DeprecationWarning"),  # Python 3.12
]

STEPS = np.array([[3.0, 0.0, 4.0], [0.3, 0.0, 0.4], [1.0, 2.0, 2.0], [0.5, 4.0, 0.0]])
"""What the average over both processes is."""

APART = np.array([2.0, -1.0, 0.5])
"""What the first process has more than that, and the second less."""

OPTIONS = {
    "norm": {"max_norm": 1.0},
    "value": {"max_value": 0.5},
    "group": {"mode": "group", "max_norm": 1.0},
    "unit": {"mode": "unit", "max_ratio": 0.5, "eps": 1.0},
    "percentile": {"mode": "percentile", "percentile": 50.0},
}


def train(rank, folder, port):
    """One of the two processes: a fit per mode."""
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), LOCAL_RANK=str(rank), NODE_RANK="0")
    torch.set_num_threads(1)
    moves = {}
    for mode, options in OPTIONS.items():
        module = Linear()
        steps = torch.tensor(STEPS + (APART if rank == 0 else -APART), dtype=torch.float32)
        fit = trainer(
            folder,
            GradientClipping(**options),
            devices=2,
            strategy=DDPStrategy(process_group_backend="gloo"),
            use_distributed_sampler=False,
        )
        fit.fit(module, DataLoader(list(steps), batch_size=None))
        moves[mode] = module.moves
    torch.save(moves, folder / f"{rank}.pt")


@pytest.fixture(scope="module")
def moves(tmp_path_factory):
    # Processes that start anew would import all libraries again, for half a minute.
    if "fork" not in multiprocessing.get_all_start_methods() or torch.cuda.is_initialized():
        pytest.skip("a process cannot be forked here")
    folder = tmp_path_factory.mktemp("processes")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start_processes(train, (folder, port), nprocs=2, start_method="fork")
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(2)]


def by_units():
    """The weights begin at zero; the first two are one unit, the third is another."""
    weights, taken = np.zeros(3), []
    for step in STEPS:
        parts = [by_unit(step[part], weights[part], 0.5, eps=1.0) for part in (slice(0, 2), slice(2, 3))]
        taken.append(np.concatenate(parts))
        weights = weights - taken[-1]
    return taken


def whole(mode):
    """What one process that has the averages would do to the three weights of `Linear`."""
    if mode == "unit":
        return by_units()
    if mode == "percentile":
        return [step[0] for step in by_percentile([[step] for step in STEPS], 50)]
    clip = {
        "norm": lambda step: by_norm([step], 1.0)[0],
        "group": lambda step: by_norm([step], 1.0)[0],
        "value": lambda step: by_value([step], -0.5, 0.5)[0],
    }
    return [clip[mode](step) for step in STEPS]


@pytest.mark.parametrize("mode", OPTIONS)
def test_both_processes_take_the_step_that_one_would_take(moves, mode):
    assert moves[0][mode] == moves[1][mode]
    np.testing.assert_allclose(moves[0][mode], whole(mode), rtol=1e-5)
