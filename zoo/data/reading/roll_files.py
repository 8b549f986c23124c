"""Piano rolls in files: which keys sound in each frame of a piece."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from zoo.data.batches.splits import Split
from zoo.data.reading.files import existing

MAT_NAMES: dict[Split, str] = {"train": "traindata", "val": "validdata", "test": "testdata"}
NPZ_NAMES: dict[Split, tuple[str, ...]] = {
    "train": ("train",),
    "val": ("valid", "val", "dev"),
    "test": ("test",),
}
PICKLES = (".pickle", ".pkl", ".p")
Pieces = dict[Split, list[Tensor]]


def read_rolls(path: Path) -> Pieces:
    """The pieces of each split: (T, N), 1 where a key sounds.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is in another format, or what is in it is no piano roll.
    """
    existing(path, path.name)
    ending = path.suffix.lower()
    if ending in PICKLES:
        raise ValueError(
            f"{path} is a pickle, which runs whatever is in it when it is read; expected a file of MATLAB "
            f"(.mat) or of numpy (.npz) with the same pieces"
        )
    if ending not in (".mat", ".npz"):
        raise ValueError(f"{path} ends in {ending!r}; expected piano rolls in a .mat or .npz file")
    found = _of_matlab(path) if ending == ".mat" else _of_numpy(path)
    pieces = {split: [_checked(path, name, roll) for name, roll in rolls] for split, rolls in found.items()}
    widths = {roll.shape[1] for rolls in pieces.values() for roll in rolls}
    if len(widths) > 1:
        raise ValueError(f"{path}: pieces have {sorted(widths)} keys; expected the same keys in all of them")
    return pieces


def _of_matlab(path: Path) -> dict[Split, list[tuple[str, Any]]]:
    # Late: most data is not of MATLAB, and scipy takes a moment to load.
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        content = loadmat(path)
    except (MatReadError, NotImplementedError, ValueError, TypeError) as error:
        raise ValueError(f"{path} is no file of MATLAB 5 to 7.2: {error}; save it with -v7") from None
    missing = [name for name in MAT_NAMES.values() if name not in content]
    if missing:
        names = ", ".join(name for name in content if not name.startswith("__")) or "nothing"
        raise ValueError(f"{path} has no {missing[0]}, but {names}; expected {', '.join(MAT_NAMES.values())}")
    return {
        split: [(f"{name}{{{k}}}", roll) for k, roll in enumerate(content[name].ravel(), 1)]
        for split, name in MAT_NAMES.items()
    }


def _of_numpy(path: Path) -> dict[Split, list[tuple[str, Any]]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            content = {name: archive[name] for name in archive.files}
    except ValueError as error:
        raise ValueError(
            f"{path} has arrays of objects, which are pickles, or is no .npz file ({error}); expected arrays "
            f"of numbers: train_0, train_1, ... of shape (T, N)"
        ) from None
    found: dict[Split, list[tuple[str, Any]]] = {}
    for split, names in NPZ_NAMES.items():
        own = [name for name in content if name.partition("_")[0] in names]
        if not own:
            raise ValueError(
                f"{path} has no array for {split}, but {', '.join(content) or 'nothing'}; expected "
                f"{names[0]} of shape (pieces, T, N), or {names[0]}_0, {names[0]}_1, ... of shape (T, N)"
            )
        found[split] = [each for name in sorted(own, key=_numbered) for each in _pieces(name, content[name])]
    return found


def _pieces(name: str, array: Any) -> Iterable[tuple[str, Any]]:
    """One piece, or those along the first axis."""
    if array.ndim == 3:
        return [(f"{name}[{k}]", roll) for k, roll in enumerate(array)]
    return [(name, array)]


def _numbered(name: str) -> tuple[str, int, str]:
    """So that train_10 comes after train_9."""
    stem, _, number = name.partition("_")
    return stem, int(number) if number.isdecimal() else 0, number


def _checked(path: Path, name: str, roll: Any) -> UInt8[Tensor, "T N"]:
    array = np.asarray(roll)
    if array.ndim != 2 or array.dtype.kind not in "buif":
        raise ValueError(f"{path}, {name}: an array {array.shape} of {array.dtype}; expected numbers (T, N)")
    if array.shape[0] < 2 or array.shape[1] == 0:
        raise ValueError(
            f"{path}, {name}: {array.shape[0]} frames of {array.shape[1]} keys; expected 2 or more"
        )
    wrong = np.argwhere((array != 0) & (array != 1))
    if len(wrong):
        frame, key = wrong[0].tolist()
        got = array[frame, key]
        raise ValueError(f"{path}, {name}: frame {frame}, key {key} is {got}; expected 0 or 1")
    return torch.from_numpy(array.astype(np.uint8))
