"""Weights in files, which are read as data."""

import json
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch

from zoo.registry import printable


def read_file(path: str | PathLike[str]) -> Mapping[str, Any]:
    """The arrays of a file, by their names.

    Nothing in a file runs: pickles are read with `weights_only=True`, arrays of numpy without pickles.

    Raises:
        ValueError: there is no such file, it is of another kind, damaged or more than arrays, or the package
            that reads it is not installed.
    """
    path = Path(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ValueError(f"{path.name} is a file of no known kind; expected {', '.join(READERS)}")
    if not path.is_file():
        raise ValueError(f"there is no file {path}; expected one with weights")
    try:
        found = reader(path)
    except ImportError as error:
        raise ValueError(
            f"{path.name} is read by the package {error.name}, which is not installed; "
            f"pip install recurrent-zoo[weights]"
        ) from error
    except Exception as error:  # of a file from elsewhere, which the readers refuse in many ways
        reason = printable(str(error).partition("\n")[0])
        raise ValueError(f"{path.name} cannot be read as data ({reason}); expected named arrays") from error
    if not isinstance(found, Mapping):
        raise ValueError(f"{path.name} holds a {type(found).__name__}; expected a mapping of names to arrays")
    return found


def _pickled(path: Path) -> Any:
    return torch.load(path, map_location="cpu", weights_only=True)


def _numpy(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def _safetensors(path: Path) -> dict[str, Any]:
    from safetensors.torch import load_file  # an optional package

    return dict(load_file(path))


def _sharded(path: Path) -> dict[str, Any]:
    """The arrays of all files beside an index, such as the hub has of large models."""
    names = json.loads(path.read_text(encoding="utf-8"))["weight_map"]
    found: dict[str, Any] = {}
    for shard in sorted({*names.values()}):
        if Path(shard).name != shard:
            raise ValueError(f"it names {shard!r}, which is not a file beside it")
        found |= _safetensors(path.parent / shard)
    return {name: found[name] for name in names}


def _hdf5(path: Path) -> dict[str, Any]:
    import h5py  # an optional package

    found: dict[str, Any] = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, each: found.update({name: each[()]}) if isinstance(each, h5py.Dataset) else None
        )
    return found


READERS: dict[str, Callable[[Path], Any]] = {
    ".pt": _pickled,
    ".pth": _pickled,
    ".bin": _pickled,
    ".npz": _numpy,
    ".safetensors": _safetensors,
    ".json": _sharded,
    ".h5": _hdf5,
    ".hdf5": _hdf5,
}
"""By the ending of the name."""
