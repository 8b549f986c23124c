"""Which checkpoint a command takes, and how one is written: whole or not at all."""

import logging
from pathlib import Path
from typing import Any, final

import torch
from lightning.fabric.plugins.io import TorchCheckpointIO

from zoo.callbacks.say import say
from zoo.cli.errors import UserError, chain
from zoo.runs import checkpoint_file
from zoo.runs.atomic_file import atomic_file

logger = logging.getLogger(__name__)


def read_checkpoint(path: str) -> dict[str, Any]:
    """What a checkpoint holds.

    Raises:
        UserError: there is no such file, or it is no such checkpoint.
    """
    try:
        return checkpoint_file.read_checkpoint(path)
    except ValueError as error:
        raise UserError(str(error)) from error


def last_checkpoint(runs: Path) -> tuple[Path, dict[str, Any]] | None:
    """The newest checkpoint that can be read, and what it holds; says which, and which were passed over.

    Args:
        runs: The folder of all runs of a recipe, `runs/NAME`.

    Returns:
        None where there is no checkpoint.

    Raises:
        UserError: there are some, and none of them can be read.
    """
    found = [path for path in runs.glob("version_*/checkpoints/*.ckpt") if path.is_file()]
    newest_first = sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in newest_first:
        try:
            checkpoint = read_checkpoint(str(path))
        except UserError as error:
            logger.warning("%s; taking the one before it", error)
            continue
        say("from", str(path))
        return path, checkpoint
    if newest_first:
        raise UserError(f"none of the checkpoints in {runs} can be read; the newest is {newest_first[0]}")
    return None


@final
class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes a checkpoint beside its place, then moves it there: a crash leaves the old or the new one."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None
    ) -> None:
        """Saves a checkpoint.

        Raises:
            OSError: it cannot be written; nothing is left under its name that was not there before.
        """
        try:
            save(checkpoint, Path(path))
        except OSError as error:
            text = f"cannot write the checkpoint: {error.strerror}"
            raise OSError(error.errno, text, str(path)) from error


def save(content: Any, target: Path) -> None:
    """Saves as torch does, whole or not at all.

    Raises:
        OSError: it cannot be written; nothing is left under its name that was not there before.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(target) as file:
            torch.save(content, file)
    except (OSError, RuntimeError) as error:
        refused = next((link for link in chain(error) if isinstance(link, OSError)), None)
        if refused is None:  # torch reports what the disk refuses as an error of its own
            raise
        raise OSError(refused.errno, refused.strerror, str(target)) from error
