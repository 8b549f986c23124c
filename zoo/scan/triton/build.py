"""Keeps generated kernels as Python files, which Triton reads its source from, and imports them."""

import hashlib
import importlib.util
import os
import tempfile
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import torch

from zoo.cache import kept_folder


def unavailable() -> str | None:
    """Why no Triton kernel can run here, or None; Triton's interpreter (TRITON_INTERPRET=1) needs no GPU."""
    if importlib.util.find_spec("triton") is None:
        return "triton is not installed"
    interpreted = os.environ.get("TRITON_INTERPRET", "0") == "1"
    return None if interpreted or torch.cuda.is_available() else "no CUDA device"


@cache
def load(source: str) -> ModuleType:
    """The module of a source, kept in a file in `kept_folder()`."""
    name = f"triton_{hashlib.sha256(source.encode()).hexdigest()[:24]}"
    path = kept_folder() / f"{name}.py"
    if not path.exists():
        _write(path, source)
    spec = importlib.util.spec_from_file_location(name, path)
    assert isinstance(spec, ModuleSpec)
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _write(path: Path, source: str) -> None:
    """Writes a file of its own and renames it, so that no other process reads half a module."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder) / path.name
        made.write_text(source, encoding="utf-8")
        made.replace(path)
