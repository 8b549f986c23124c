"""Epochs as people count them: from 1, where Lightning counts from 0."""

from typing import Any, final

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import RichProgressBar
from lightning.pytorch.trainer.states import TrainerFn


@final
class EpochsFromOne(Callback):
    """Logs the epoch in training, from 1, where Lightning would log its own and name checkpoints by it."""

    def __init__(self) -> None:
        self._is_logged = False

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._is_logged = False

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        # Once, for Lightning repeats it for the rest of the epoch, and this takes time.
        if not self._is_logged:
            pl_module.log("epoch", trainer.current_epoch + 1.0, on_step=True, on_epoch=False)
            self._is_logged = True

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        _log(trainer, pl_module)

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.state.fn == TrainerFn.FITTING:
            _log(trainer, pl_module)


def _log(trainer: Trainer, pl_module: LightningModule) -> None:
    several = trainer.world_size > 1  # all have the same, but Lightning warns where it is not reduced
    pl_module.log("epoch", trainer.current_epoch + 1.0, on_step=False, on_epoch=True, sync_dist=several)


@final
class Progress(RichProgressBar):
    """Lightning's progress bar."""

    def _get_train_description(self, current_epoch: int) -> str:
        of = f"/{self.trainer.max_epochs}" if (self.trainer.max_epochs or -1) > 0 else ""
        return f"{f'Epoch {current_epoch + 1}{of}':{len(self.validation_description)}}"
