"""The fresh process that `zoo.bench.memory` starts: bytes of one run, for a contender in plain form."""

import contextlib
import ctypes
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import torch

from zoo.bench.contender import Contender
from zoo.bench.work import warm_up

PROC = Path("/proc/self")


def answer(order: dict[str, Any]) -> int:
    """Bytes that a run needs at its peak beyond what was there before it."""
    for name in order["modules"]:
        importlib.import_module(name)
    torch.set_num_threads(order["threads"])
    work = Contender.from_plain(order["contender"]).work()
    warm_up(work)
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
    with contextlib.suppress(OSError):
        (PROC / "clear_refs").write_text("5")
    before = _resident_peak()
    work()
    return _resident_peak() - before


def _resident_peak() -> int:
    """Bytes of the largest resident set since the start or, on Linux, since it was last forgotten."""
    if (PROC / "status").exists():
        # getrusage would not do here: a new process inherits the peak of the one that started it
        lines = (PROC / "status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    import resource  # not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    print(answer(json.load(sys.stdin)))
