"""Has the runs of a comparison done, one after the other or several at once."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import NoReturn

from zoo.callbacks.say import say
from zoo.cli.compare.seed_run import SeedRun
from zoo.cli.run.session import INTERRUPTED, TERMINATED

THREADS = "OMP_NUM_THREADS"
STOPPED = (INTERRUPTED, TERMINATED, 129, -signal.SIGINT, -signal.SIGTERM)
"""Exit codes of a run that was told to stop, and did nothing wrong."""
Ended = Callable[[SeedRun, int], None]
"""What is done when a run has ended, with its exit code."""


def work(runs: Sequence[SeedRun], jobs: int, ended: Ended) -> None:
    """Does all runs.

    Args:
        runs: The runs, in the order in which they begin.
        jobs: How many go on at once; 1 is in this process.
        ended: Told of each run that has ended by itself.

    Raises:
        SystemExit: it was told to stop; what was going on has been saved.
    """
    if jobs == 1:
        for number, one in enumerate(runs, 1):
            say("compare", f"{one.name} ({number} of {len(runs)})")
            code = one.train()
            if code in STOPPED:
                raise SystemExit(code)
            ended(one, code)
    else:
        with _threads_for(jobs), _listening():
            _side_by_side(list(runs), jobs, ended)


def _side_by_side(left: list[SeedRun], jobs: int, ended: Ended) -> None:
    going: dict[SpawnProcess, SeedRun] = {}
    try:
        while left or going:
            while left and len(going) < jobs:
                one = left.pop(0)
                process = multiprocessing.get_context("spawn").Process(target=one.train_apart)
                process.start()
                going[process] = one
                say("begun", one.name)
            wait([process.sentinel for process in going])
            for process in [each for each in going if each.exitcode is not None]:
                code = process.exitcode or 0
                if code in STOPPED:
                    raise SystemExit(abs(code) if code > 0 else 128 - code)
                ended(going.pop(process), code)
    finally:
        _stop(list(going))


def _stop(processes: Sequence[SpawnProcess]) -> None:
    """Has processes save what they have, and waits for that."""
    if processes:
        say("compare", "stopping; each run saves what it has")
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()


@contextmanager
def _threads_for(jobs: int) -> Iterator[None]:
    """Divides the cores among processes that are started in the meantime, unless the user has."""
    before = os.environ.get(THREADS)
    os.environ.setdefault(THREADS, str(max(1, _cores() // jobs)))
    try:
        yield
    finally:
        if before is None:
            del os.environ[THREADS]


def _cores() -> int:
    return (
        len(os.sched_getaffinity(0))
        if os.name == "posix" and os.uname().sysname == "Linux"
        else (os.cpu_count() or 1)
    )


@contextmanager
def _listening() -> Iterator[None]:
    """Makes SIGTERM and SIGHUP end this process as Ctrl-C does: its own processes are stopped first."""
    names = [name for name in ("SIGTERM", "SIGHUP") if name in signal.Signals.__members__]
    before = {number: signal.signal(number, _end) for number in map(signal.Signals.__getitem__, names)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
