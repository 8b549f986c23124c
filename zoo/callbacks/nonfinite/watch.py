"""What the non-finite guard remembers while a fit is in progress, and what it raises."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, final, runtime_checkable

from torch import Tensor

from zoo.callbacks.nonfinite.calls import Calls
from zoo.callbacks.nonfinite.finite import nonfinite
from zoo.callbacks.nonfinite.microbatch_losses import MicrobatchLosses
from zoo.callbacks.nonfinite.rollback import Checkpoint, Written


@final
class NonFiniteError(FloatingPointError):
    """Training met NaN or infinity, and goes on no further."""


@runtime_checkable
class CarriesState(Protocol):
    """A module that carries something from batch to batch."""

    def forget(self) -> None:
        """Drops what the last training batch has left behind."""


@final
@dataclass
class Watch:
    """What a fit in progress needs to remember.

    Attributes:
        folder: Where events are written, or None.
        calls: The batch in progress.
        ignored: What is not finite from the start and not trained, such as a mask.
        start: The state that the fit began with, where it may be needed.
        passed_over: Checkpoints that a rollback must not go back to.
        buffers: The module's buffers, and what they held at the last good update.
        source: The checkpoint that the last rollback went back to, until an update was good.
        batch: The batch in progress.
        step: Optimiser steps taken before the last update.
        losses: Those since the last update.
        pending: What is wrong with the batch in progress, if it asks for a rollback.
        large: Whether an update of this batch may have overflowed.
        skips_in_a_row: Updates left out since the last good one.
    """

    folder: Path | None
    calls: Calls
    ignored: frozenset[str]
    start: Checkpoint | None
    passed_over: set[Written]
    buffers: list[tuple[Tensor, Tensor]]
    source: Written | None = None
    batch: Any = None
    step: int = 0
    losses: MicrobatchLosses = field(default_factory=MicrobatchLosses)
    pending: str = ""
    large: bool = False
    skips_in_a_row: int = 0

    def overflowed(self, checkpoint: Checkpoint) -> list[str]:
        """The weights of a checkpoint that are not finite, and were when the fit began."""
        return [name for name in nonfinite(checkpoint) if name not in self.ignored]
