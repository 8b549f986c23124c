"""How many threads a training takes: not more than its work is worth, unless the user has said."""

import os
from collections.abc import Iterable, Mapping
from typing import Any, final

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor, nn

from zoo.callbacks.say import say
from zoo.cli.cores import cores

SAID = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Where a user says how many threads torch takes."""
SHARED = "ZOO_SHARED_THREADS"
"""Is set where their number is a share of the cores for each of several processes, and not a user's word."""
WORTH = 48e6
"""Multiply-adds of the largest layer in one batch from which several threads are worth it."""


@final
class ThreadsByWork(Callback):
    """Trains a small network on one thread, and none on more than the container may use.

    For layers as small as those of a first lesson a second thread brings little on an idle machine. On a busy
    one the first waits for it in every operation, and an epoch of one second takes ten. Several processes of
    a run on one machine share its cores. The choice follows from network and batch, never from a clock, so
    that a run can be repeated to the last bit.
    """

    def __init__(self) -> None:
        # At once: for several processes Lightning sets their number, and that is nobody's word.
        self._has_said = any(os.environ.get(name) for name in SAID) and SHARED not in os.environ
        self._before: int | None = None
        self._chosen = 0  # by the first batch of the run, also where it goes on

    def state_dict(self) -> dict[str, Any]:
        return {"threads": self._chosen}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._chosen = state_dict["threads"]

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if self._before is not None or self._has_said:
            return
        self._before = torch.get_num_threads()
        share = trainer.world_size // trainer.num_nodes
        self._chosen = self._chosen or threads_for(self._before, pl_module, batch, share)
        threads = min(self._chosen, self._before)
        if threads < self._before:
            torch.set_num_threads(threads)
            say("threads", f"{threads} of {self._before}, by the work of a batch; {SAID[0]} says otherwise")

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._restore()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._restore()

    def _restore(self) -> None:
        if self._before is not None:
            torch.set_num_threads(self._before)
            self._before = None


def threads_for(most: int, model: nn.Module, batch: Any, processes: int = 1) -> int:
    """Threads for training on batches like this one.

    Args:
        most: What torch would take.
        model: What is trained.
        batch: Tensors (B, T, ...), or anything that holds some; of others nothing is known.
        processes: How many train together on this machine, and share its cores.
    """
    work = _positions(batch) * _largest(model)
    return 1 if 0 < work < WORTH else max(1, min(most, cores() // processes))


def _positions(batch: Any) -> int:
    """Steps of all sequences of a batch."""
    return max((part.shape[0] * part.shape[1] for part in _tensors(batch) if part.dim() > 1), default=0)


def _tensors(batch: Any) -> Iterable[Tensor]:
    if isinstance(batch, Tensor):
        yield batch
    elif isinstance(batch, Mapping):
        for part in batch.values():
            yield from _tensors(part)
    elif isinstance(batch, list | tuple):
        for part in batch:
            yield from _tensors(part)


def _largest(model: nn.Module) -> int:
    """Parameters of the module with most of its own; a table that is only looked up counts for nothing."""
    sizes = (
        sum(parameter.numel() for parameter in module.parameters(recurse=False))
        for module in model.modules()
        if not isinstance(module, nn.Embedding)
    )
    return max(sizes, default=0)
