"""Processor time that may be used: on a busy machine it lasts for as much work as on an idle one."""

import time
from collections.abc import Callable
from typing import final


@final
class Budget:
    """So many seconds of the processor, of the thread that makes it.

    Args:
        seconds: How many.
        clock: What tells the time.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock, self._until = clock, clock() + seconds

    @property
    def is_spent(self) -> bool:
        """Whether all of it was used."""
        return self._clock() >= self._until
