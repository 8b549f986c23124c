"""From a command line to a run: Lightning's own, with the zoo's names, errors, folders and reports."""

import logging
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from lightning.pytorch.utilities.exceptions import SIGTERMException

from zoo.callbacks.guard_state import NonFiniteError
from zoo.cli.errors import debugging
from zoo.cli.imports import import_modules
from zoo.cli.names import allow, translate_argument
from zoo.cli.parser import prepare
from zoo.cli.training import Cli

FAILED, INTERRUPTED, TERMINATED = 1, 130, 143
HUSHED = (
    r".*LeafSpec.*is deprecated",  # Lightning calls a name of torch that torch 2.13 deprecates
    r".*does not have many workers",  # batches are made faster than a worker could send them
    r".*is smaller than the logging interval",
    r".*exists and is not empty",  # the loggers of a run share its new folder
    r"Be aware that when using `ckpt_path`",  # which callbacks a run has is up to its recipe
    r"The dirpath has changed",  # each run has a folder of its own
)
"""Warnings that tell a user of the zoo nothing to act on."""


def run(command: str, arguments: Sequence[str], allowed: Sequence[str]) -> int:
    """Runs fit, validate, test or predict.

    Args:
        command: One of these.
        arguments: What follows it on the command line.
        allowed: Modules of the user that recipes may name.

    Returns:
        The exit code.

    Raises:
        UserError: says what is wrong, before any data is read.
    """
    prepare()
    import_modules(allowed)
    allow(allowed)
    with _quiet():
        try:
            cli = Cli(command, _with_recipe(_translated(arguments)))
        except SIGTERMException:
            return TERMINATED
        except NonFiniteError as error:
            if debugging():
                raise
            print(f"zoo: error: {error}", file=sys.stderr)
            return FAILED
    return INTERRUPTED if cli.is_interrupted else 0


def _translated(arguments: Sequence[str]) -> list[str]:
    """The arguments with paths in place of names."""
    translated: list[str] = []
    option = ""
    for argument in arguments:
        if option and not argument.startswith("--"):
            translated.append(translate_argument(option, argument))
            option = ""
            continue
        option, equals, value = argument.partition("=")
        option = {"-c": "--config"}.get(option, option)
        if not option.startswith("--"):
            translated.append(argument)
            option = ""
        elif equals:
            translated.append(f"{option}={translate_argument(option, value)}")
            option = ""
        else:
            translated.append(option)
    return translated


def _with_recipe(arguments: list[str]) -> list[str]:
    """The arguments; where they name a checkpoint and no model, with the recipe of the checkpoint's run."""
    options = dict(zip(arguments, [*arguments[1:], ""], strict=False))
    split = dict(argument.split("=", 1) for argument in arguments if "=" in argument)
    path = split.get("--ckpt_path") or options.get("--ckpt_path")
    if not path or any(argument.startswith(("--config", "--model")) for argument in arguments):
        return arguments
    recipe = Path(path).parent.parent / "config.yaml"
    return ["--config", str(recipe), *arguments] if recipe.is_file() else arguments


@contextmanager
def _quiet() -> Iterator[None]:
    """Lets through what a user can act on, each in a line."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    own, spoken = logging.getLogger("zoo"), logging.StreamHandler(sys.stderr)
    spoken.setFormatter(logging.Formatter("zoo: %(message)s"))
    own.addHandler(spoken)
    own.setLevel(logging.INFO)
    with warnings.catch_warnings():
        for pattern in HUSHED:
            warnings.filterwarnings("ignore", pattern)
        warnings.showwarning = _show_warning
        try:
            yield
        finally:
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
    print(f"zoo: warning: {str(message).partition(chr(10))[0]}", file=file or sys.stderr)
