"""Says in words what the gradients of a fit were like."""

from pathlib import Path
from typing import final

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import TensorBoardLogger, WandbLogger
from lightning.pytorch.utilities import rank_zero_warn

from zoo.callbacks import CALLBACKS
from zoo.callbacks.loggers import save_rows
from zoo.verdict.judge import Finding, judge
from zoo.verdict.measured import measurements_of


@final
@CALLBACKS.register("verdict")
class Verdict(Callback):
    """Judges a fit by what the other callbacks have written into the run's folder, when it ends or fails.

    The verdict goes to W&B, as `verdict` and `verdict_advice` of the run's summary, and to TensorBoard, as
    text. `zoo fit` prints it and adds this callback by itself; `zoo report` shows it.

    Attributes:
        findings: What it says of the last fit; empty before that.
    """

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Judges a fit that went to its end."""
        self._judge(trainer)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Judges a fit that failed or was interrupted, too."""
        self._judge(trainer)

    def _judge(self, trainer: Trainer) -> None:
        folder = trainer.log_dir  # asked for on all ranks, for it is broadcast
        if folder is None or not trainer.is_global_zero or trainer.fast_dev_run:  # type: ignore[attr-defined]
            return
        try:
            save_rows(trainer)
            self.findings = judge(measurements_of(Path(folder)))
            _log(trainer, self.findings)
        except Exception as error:
            # Neither a training that went well nor the reason why one failed may be lost to a verdict.
            rank_zero_warn(f"no verdict on the gradients: {error!r}")


def _log(trainer: Trainer, findings: list[Finding]) -> None:
    """Sends a verdict to the loggers that can show words."""
    texts = [finding.text for finding in findings]
    advice = list(dict.fromkeys(line for finding in findings for line in finding.advice))
    for logger in trainer.loggers:
        if isinstance(logger, WandbLogger):
            logger.experiment.summary.update({"verdict": " ".join(texts), "verdict_advice": advice})
        elif isinstance(logger, TensorBoardLogger):
            lines = [*texts, *(f"    {line}" for line in advice)]
            logger.experiment.add_text("verdict", "\n\n".join(lines), trainer.global_step)
