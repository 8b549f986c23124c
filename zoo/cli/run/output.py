"""What a user hears while Lightning works: what can be acted on, each in a line."""

import logging
import sys
import textwrap
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, final

from lightning.pytorch import Callback, LightningModule, Trainer

from zoo.callbacks.say import say
from zoo.diagnostics.quantities import Metric
from zoo.names import name_stack
from zoo.registry import printable
from zoo.tasks.base import Task
from zoo.verdict.judge import Finding
from zoo.verdict.placing import as_option

WIDTH = 100
HUSHED = (
    r".*LeafSpec.*is deprecated",  # Lightning calls a name of torch that torch 2.13 deprecates
    r".*does not have many workers",  # batches are made faster than a worker could send them
    r".*is smaller than the logging interval",
    r".*exists and is not empty",  # the loggers of a run share its new folder
    r"Be aware that when using `ckpt_path`",  # which callbacks a run has is up to its recipe
    r"The dirpath has changed",  # each run has a folder of its own
    r"When using `Trainer\(accumulate_grad_batches != 1\)`",  # cells are constrained after each
)
"""Warnings that tell a user of the zoo nothing to act on."""


@final
class EpochLines(Callback):
    """Says what is trained and where; without a terminal, also a line for each epoch.

    Args:
        folder: The run's folder, or None where the run keeps nothing.
        lines: Whether each epoch gets a line, as there is no progress bar.
    """

    def __init__(self, folder: Path | None, lines: bool) -> None:
        self.folder, self.lines = folder, lines
        self.validated = False
        self.began = 0.0

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.began = time.monotonic()
        say("model", describe(pl_module))
        if self.folder is not None:
            say("run", str(self.folder))

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.validated = not trainer.sanity_checking

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not self.lines:
            return
        stages = ("train/loss", "val/") if self.validated else ("train/loss",)
        metrics = {
            name: value
            for name, value in trainer.callback_metrics.items()
            if name.startswith(stages) and Metric.of(name) is None  # what is in the table is for a verdict
        }
        of = f"/{trainer.max_epochs}" if (trainer.max_epochs or -1) > 0 else ""
        seconds = time.monotonic() - self.began
        say("epoch", f"{trainer.current_epoch + 1}{of}  {numbers(metrics)}  {seconds:.0f} s")
        self.validated = False


def describe(module: LightningModule) -> str:
    """A model in a line: what it is and how large."""
    size = f"{sum(parameter.numel() for parameter in module.parameters()):,} parameters"
    if isinstance(module, Task):
        stacks = " + ".join(name_stack(stack.spec) for stack in module.model.stacks)
        return f"{type(module).__name__} {stacks}, {size}"
    return f"{type(module).__name__}, {size}"


def numbers(metrics: Mapping[str, Any]) -> str:
    """Metrics in a line."""
    return "  ".join(f"{name} {float(value):.4g}" for name, value in metrics.items())


def on_terminal() -> bool:
    """Whether a person is watching, rather than a file."""
    return sys.stdout.isatty()


def told(finding: Finding) -> str:
    """A finding and how sure it is, below it what it explains, and what to try as options of `zoo fit`."""
    sure = "" if finding.severity == "good" else f" ({finding.sure})"
    lines = textwrap.wrap(
        finding.text + sure, WIDTH, initial_indent=f"{finding.severity:<10}", subsequent_indent=" " * 10
    )
    if finding.explains:
        lines.append(f"{'explains':<10}{', '.join(finding.explains)}")
    words = ["try", *[""] * len(finding.advice)]
    lines += [f"{word:<10}{as_option(advice)}" for word, advice in zip(words, finding.advice, strict=False)]
    return "\n".join(lines)


@contextmanager
def quiet() -> Iterator[None]:
    """Lets through what a user can act on, each in a line."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    own, spoken = logging.getLogger("zoo"), logging.StreamHandler(sys.stderr)
    spoken.setFormatter(_Printable("zoo: %(message)s"))
    own.addHandler(spoken)
    own.setLevel(logging.INFO)
    before, threading.excepthook = threading.excepthook, _show_failed_thread
    with warnings.catch_warnings():
        for pattern in HUSHED:
            warnings.filterwarnings("ignore", pattern)
        warnings.showwarning = _show_warning
        try:
            yield
        finally:
            threading.excepthook = before
            own.removeHandler(spoken)
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    print(f"zoo: warning: {printable(str(message).partition(chr(10))[0])}", file=file or sys.stderr)


def _show_failed_thread(failed: threading.ExceptHookArgs) -> None:
    """Shows what ended a thread, but not of TensorBoard's, who raises it again where events are logged."""
    if not type(failed.thread).__module__.startswith("tensorboard."):
        threading.__excepthook__(failed)


@final
class _Printable(logging.Formatter):
    """Log lines without control characters."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))
