"""`zoo evaluate`: what a checkpoint gets wrong on test data, and where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from zoo.callbacks.say import say
from zoo.cli.errors import FailedError, UserError, of_disk
from zoo.cli.run.job import BuiltRun, Job
from zoo.data.base import SequenceData
from zoo.runs.evaluation import EVALUATION, Curve, Drawing, Evaluation, Sheet, write_evaluation
from zoo.tasks.answers import Curves, Record
from zoo.tasks.base import Task

MOST_CLASSES = 20
"""Classes of a confusion matrix; of more, the pairs that are mistaken most are listed instead."""
WORST, SHORT, PARTS = 10, 60, 5
"""How many of the worst are shown, letters of each of their values, parts into which lengths are divided."""


@final
class EvaluateJob(Job):
    """Measures where a checkpoint is wrong."""

    name, method, folder, needs_checkpoint = "evaluate", "predict", "evaluate", True
    on_one_device = True

    def do(self, run: BuiltRun) -> None:
        task, data = run.model, run.data
        if not isinstance(task, Task) or not isinstance(data, SequenceData):
            raise UserError("evaluate needs a task and a data module of the zoo; expected `zoo test`")
        kept = Kept()
        run.trainer.callbacks.append(kept)  # type: ignore[attr-defined]  # set by a connector
        run.trainer.predict(**run.options, weights_only=True, return_predictions=False)
        if kept.has_no_targets:
            raise UserError("evaluate needs to know what is right; leave data.predict out for the test data")
        sheets = list(kept.sheets(data))
        found = Evaluation(sheets, list(kept.drawings()))
        if not sheets:
            raise UserError(f"{type(task).__name__} has nothing beside the metrics of `zoo test`")
        for sheet in sheets:
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
@dataclass(eq=False)
class Kept(Callback):
    """What was predicted, what was right, what each sequence cost."""

    records: list[Record] = field(default_factory=list)
    costs: list[Tensor] = field(default_factory=list)
    lengths: list[Tensor] = field(default_factory=list)
    true: list[Tensor] = field(default_factory=list)
    chosen: list[Tensor] = field(default_factory=list)
    curves: list[Curves] = field(default_factory=list)
    has_no_targets: bool = False

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
        legend = trainer.datamodule.legend  # type: ignore[attr-defined]  # set by a connector
        self.records += pl_module.records(outputs, batch, legend)
        self.curves += pl_module.curves(outputs, batch) or []
        costs, choices = pl_module.costs(outputs, batch), pl_module.choices(outputs, batch)
        if costs is not None:
            self.costs.append(costs.cpu())
            full = torch.full((len(costs),), batch["x"].shape[1])
            self.lengths.append(batch.get("lengths", full).cpu())
        if choices is not None:
            self.true.append(choices[0].cpu())
            self.chosen.append(choices[1].cpu())

    def sheets(self, data: SequenceData) -> Iterator[Sheet]:
        """The tables: by class, mistaken pairs, by length, the worst."""
        if self.true:
            true, chosen = torch.cat(self.true), torch.cat(self.chosen)
            count = int(torch.cat([true, chosen]).max()) + 1 if len(true) else 0
            legend = data.legend
            names = [str(name) for name in legend.get("labels") or legend.get("tags") or range(count)]
            yield by_class(true, chosen, names)
            yield confusion(true, chosen, names)
        if self.costs:
            costs, lengths = torch.cat(self.costs), torch.cat(self.lengths)
            if len(set(lengths.tolist())) > 1:
                yield by_length(costs, lengths)
            yield worst(costs, list(data.rows(self.records)))

    def drawings(self) -> Iterator[Drawing]:
        """What was said over what is true: of the best, of the middle one, and of the worst."""
        if not self.curves:
            return
        order = torch.cat(self.costs).argsort(stable=True).tolist()
        for name, number in (("best", order[0]), ("middle", order[len(order) // 2]), ("worst", order[-1])):
            lines = [Curve(line, x, y) for line, (x, y) in self.curves[number].items()]
            yield Drawing(f"The {name}: item {number}", "value", lines)


def by_class(true: Tensor, chosen: Tensor, names: Sequence[str]) -> Sheet:
    """Precision, recall and F1 of each class."""
    count = len(names)
    hits = torch.bincount(true[true == chosen], minlength=count)
    given, said = torch.bincount(true, minlength=count), torch.bincount(chosen, minlength=count)
    rows = []
    for k, name in enumerate(names):
        parts = (hits[k] / said[k], hits[k] / given[k], 2 * hits[k] / (said[k] + given[k]))
        rows.append([name, *(_share(float(part)) for part in parts), f"{int(given[k]):,}"])
    rows.append(["all", "", _share(float(hits.sum() / given.sum())), "", f"{len(true):,}"])
    return Sheet("By class", ["class", "precision", "recall", "F1", "examples"], rows)


def confusion(true: Tensor, chosen: Tensor, names: Sequence[str]) -> Sheet:
    """How often each class was taken for each other."""
    count = len(names)
    table = torch.bincount(true * count + chosen, minlength=count * count).reshape(count, count)
    if count <= MOST_CLASSES:
        rows = [[name, *(f"{int(each):,}" for each in row)] for name, row in zip(names, table, strict=True)]
        return Sheet("Which class (rows) was taken for which (columns)", ["true \\ said", *names], rows)
    wrong = table - torch.diag(table.diagonal())
    pairs = wrong.flatten().argsort(descending=True, stable=True)[:MOST_CLASSES].tolist()
    rows = [
        [names[pair // count], names[pair % count], f"{int(wrong.flatten()[pair]):,}"]
        for pair in pairs
        if wrong.flatten()[pair]
    ]
    return Sheet("What is mistaken most often", ["true", "said", "times"], rows)


def by_length(costs: Tensor, lengths: Tensor) -> Sheet:
    """The mean loss of sequences of like lengths."""
    parts = lengths.argsort(stable=True).tensor_split(min(PARTS, len(set(lengths.tolist()))))
    rows = [
        [
            f"{int(lengths[part].min())} to {int(lengths[part].max())}",
            f"{float(costs[part].mean()):.4g}",
            f"{len(part):,}",
        ]
        for part in parts
    ]
    return Sheet("By length of the sequence", ["steps", "mean loss", "sequences"], rows)


def worst(costs: Tensor, rows: Sequence[Record]) -> Sheet:
    """The sequences that cost most, with what identifies them."""
    chosen = costs.argsort(descending=True, stable=True)[:WORST].tolist()
    columns = [name for name, value in rows[0].items() if not isinstance(value, dict)]
    shown = [name for name in columns if not name.startswith("probability_")]
    table = [[_short(rows[k][name]) for name in shown] + [f"{float(costs[k]):.4g}"] for k in chosen]
    return Sheet("The worst", [*shown, "loss"], table)


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


def _share(value: float) -> str:
    return "-" if value != value else f"{value:.1%}"


def _short(value: Any) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"
