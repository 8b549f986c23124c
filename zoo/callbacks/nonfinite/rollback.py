"""The state of a fit as a checkpoint holds it: whether it is finite, and how to go back to it."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor

from zoo.callbacks.nonfinite.finite import nonfinite

Checkpoint: TypeAlias = dict[str, Any]
Written: TypeAlias = tuple[Path, int]
"""A checkpoint's file, and the time at which it was written in nanoseconds."""

RATES = frozenset(
    ("lr", "initial_lr", "max_lr", "min_lr", "base_lrs", "max_lrs", "min_lrs", "_last_lr", "eta_min")
)
"""What torch's optimisers and schedulers call a learning rate in their states."""

UNREADABLE = (OSError, RuntimeError, EOFError, ValueError, LookupError, pickle.UnpicklingError)
"""What a damaged file, or one that is no plain data, makes torch raise."""


def capture(trainer: Trainer) -> Checkpoint:
    """What a rollback brings back, in the form of Lightning's checkpoints; the tensors are the live ones."""
    precision = trainer.precision_plugin
    return {
        "state_dict": trainer.strategy.lightning_module_state_dict(),
        "optimizer_states": [trainer.strategy.optimizer_state(optimizer) for optimizer in trainer.optimizers],
        "lr_schedulers": [config.scheduler.state_dict() for config in trainer.lr_scheduler_configs],
        type(precision).__qualname__: precision.state_dict(),
    }


def copied(checkpoint: Checkpoint) -> Checkpoint:
    """A copy in the memory of the host, which training does not change."""
    copy: Checkpoint = apply_to_collection(
        checkpoint, Tensor, lambda tensor: tensor.detach().to("cpu", copy=True)
    )
    return copy


def restore(trainer: Trainer, module: LightningModule, checkpoint: Checkpoint, factor: float) -> None:
    """Brings back weights, optimisers, schedulers and gradient scaler; nothing else is rewound.

    Args:
        trainer: It is between two batches.
        module: What it trains.
        checkpoint: As `capture` makes it, or one of Lightning's; it is not kept.
        factor: What all learning rates of optimisers and schedulers are multiplied by.
    """
    precision = trainer.precision_plugin
    trainer.strategy.load_model_state_dict(checkpoint, strict=module.strict_loading)
    optimizers = [
        {**state, "param_groups": slower(state["param_groups"], factor)}
        for state in checkpoint["optimizer_states"]
    ]
    trainer.strategy.load_optimizer_state_dict({"optimizer_states": optimizers})
    schedulers = slower(checkpoint["lr_schedulers"], factor)
    for config, state in zip(trainer.lr_scheduler_configs, schedulers, strict=True):
        config.scheduler.load_state_dict(state)
    scaler = checkpoint.get(type(precision).__qualname__)
    if scaler:
        precision.load_state_dict(scaler)


def slower(state: Any, factor: float) -> Any:
    """A copy of an optimiser's groups, or of a scheduler's state, with other learning rates.

    Schedules that compute the next rate from the last one, and those that compute it from `base_lrs`, both
    keep the factor from then on.
    """
    if isinstance(state, Mapping):
        return {
            key: _scaled(value, factor) if key in RATES else slower(value, factor)
            for key, value in state.items()
        }
    return [slower(value, factor) for value in state] if isinstance(state, list) else state


def _scaled(rates: Any, factor: float) -> Any:
    return [rate * factor for rate in rates] if isinstance(rates, list | tuple) else rates * factor


def written(trainer: Trainer) -> set[Written]:
    """The checkpoints that the Trainer's callbacks hold, with the times at which they were written."""
    kept = [callback for callback in trainer.checkpoint_callbacks if isinstance(callback, ModelCheckpoint)]
    names = {
        name
        for callback in kept
        for name in (callback.last_model_path, callback.best_model_path, *callback.best_k_models)
        if name
    }
    files = {(path, path.stat().st_mtime_ns) for path in map(Path, names) if path.is_file()}
    # The first process writes them, and all must go back to the same.
    known: set[Written] = trainer.strategy.broadcast(files)
    return known


def read(trainer: Trainer, path: Path) -> Checkpoint | None:
    """A checkpoint, or None where the file is damaged or holds weights alone."""
    try:
        checkpoint: Checkpoint = trainer.strategy.load_checkpoint(path, weights_only=True)
    except UNREADABLE:
        return None
    return checkpoint if {"state_dict", "optimizer_states", "lr_schedulers"} <= checkpoint.keys() else None


def newest_finite(
    trainer: Trainer, passed_over: set[Written], ignored: frozenset[str]
) -> tuple[Written, Checkpoint] | None:
    """The newest checkpoint that is whole and finite, with its file.

    Args:
        trainer: Its callbacks have written the checkpoints.
        passed_over: Files that are not wanted.
        ignored: Names of weights that need not be finite.
    """
    files = sorted(written(trainer) - passed_over, key=lambda file: file[1], reverse=True)
    for file in files:
        checkpoint = read(trainer, file[0])
        if checkpoint is not None and set(nonfinite(checkpoint)) <= ignored:
            return file, checkpoint
    return None


def keep_buffers(module: LightningModule) -> list[tuple[Tensor, Tensor]]:
    """The buffers of a module, each with a copy of what it holds now."""
    return [(buffer, buffer.detach().clone()) for buffer in module.buffers()]


@torch.no_grad()
def update_kept(buffers: list[tuple[Tensor, Tensor]]) -> None:
    """Keeps what the buffers hold now."""
    for buffer, kept in buffers:
        kept.copy_(buffer)


@torch.no_grad()
def put_back(buffers: list[tuple[Tensor, Tensor]]) -> None:
    """Gives buffers what they held when they were kept, for a bad batch ends up in running means, too."""
    for buffer, kept in buffers:
        buffer.copy_(kept)
