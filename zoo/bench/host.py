"""What a time was taken on."""

import os
import platform
from pathlib import Path

import torch

CPUINFO = Path("/proc/cpuinfo")


def machine() -> dict[str, str]:
    """Processor, threads and versions, in words."""
    facts = {"cpu": _processor(), "cores": str(os.cpu_count()), "threads": str(torch.get_num_threads())}
    if torch.cuda.is_available():
        facts["gpu"] = torch.cuda.get_device_name()
    return {**facts, "torch": torch.__version__, "python": platform.python_version()}


def load() -> str:
    """How many programs ran at once in the last minute, on average; empty where nobody counts them."""
    return f"{os.getloadavg()[0]:.2f}" if os.name == "posix" else ""


def _processor() -> str:
    lines = CPUINFO.read_text().splitlines() if CPUINFO.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
