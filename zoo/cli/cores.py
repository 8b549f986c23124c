"""How many processors this process may use."""

import math
import os
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Where Linux keeps what a container may use: microseconds of processors in a period, and the period."""


def cores(quota: Path = QUOTA) -> int:
    """Processors that this process may use at once: those it may run on, of which a container may use a part.

    Args:
        quota: The file with that part, which is rounded up.
    """
    is_linux = os.name == "posix" and os.uname().sysname == "Linux"
    every = len(os.sched_getaffinity(0)) if is_linux else (os.cpu_count() or 1)
    try:
        part, period = quota.read_text(encoding="ascii").split()
        return min(every, max(1, math.ceil(int(part) / int(period))))
    except (OSError, ValueError):  # "max" is no number, and no limit
        return every
