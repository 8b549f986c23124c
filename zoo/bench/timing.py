"""Times that can be compared: runs take turns, so that a burst of noise hits all."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

from zoo.bench.work import Work

SAMPLE = 0.01
"""Seconds that one sample takes at least; a shorter run is repeated within it."""
WARM_UP = 2
"""Runs after the first one that are not counted; the last of them says how long a run takes."""


@final
@dataclass(frozen=True, kw_only=True)
class Timing:
    """How long one run takes, and what it needs.

    Attributes:
        seconds: The run that counts: the best, or the median beside other work.
        first: Seconds of the first call, in which caches are filled and code is compiled.
        memory: Bytes that a run needs at its peak beyond inputs and parameters; None where not measured.
    """

    seconds: float
    first: float
    memory: int | None = None


def interleaved(
    works: Mapping[str, Work],
    repeats: int,
    settle: Callable[[], None],
    clock: Callable[[], float] = time.perf_counter,
    counts: Callable[[Sequence[float]], float] = min,
) -> dict[str, Timing]:
    """Times works in turns: A, B, C, A, B, C, ...

    Args:
        works: What to time.
        repeats: Samples of each.
        settle: Waits until the device is done.
        clock: Seconds since some moment.
        counts: Which of the samples is the result.
    """

    def timed(work: Work, times: int) -> float:
        settle()
        start = clock()
        for _ in range(times):
            work()
        settle()
        return (clock() - start) / times

    first = {name: timed(work, 1) for name, work in works.items()}
    warm = {name: [timed(work, 1) for _ in range(WARM_UP)][-1] for name, work in works.items()}
    times = {name: max(1, math.ceil(SAMPLE / max(seconds, 1e-9))) for name, seconds in warm.items()}
    times = {name: min(count, 1000) for name, count in times.items()}
    samples: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            samples[name].append(timed(work, times[name]))
    return {name: Timing(seconds=counts(samples[name]), first=first[name]) for name in works}
