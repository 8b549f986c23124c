"""The files of checkpoints: read as data, without running anything, and written whole or not at all."""

import logging
import pickle
import re
import struct
import zipfile
from pathlib import Path
from typing import Any, final

import torch
from lightning.fabric.plugins.io import TorchCheckpointIO

from zoo.callbacks.say import say
from zoo.cli.errors import UserError, chain
from zoo.runs.atomic_file import atomic_file

logger = logging.getLogger(__name__)

UNREADABLE = (
    *(zipfile.BadZipFile, struct.error, EOFError, OSError),
    *(RuntimeError, ValueError, TypeError, LookupError, AttributeError, OverflowError),
)
"""What a damaged file makes zipfile and torch raise."""


def read_checkpoint(path: str) -> dict[str, Any]:
    """A checkpoint of Lightning, read as data: nothing in it can run.

    Raises:
        UserError: there is no such file, or it is no such checkpoint.
    """
    if "://" in path:
        raise UserError(f"{path} is an address; expected a checkpoint file (download it first)")
    if not Path(path).exists():
        raise UserError(f"there is no checkpoint {path}{_beside(Path(path))}")
    if not Path(path).is_file():
        raise UserError(f"{path} is a folder; expected a checkpoint file")
    if Path(path).stat().st_size == 0:
        raise UserError(f"the checkpoint {path} is empty; its run ended while writing it, use an earlier one")
    try:
        _check_sums(path)
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(f"the checkpoint {path} {_refusal(str(error))}") from error
    except UNREADABLE as error:
        raise UserError(f"the checkpoint {path} cannot be read: it is damaged, or cut short") from error
    if not isinstance(checkpoint, dict) or "pytorch-lightning_version" not in checkpoint:
        raise UserError(
            f"{path} holds no checkpoint of a run ({_content(checkpoint)}); expected a file that `zoo fit` "
            f"wrote"
        )
    return checkpoint


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


def _check_sums(path: str) -> None:
    """Looks whether an archive is what torch wrote, which torch itself does not.

    Raises:
        zipfile.BadZipFile: it is not.
    """
    with zipfile.ZipFile(path) as archive:
        packed = [part.filename for part in archive.infolist() if part.compress_type != zipfile.ZIP_STORED]
        broken = packed[0] if packed else archive.testzip()
    if broken is not None:
        raise zipfile.BadZipFile(broken)


def _beside(path: Path) -> str:
    """The checkpoints that lie where one was looked for."""
    others = sorted(other.name for other in path.parent.glob("*.ckpt")) if path.parent.is_dir() else []
    return f"; {path.parent} has {', '.join(others[:6])}" if others else ""


def _refusal(message: str) -> str:
    wanted = re.search(r"GLOBAL ([\w.]+)", message)
    if wanted is None:
        return "is no checkpoint"
    return f"wants to run {wanted[1]} when it is read; a checkpoint is data, so it is refused"


def _content(value: Any) -> str:
    if not isinstance(value, dict):
        return f"it holds a {type(value).__name__}"
    return f"its keys are {', '.join(str(key) for key in list(value)[:4])}, ..."
