"""Tells the study how a trial goes, and ends one that the study gives up."""

from typing import TYPE_CHECKING, final

from lightning.pytorch import Callback, LightningModule, Trainer

from zoo.callbacks.say import say

if TYPE_CHECKING:  # an optional package
    from optuna import Trial

PRUNED = "pruned"
"""What a trial is marked with that was given up."""


@final
class TellStudy(Callback):
    """Reports the metric after each epoch in which it was measured, and stops what is worse than others were.

    The fit ends as it does after its last epoch, with its checkpoints saved; a recipe's `min_epochs` and
    `min_steps` are trained all the same.

    Args:
        trial: Of the study.
        metric: Its name, such as val/loss.
        known: Epochs that were reported before the trial was interrupted.
        prunes: Whether trials are given up.
    """

    def __init__(self, trial: "Trial", metric: str, known: set[int], prunes: bool) -> None:
        self.trial, self.metric, self.known, self.prunes = trial, metric, known, prunes
        self._validated = False

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._validated = not trainer.sanity_checking

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not self._validated or self.metric not in trainer.callback_metrics:
            return
        self._validated = False
        epoch = trainer.current_epoch + 1
        if epoch not in self.known:
            self.trial.report(float(trainer.callback_metrics[self.metric]), epoch)
        if self.prunes and self.trial.should_prune():
            self.trial.set_user_attr(PRUNED, True)
            say(
                "pruned", f"after epoch {epoch}: {self.metric} is worse than the median of other trials there"
            )
            trainer.should_stop = True
