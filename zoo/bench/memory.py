"""The memory that one run needs at its peak, beyond inputs and parameters.

On a CPU only the operating system knows it. A fresh process, in whose allocator nobody has left anything,
builds the work and runs it until caches are filled and code is compiled, gives all free memory back, and
sees how far its resident set grows in one more run.
"""

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import torch

from zoo.bench.contender import Contender
from zoo.bench.work import warm_up

ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "65536"}
"""Keeps glibc from holding freed tensors back, by a threshold that it otherwise moves as it goes."""


def peak_memory(contender: Contender) -> int | None:
    """Bytes, or None where they cannot be measured."""
    if contender.setting.device != "cpu":
        return _on_cuda(contender)
    if os.name == "nt":
        return None
    spec = contender.spec
    parts = {type(part).__module__ for part in (*spec.cells, *spec.wirings)}
    order = {"contender": contender.plain(), "modules": sorted(parts), "threads": torch.get_num_threads()}
    done = subprocess.run(
        [sys.executable, "-m", "zoo.bench.child"],
        input=json.dumps(order),
        env={
            **os.environ,
            **ALLOCATOR,
            "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        warnings.warn(f"memory of {contender.label} not measured: {reason}", stacklevel=2)
        return None
    return int(done.stdout.split()[-1])


def _on_cuda(contender: Contender) -> int:
    work, device = contender.work(), contender.setting.device
    warm_up(work)
    torch.cuda.synchronize(device)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    work()
    torch.cuda.synchronize(device)
    return torch.cuda.max_memory_allocated(device) - before
