"""`zoo evaluate`: what a checkpoint gets wrong on test data, and where."""

from pathlib import Path
from typing import Any, final

from lightning.pytorch import Callback, LightningModule, Trainer

from zoo.callbacks.say import say
from zoo.cli.errors import FailedError, UserError, of_disk
from zoo.cli.run.job import BuiltRun, Job
from zoo.data.base import SequenceData
from zoo.evaluation.finder import Seen
from zoo.evaluation.finders import FINDERS, together
from zoo.runs.evaluation import EVALUATION, Sheet, write_evaluation
from zoo.tasks.base import Task


@final
class EvaluateJob(Job):
    """Measures where a checkpoint is wrong."""

    name, method, folder, needs_checkpoint = "evaluate", "predict", "evaluate", True
    on_one_device = True

    def do(self, run: BuiltRun) -> None:
        task, data = run.model, run.data
        if not isinstance(task, Task) or not isinstance(data, SequenceData):
            raise UserError("evaluate needs a task and a data module of the zoo; expected `zoo test`")
        looking = Looking()
        run.trainer.callbacks.append(looking)  # type: ignore[attr-defined]  # set by a connector
        run.trainer.predict(**run.options, weights_only=True, return_predictions=False)
        if looking.has_no_targets:
            raise UserError("evaluate needs to know what is right; leave data.predict out for the test data")
        found = together(looking.finders, data)
        if not found.sheets:
            raise UserError(f"{type(task).__name__} has nothing beside the metrics of `zoo test`")
        for sheet in found.sheets:
            print(f"\n{sheet.title}\n{told(sheet)}")
        path = _home(run) / EVALUATION
        try:
            write_evaluation(found, path)
        except OSError as error:
            raise FailedError(f"cannot write the evaluation: {of_disk(error)}") from error
        print()
        say("written", f"{path}; `zoo report {path.parent}` shows it beside the run")


def _home(run: BuiltRun) -> Path:
    """The folder of the run that wrote the checkpoint, or else that of this one."""
    trained = Path(str(run.config.ckpt_path)).resolve().parent.parent
    if (trained / "config.yaml").is_file():
        return trained if Path.cwd() not in trained.parents else trained.relative_to(Path.cwd())
    return run.folder or Path()


@final
class Looking(Callback):
    """Shows all that is predicted to those who look for faults."""

    def __init__(self) -> None:
        self.finders = [finder() for finder in FINDERS]
        self.has_no_targets = False
        self._legend: dict[str, Any] = {}

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._legend = trainer.datamodule.legend  # type: ignore[attr-defined]  # set by a connector

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
        if "y" not in batch:
            self.has_no_targets = True
            return
        seen = Seen(task=pl_module, predicted=outputs, batch=batch, legend=self._legend)
        for finder in self.finders:
            finder.see(seen)


def told(sheet: Sheet) -> str:
    """A table for the terminal."""
    rows = [list(sheet.head), *map(list, sheet.rows)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(sheet.head))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if k == 0 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
