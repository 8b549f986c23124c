"""What a user hears while Lightning works: what can be acted on, each in a line, and an exit code."""

import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO, final

from lightning.pytorch.utilities.exceptions import SIGTERMException

from zoo.callbacks.nonfinite.watch import NonFiniteError
from zoo.cli.errors import debugging
from zoo.cli.recipes.recipe import RecipeInputs
from zoo.cli.run.folder import FOLDER_VARIABLE
from zoo.cli.run.lightning_cli import Cli
from zoo.cli.run.parser import prepare
from zoo.registry import printable

FAILED, INTERRUPTED, TERMINATED = 1, 130, 143
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


def run(command: str, inputs: RecipeInputs, let_in: Sequence[str]) -> int:
    """Runs fit, validate, test, predict or inspect.

    Args:
        command: One of these.
        inputs: What the user gave, checked.
        let_in: Modules of the user that recipes may name.

    Returns:
        The exit code.

    Raises:
        UserError: says what is wrong, before any data is read.
    """
    prepare(let_in)
    with _quiet():
        try:
            cli = Cli(command, inputs)
        except SIGTERMException:
            return TERMINATED
        except NonFiniteError as error:
            if debugging():
                raise
            print(f"zoo: error: {printable(str(error))}", file=sys.stderr)
            return FAILED
        finally:
            os.environ.pop(FOLDER_VARIABLE, None)  # the next run of this process has another
    return INTERRUPTED if cli.is_interrupted else 0


@contextmanager
def _quiet() -> Iterator[None]:
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
