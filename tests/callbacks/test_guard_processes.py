"""A bad batch in one of two processes: both leave the update out, and no layer of the other is blamed."""

import multiprocessing
import os
import socket

import pytest
import torch
from lightning.pytorch.strategies import DDPStrategy
from torch import nn
from torch.multiprocessing import start_processes
from torch.utils.data import DataLoader

from tests.callbacks.modules import FEW_WORKERS, NAN, Linear, trainer
from zoo import NonFiniteGuard
from zoo.runs.events import read_events

pytestmark = [
    FEW_WORKERS,
    pytest.mark.filterwarnings("ignore:.*use of fork\\(\\) may lead:DeprecationWarning"),  # Python 3.12
]

GOOD, BAD = [1.0, 2.0, 3.0], [NAN, 0.0, 0.0]
BATCHES = ([GOOD, GOOD, BAD], [GOOD, BAD, GOOD])
"""Of the first process and of the second."""


class Layered(Linear):
    """The loss goes through a layer whose output can be looked at."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Identity()

    def loss(self, batch):
        return super().loss(self.layer(batch))


def train(rank, folder, port):
    """One of the two processes."""
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), LOCAL_RANK=str(rank), NODE_RANK="0")
    torch.set_num_threads(1)
    module = Layered()
    strategy = DDPStrategy(process_group_backend="gloo")
    fit = trainer(folder, NonFiniteGuard("skip"), devices=2, strategy=strategy, use_distributed_sampler=False)
    fit.fit(module, DataLoader(list(torch.tensor(BATCHES[rank])), batch_size=None))
    torch.save(module.weights(), folder / f"{rank}.pt")


def test_what_went_wrong_in_another_process_is_told_as_such(tmp_path):
    # Processes that start anew would import all libraries again, for half a minute.
    if "fork" not in multiprocessing.get_all_start_methods() or torch.cuda.is_initialized():
        pytest.skip("a process cannot be forked here")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start_processes(train, (tmp_path, port), nprocs=2, start_method="fork")
    for rank in range(2):
        assert torch.load(tmp_path / f"{rank}.pt", weights_only=True).tolist() == [-1.0, -2.0, -3.0]
    found = [event.text for event in read_events(tmp_path / "events.jsonl") if event.kind == "nonfinite"]
    assert found[0].startswith("step 1: the loss is NaN in another process, the gradient of")
    assert "output" not in found[0]
    assert found[1].startswith("step 2: the loss is NaN, the first output")
