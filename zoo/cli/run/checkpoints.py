"""Checkpoints as data: read without running anything, compared before use."""

import pickle
import re
import struct
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningDataModule, LightningModule

from zoo.cli.errors import UserError
from zoo.tasks.base import Task

SIZES = ("input_size", "vocab_size", "output_size")
"""What a recipe may leave open, to be read off the data."""
TRAINING = ("optimizer", "schedule")
"""What makes no difference to a model that is not trained on."""
UNREADABLE = (
    *(zipfile.BadZipFile, struct.error, EOFError, OSError),
    *(RuntimeError, ValueError, TypeError, LookupError, AttributeError, OverflowError),
)
"""What a damaged file makes zipfile and torch raise."""
FREE = tuple(f"network.encoder.{name}" for name in ("engine", "checkpoint_every", "recurrent_gradient_clip"))
"""What changes how a model is run or how its gradients are clipped, not what it computes."""


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


def check_matches(checkpoint: Mapping[str, Any], path: str, model: LightningModule, resumes: bool) -> None:
    """Refuses a checkpoint of another model than the recipe's.

    Args:
        checkpoint: What `read_checkpoint` returned.
        path: Its file, for messages.
        model: The model that recipe and command line describe.
        resumes: Whether training goes on, so that optimiser and schedule must match as well.

    Raises:
        UserError: names each difference, with both values.
    """
    made_by = checkpoint.get("zoo", {}).get("model", type(model).__name__)
    if made_by != type(model).__name__:
        raise UserError(
            f"the checkpoint {path} is of a {made_by}, and the recipe names {type(model).__name__}"
        )
    skipped = () if resumes else TRAINING
    differing = list(_differences(checkpoint.get("hyper_parameters", {}), dict(model.hparams), skipped))
    if differing:
        advice = "start a new run without --ckpt_path, or " if resumes else ""
        raise UserError(
            f"the checkpoint {path} is of another model: {'; '.join(differing[:3])}; {advice}give the "
            f"checkpoint's values"
        )


def take_over(
    checkpoint: Mapping[str, Any], model: LightningModule, data: LightningDataModule | None
) -> None:
    """Gives model and data what training has found out, so that the training data need not be at hand.

    Lightning restores the data module too, but only after its sizes have been asked for.
    """
    if isinstance(model, Task) and "network" in checkpoint.get("hyper_parameters", {}):
        model.complete(checkpoint["hyper_parameters"]["network"])
    state = None if data is None else checkpoint.get(type(data).__qualname__)
    if data is not None and state:
        data.load_state_dict(state)


def _differences(saved: Any, asked: Any, skipped: Sequence[str], place: str = "") -> Iterator[str]:
    """What differs between two sets of hyper-parameters, in words."""
    for key in sorted(saved.keys() & asked.keys() - set(skipped)):
        old, new, dotted = saved[key], asked[key], f"{place}{key}"
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differences(old, new, (), f"{dotted}.")
        elif _plain(old) != _plain(new) and dotted not in FREE and not (new is None and key in SIZES):
            yield f"{dotted} is {old!r} in the checkpoint, {new!r} in the recipe"


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


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
