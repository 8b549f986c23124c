"""Has runs done, one after the other or several at once."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import NoReturn, Protocol, TypeVar

from zoo.callbacks.say import say
from zoo.cli.cores import cores
from zoo.cli.run.session import INTERRUPTED, TERMINATED
from zoo.cli.run.threads import SHARED

THREADS = "OMP_NUM_THREADS"
STOPPED = (INTERRUPTED, TERMINATED, 129, -signal.SIGINT, -signal.SIGTERM)
"""Exit codes of a run that was told to stop, and did nothing wrong."""


class Run(Protocol):
    """A run, which can be trained in this process or in one of its own."""

    @property
    def name(self) -> str:
        """What it is called in messages."""

    def train(self) -> int:
        """Trains in this process, and returns the exit code."""

    def train_apart(self) -> None:
        """Trains in a process that is its own."""


AnyRun = TypeVar("AnyRun", bound=Run)


def work(runs: Sequence[AnyRun], jobs: int, ended: Callable[[AnyRun, int], None]) -> None:
    """Does all runs.

    Args:
        runs: The runs, in the order in which they begin.
        jobs: How many go on at once; 1 is in this process.
        ended: Told of each run that has ended by itself, with its exit code.

    Raises:
        SystemExit: it was told to stop; what was going on has been saved.
    """
    upcoming = iter(runs)
    work_on(lambda: next(upcoming, None), jobs, ended)


def work_on(take: Callable[[], AnyRun | None], jobs: int, ended: Callable[[AnyRun, int], None]) -> None:
    """Does what it is given, a run at a time, until there is no more; otherwise like `work`.

    Args:
        take: Gives the next run whenever one can begin, and is asked anew after each that has ended; None is
            nothing to begin now.
        jobs: As for `work`.
        ended: As for `work`.

    Raises:
        SystemExit: as for `work`.
    """
    if jobs == 1:
        while (one := take()) is not None:
            say("begun", one.name)
            code = one.train()
            if code in STOPPED:
                raise SystemExit(code)
            ended(one, code)
    else:
        with _threads_for(jobs), listening():
            _side_by_side(take, jobs, ended)


def _side_by_side(take: Callable[[], AnyRun | None], jobs: int, ended: Callable[[AnyRun, int], None]) -> None:
    going: dict[SpawnProcess, AnyRun] = {}
    try:
        while True:
            while len(going) < jobs and (one := take()) is not None:
                process = multiprocessing.get_context("spawn").Process(target=one.train_apart)
                process.start()
                going[process] = one
                say("begun", one.name)
            if not going:
                break
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
        say("stopping", "each run saves what it has")
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()


@contextmanager
def _threads_for(jobs: int) -> Iterator[None]:
    """Divides the cores among processes that are started in the meantime, unless the user has."""
    if THREADS in os.environ:
        yield
        return
    os.environ |= {THREADS: str(max(1, cores() // jobs)), SHARED: "1"}
    try:
        yield
    finally:
        del os.environ[THREADS], os.environ[SHARED]


@contextmanager
def listening() -> Iterator[None]:
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
