"""Makes modules of generated kernels, whose source Triton can read."""

import hashlib
import importlib.util
import linecache
import os
from functools import cache
from types import ModuleType

import torch


def unavailable() -> str | None:
    """Why no Triton kernel can run here, or None; Triton's interpreter (TRITON_INTERPRET=1) needs no GPU."""
    if importlib.util.find_spec("triton") is None:
        return "triton is not installed"
    interpreted = os.environ.get("TRITON_INTERPRET", "0") == "1"
    return None if interpreted or torch.cuda.is_available() else "no CUDA device"


@cache
def load_kernels(source: str) -> ModuleType:
    """The module of a source."""
    name = f"triton_{hashlib.sha256(source.encode()).hexdigest()[:24]}"
    place = f"<{name}>"
    # Triton asks `inspect` for the source of a kernel; this is where it looks for what lies in no file.
    linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)
    module = ModuleType(name)
    exec(compile(source, place, "exec"), vars(module))
    return module
