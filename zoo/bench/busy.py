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
        processes = [subprocess.Popen([sys.executable, "-c", ENDLESS]) for _ in range(count)]
        for process in processes:
            stack.callback(process.wait)
            stack.callback(process.kill)
        yield processes
