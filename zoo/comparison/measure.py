"""By which number runs are compared, and which end of it is the better one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from zoo.comparison.trial import Trial
from zoo.registry import nearest
from zoo.report.words import BETTER_WHEN_LARGE, BETTER_WHEN_SMALL

HEADLINES = (
    *("span_f1", "exact_match", "accuracy", "frame_f1", "label_error_rate", "token_accuracy"),
    *("perplexity", "leaky_perplexity", "crps", "mase", "mse", "loss"),
)
"""What a task is judged by where nobody says otherwise: the first of these that it measures."""
STAGES = ("test", "val")


@final
@dataclass(frozen=True)
class Measure:
    """A metric that runs are compared by.

    Attributes:
        name: As it is logged.
        sign: 1 where higher is better, -1 where lower is, 0 where nothing says.
    """

    name: str
    sign: int

    @classmethod
    def of(cls, name: str) -> "Measure":
        """The measure of this name."""
        what = name.partition("/")[2]
        large, small = BETTER_WHEN_LARGE.search(what), BETTER_WHEN_SMALL.search(what)
        return cls(name, 1 if large else -1 if small else 0)

    @property
    def words(self) -> str:
        """Which end of it is the better one."""
        return {1: "higher is better", -1: "lower is better", 0: "nothing says which end is better"}[
            self.sign
        ]


def chosen(trials: Sequence[Trial], asked: str | None) -> Measure:
    """What all of these runs can be compared by.

    Args:
        trials: The runs; those that have measured nothing count for nothing.
        asked: A metric that somebody wants, with or without its stage; None takes the task's headline, of the
            test where there is one.

    Raises:
        ValueError: they have no metric in common, or not this one.
    """
    measured = [trial for trial in trials if trial.metrics]
    common = [name for name in measured[0].metrics if all(name in trial.metrics for trial in measured)]
    if not common:
        first, other = measured[0], next(t for t in measured if not t.metrics.keys() & measured[0].metrics)
        raise ValueError(
            f"{first.variant} measures {', '.join(first.metrics)}, and {other.variant} "
            f"{', '.join(other.metrics)}; expected runs with a metric in common"
        )
    wanted = HEADLINES if asked is None else (asked,)
    names = [f"{stage}/{what}" for stage in STAGES for what in wanted]
    found = [name for name in (*names, *wanted) if name in common]
    if asked is None:
        return Measure.of((found or common)[0])
    if not found:
        raise ValueError(
            f"no metric {asked!r} in all of the runs{nearest(asked, common) or ';'} They have: "
            f"{', '.join(common)}"
        )
    return Measure.of(found[0])
