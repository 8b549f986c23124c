"""S14: the restart after Inf or NaN."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

from zoo.callbacks.non_finite_guard import NonFiniteGuard
from zoo.claims.base import register_claim
from zoo.claims.system import System
from zoo.claims.training import BadBatch, train
from zoo.data.adding_problem import AddingProblem
from zoo.data.base import SequenceData
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.tasks.base import Task
from zoo.tasks.sequence_regressor import SequenceRegressor


@final
@register_claim("s14")
@dataclass(frozen=True, kw_only=True)
class RestartAfterNaN(System):
    """Training goes on from an earlier checkpoint after a bad update."""

    says: ClassVar[str] = "After a bad update, with Inf or NaN, training goes on from an earlier checkpoint."

    @property
    def ran(self) -> str:
        return (
            f"the adding problem, {self.updates} updates of a GRU of 8, a NaN in the batch of update "
            f"{self.bad}, checkpoints every {self.every}, a guard that rolls back"
        )

    updates: int = 20
    """Of the training."""

    bad: int = 12
    """The update whose batch has a NaN in it."""

    every: int = 5
    """Updates from one checkpoint to the next."""

    def errors(self) -> Mapping[str, float]:
        with tempfile.TemporaryDirectory() as folder:
            guard, keep = (
                NonFiniteGuard(action="rollback"),
                ModelCheckpoint(folder, every_n_train_steps=self.every),
            )
            compared = _Compared(self.bad, Path(folder))

            def make() -> tuple[Task, SequenceData]:
                network = ModelSpec(encoder=StackSpec(cell="gru", hidden_size=8), pooling="last")
                return SequenceRegressor(network), AddingProblem(10, steps_per_epoch=self.updates)

            trained = train(make, seed=1, epochs=1, callbacks=[BadBatch(self.bad), guard, keep, compared])
        lost = sum(not torch.isfinite(torch.tensor(loss)) for loss in trained.losses)
        return {
            "weights after the bad update, against the checkpoint": compared.error,
            "rollbacks other than one": float(abs(guard.rollbacks - 1)),
            "losses that are not finite, but for the bad one": float(abs(lost - 1)),
        }


class _Compared(Callback):
    """How far the weights after an update are from those of the newest checkpoint."""

    def __init__(self, update: int, folder: Path) -> None:
        self.update, self.folder, self.error = update, folder, float("inf")

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: object, batch: object, batch_idx: int
    ) -> None:
        if batch_idx == self.update - 1:
            (path,) = self.folder.glob("*.ckpt")
            kept = torch.load(path, weights_only=True)["state_dict"]
            now = pl_module.state_dict()
            self.error = max(float((now[name] - kept[name]).abs().max()) for name in kept)
