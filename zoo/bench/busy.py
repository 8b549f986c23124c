"""Other work on the machine, made on purpose."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

ENDLESS = f"import os\nwhile os.getppid() == {os.getpid()}: pass"
"""Ends by itself where who started it was killed."""


@contextmanager
def busy(count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many processes that do nothing but keep a processor each, for a while."""
    with ExitStack() as stack:
        processes = []
        for _ in range(count):
            processes.append(subprocess.Popen([sys.executable, "-c", ENDLESS]))
            stack.callback(processes[-1].wait)
            stack.callback(processes[-1].kill)
        yield processes
