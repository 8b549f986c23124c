"""The file of a checkpoint, read as data: nothing in it can run."""

import pickle
import re
import struct
import zipfile
from pathlib import Path
from typing import Any

import torch

UNREADABLE = (
    *(zipfile.BadZipFile, struct.error, EOFError, OSError),
    *(RuntimeError, ValueError, TypeError, LookupError, AttributeError, OverflowError),
)
"""What a damaged file makes zipfile and torch raise."""


def read_checkpoint(path: str) -> dict[str, Any]:
    """A checkpoint of Lightning, read as data: nothing in it can run.

    Raises:
        ValueError: there is no such file, or it is no such checkpoint.
    """
    if "://" in path:
        raise ValueError(f"{path} is an address; expected a checkpoint file (download it first)")
    if not Path(path).exists():
        raise ValueError(f"there is no checkpoint {path}{_beside(Path(path))}")
    if not Path(path).is_file():
        raise ValueError(f"{path} is a folder; expected a checkpoint file")
    if Path(path).stat().st_size == 0:
        raise ValueError(
            f"the checkpoint {path} is empty; its run ended while writing it, use an earlier one"
        )
    try:
        _check_sums(path)
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(f"the checkpoint {path} {_refusal(str(error))}") from error
    except UNREADABLE as error:
        raise ValueError(f"the checkpoint {path} cannot be read: it is damaged, or cut short") from error
    if not isinstance(checkpoint, dict) or "pytorch-lightning_version" not in checkpoint:
        raise ValueError(
            f"{path} holds no checkpoint of a run ({_content(checkpoint)}); expected a file that `zoo fit` "
            f"wrote"
        )
    return checkpoint


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
