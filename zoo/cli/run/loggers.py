"""The loggers that every run has."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, final

from lightning.fabric.loggers.logger import rank_zero_experiment
from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger
from lightning_utilities.core.rank_zero import rank_zero_only
from torch import Tensor

from zoo.cli.recipes.merge import as_list
from zoo.tracking import WandbLogger

logger = logging.getLogger(__name__)


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
    """One file of events, where Lightning's own begins another for the test after a fit.

    What cannot be written at the start ends the run; later the run goes on without.

    Raises:
        OSError: the first event cannot be written.
    """

    @property
    @rank_zero_experiment
    def experiment(self) -> Any:
        """TensorBoard's writer."""
        if self._experiment is None:
            try:
                files = super().experiment.file_writer
            except OSError as error:
                raise OSError(f"TensorBoard's events cannot be written to {self.log_dir}: {error}") from error
            files.event_writer = _Events(files.event_writer)
        return self._experiment

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


def with_local(loggers: Logger | Iterable[Logger] | bool | None, folder: Path) -> list[Logger]:
    """The loggers of a run: the local CSV file first, then TensorBoard, or those that the user asked for.

    Args:
        loggers: What the user asked for; None or true for the usual ones.
        folder: The run's folder.
    """
    where: dict[str, Any] = {
        "save_dir": str(folder.parent.parent),
        "name": folder.parent.name,
        "version": folder.name,
    }
    if loggers is None or isinstance(loggers, bool):
        trains = folder.name.startswith("version_")
        return [MetricsFile(**where), EventFile(**where)] if trains else [MetricsFile(**where)]
    asked = as_list(loggers)
    for logger in asked:
        if isinstance(logger, WandbLogger):
            logger.keep_in(folder)
    if any(isinstance(logger, CSVLogger) for logger in asked):
        return asked
    return [MetricsFile(**where), *asked]


class _Events:
    """Writes events for as long as that works.

    Args:
        writer: TensorBoard's.
    """

    def __init__(self, writer: Any) -> None:
        self.writer = writer
        self.works = True

    def add_event(self, event: Any) -> None:
        self._try(lambda: self.writer.add_event(event))

    def flush(self) -> None:
        self._try(self.writer.flush)

    def close(self) -> None:
        self._try(self.writer.close)

    def _try(self, write: Callable[[], None]) -> None:
        if not self.works:
            return
        try:
            write()
        except OSError as error:
            self.works = False
            logger.warning("TensorBoard's events can no longer be written: %s; the run goes on", error)
