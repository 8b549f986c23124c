"""The order in which callbacks are called, whatever the order in which a recipe names them."""

from enum import IntEnum
from typing import Protocol, runtime_checkable

from lightning.pytorch import Callback, Trainer


class Turn(IntEnum):
    """When a callback is called, among those that are called at the same point."""

    OBSERVE = 0
    """Sees gradients as they came, were they NaN."""
    GUARD = 1
    """Leaves out a step before it is clipped or counted."""
    ANY = 2
    """All others, in the order in which they were named."""
    SAVE = 3
    """Writes a checkpoint, to which the states of all others belong."""


@runtime_checkable
class TakesTurns(Protocol):
    """A callback that does not come just anywhere."""

    turn: Turn


def take_turns(trainer: Trainer) -> None:
    """Puts a Trainer's callbacks into the order of their turns; called from their `setup`."""
    named = trainer.callbacks  # type: ignore[attr-defined]  # set by one of its connectors
    # A new list, for Lightning is iterating over the old one. The sort is stable, others stay as named.
    trainer.callbacks = sorted(named, key=_turn_of)  # type: ignore[attr-defined]


def _turn_of(callback: Callback) -> Turn:
    return callback.turn if isinstance(callback, TakesTurns) else Turn.ANY
