"""One trial of a search, as far as tables and pictures look at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, final

from zoo.comparison.measure import Measure

Outcome = Literal["done", "pruned", "failed", "open"]
"""How a trial stands; open is one that goes on, or was stopped and will."""


@final
@dataclass(frozen=True, kw_only=True)
class SweepTrial:
    """A trial.

    Attributes:
        number: From 0, in the order of their beginnings.
        outcome: How it stands.
        chosen: What it took for each option that varies.
        value: Of the metric; of one that was pruned the last that it had, None where there is none.
        parameters: Of the whole model; None where nothing says.
        seconds: Of training, with validation.
        epochs: That were validated.
        error: Why it has failed; "" where it has not.
        folder: Where its run is kept.
    """

    number: int
    outcome: Outcome
    chosen: Mapping[str, Any] = field(default_factory=dict)
    value: float | None = None
    parameters: int | None = None
    seconds: float | None = None
    epochs: int = 0
    error: str = ""
    folder: str = ""

    def row(self, metric: str) -> dict[str, Any]:
        """The same as a row of a table."""
        return {
            "trial": self.number,
            "outcome": self.outcome,
            metric: self.value,
            **self.chosen,
            "parameters": self.parameters,
            "seconds": self.seconds,
            "epochs": self.epochs,
            "error": self.error,
            "folder": self.folder,
        }


def ranked(trials: Sequence[SweepTrial], measure: Measure) -> list[SweepTrial]:
    """Those that came to their end, the best first; of equal ones that which began first."""
    done = [trial for trial in trials if trial.outcome == "done" and trial.value is not None]
    return sorted(done, key=lambda trial: -measure.sign * (trial.value or 0.0))
