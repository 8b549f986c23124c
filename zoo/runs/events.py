"""The local file of what happened to a run besides training: `events.jsonl`, a JSON object per line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

from zoo.runs.jsonl import append_line, read_lines

EVENTS = "events.jsonl"
"""The name of the file in a run's folder."""


@final
@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened in a step.

    Attributes:
        step: Optimiser steps taken before it.
        epoch: The epoch in which it happened, from 1.
        kind: "nonfinite", "skip", "rollback" or "stop".
        text: A sentence for people.
    """

    step: int
    epoch: int
    kind: str
    text: str


def append_event(path: Path, event: Event) -> None:
    """Adds an event to a file."""
    append_line(path, vars(event))


def read_events(path: Path) -> Iterator[Event]:
    """The events of a file in the order they were written; what a crash cut short is left out.

    Raises:
        FileNotFoundError: there is no such file.
    """
    for plain in read_lines(path):
        try:
            step, epoch = int(plain["step"]), int(plain["epoch"])
            event = Event(step=step, epoch=epoch, kind=str(plain["kind"]), text=str(plain["text"]))
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        yield event
