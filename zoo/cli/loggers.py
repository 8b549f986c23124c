"""The loggers that every run has."""

from typing import final

from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning_utilities.core.rank_zero import rank_zero_only
from torch import Tensor


@final
class MetricsFile(CSVLogger):
    """metrics.csv, in which epochs are whole numbers, as Lightning makes fractions of all that is logged."""

    @rank_zero_only
    def log_metrics(self, metrics: dict[str, Tensor | float], step: int | None = None) -> None:  # type: ignore[override]
        """Adds a row, or to the row of this step."""
        whole = {"epoch": int(metrics["epoch"])} if "epoch" in metrics else {}
        super().log_metrics({**metrics, **whole}, step)


@final
class EventFile(TensorBoardLogger):
    """One file of events, where Lightning's own begins another for the test after a fit."""

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Has all events on the disk, and leaves the file open for what may follow."""
        if self._experiment is not None:
            self.experiment.flush()
        if status == "success":
            self.save()

    @rank_zero_only
    def finish(self) -> None:
        """Closes the file, when nothing can follow."""
        if self._experiment is not None:
            self.experiment.close()
