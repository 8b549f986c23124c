"""The engine `scan`: no loop over steps, for states that are linear in the ones before them."""

from typing import ClassVar, final

from zoo.engines.base import Engine, PreparedRun
from zoo.engines.recurrence import Recurrence
from zoo.engines.scan.run import LinearRun, form_of


@final
class ScanEngine(Engine):
    """A parallel scan over all of time."""

    reason: ClassVar[str] = "its state is linear in the one before, so that no loop over steps is needed"

    def prepare(self, recurrence: Recurrence, device: str = "cpu") -> PreparedRun:
        return LinearRun(form_of(recurrence))
