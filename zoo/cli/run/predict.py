"""`zoo predict`: what a checkpoint says of data, in words a user reads."""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any, final

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.cli import LightningArgumentParser

from zoo.callbacks.say import say
from zoo.cli.errors import FailedError, UserError, of_disk
from zoo.cli.run.checkpoints import save
from zoo.cli.run.job import BuiltRun, Job
from zoo.data.base import SequenceData
from zoo.runs.record_file import FORMATS, checked_format, plain, write_rows
from zoo.tasks.answers import Record
from zoo.tasks.base import Task

RAW = ".pt"
"""The ending of a file of tensors as the task has made them, one entry per batch."""


@final
class PredictJob(Job):
    """Writes what a checkpoint predicts."""

    name, method, folder, needs_checkpoint = "predict", "predict", "predict", True
    on_one_device = True

    def add_arguments(self, parser: LightningArgumentParser) -> None:
        parser.add_argument(
            "--output",
            type=str | None,
            default=None,
            help=f"The file to write: {', '.join(FORMATS)}, or {RAW} for tensors as they are. By default "
            f"predictions.csv in the folder of the run.",
        )

    def do(self, run: BuiltRun) -> None:
        path = Path(run.config.output or (run.folder or Path()) / "predictions.csv")
        if path.suffix == RAW:
            self._write_tensors(run, path)
            return
        try:
            checked_format(path)
        except ValueError as error:
            raise UserError(f"--output {error}, or {RAW} for tensors") from None
        if not isinstance(run.model, Task):
            raise UserError(
                f"{type(run.model).__name__} is no task of the zoo, which puts predictions in words; "
                f"expected --output FILE{RAW}"
            )
        kept = KeptRecords()
        run.trainer.callbacks.append(kept)  # type: ignore[attr-defined]  # set by a connector
        run.trainer.predict(**run.options, weights_only=True, return_predictions=False)
        rows = _rows(run.data, kept.records, path)
        try:
            count = write_rows(map(plain, rows), path)
        except OSError as error:
            raise _unwritten(error) from error
        say("written", f"{count} {'row' if count == 1 else 'rows'} of predictions: {path}")

    def _write_tensors(self, run: BuiltRun, path: Path) -> None:
        predictions = run.trainer.predict(**run.options, weights_only=True) or []
        try:
            save(predictions, path)
        except OSError as error:
            raise _unwritten(error) from error
        say("written", f"{len(predictions)} batches of predictions: {path}")


@final
class KeptRecords(Callback):
    """Puts each batch of predictions in words, and keeps these."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._legend: dict[str, Any] = {}

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        data = trainer.datamodule  # type: ignore[attr-defined]  # set by a connector
        self._legend = data.legend if isinstance(data, SequenceData) else {}

    def on_predict_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        assert isinstance(pl_module, Task)
        self.records += pl_module.records(outputs, batch, self._legend)


def _rows(data: object, records: list[Record], path: Path) -> Iterable[Record]:
    """The rows of a file: one for each sequence or, in CSV, which has no lists, for each step."""
    if not isinstance(data, SequenceData):
        return records
    rows = data.rows(records)
    return chain.from_iterable(map(data.by_step, rows)) if path.suffix.lower() == ".csv" else rows


def _unwritten(error: OSError) -> FailedError:
    return FailedError(f"cannot write the predictions: {of_disk(error)}")
