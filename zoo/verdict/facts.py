"""What is known of a recipe's data, and of how its network learns, for a verdict on both."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

FAST, CHANCE = 0.5, 0.015
"""Shares of the loss of whoever does not look."""
CLEARLY, LITTLE, CLOSE, FAR = 0.25, 0.05, 0.1, 1.5
"""Shares of the possible fall that another learning rate has to gain, that are a fall at all, and that are
equal; and how many times as large a loss is far off."""
HELPS = 0.9
"""A line of advice helps that brings the loss below this share of what it is without."""


@final
@dataclass(frozen=True, kw_only=True)
class BadValue:
    """The first value of some data that is NaN or infinite.

    Attributes:
        name: Of the field of a batch.
        count: How many such values there are.
        row: The sequence that it is in, from 0, in the order of the data set.
        step: The step of that sequence, or None where the field has none.
        column: The feature, or None where the field has none.
    """

    name: str
    count: int
    row: int
    step: int | None = None
    column: int | None = None


@final
@dataclass(frozen=True, kw_only=True)
class DataFacts:
    """What was seen in the first sequences of the training data, and of those held out.

    Attributes:
        rows: Sequences of the training data that were looked at.
        bad: What is NaN or infinite.
        means: Of each feature of x; empty for tokens.
        deviations: Standard deviations of the same.
        target_mean: Of y, where y is numbers; NaN elsewhere.
        target_deviation: Likewise.
        majority: Share of the most frequent class, where y is classes; NaN elsewhere.
        classes: How many classes there are in y.
        held_out: Sequences held out that were looked at.
        leaked: Those of them that stand in the training data, too.
    """

    rows: int = 0
    bad: tuple[BadValue, ...] = ()
    means: tuple[float, ...] = ()
    deviations: tuple[float, ...] = ()
    target_mean: float = math.nan
    target_deviation: float = math.nan
    majority: float = math.nan
    classes: int = 0
    held_out: int = 0
    leaked: int = 0


@final
@dataclass(frozen=True, kw_only=True)
class Learning:
    """What a short training of a copy has shown; NaN where it was not tried.

    Losses are means over the last fifth of the steps.

    Attributes:
        steps: Steps that each training took.
        start: The loss before.
        end: The loss after them.
        baseline: The loss of the best answer that does not look at the input.
        shuffled: What it is after as many steps with the targets of other sequences.
        one_batch: What it is after half as many steps on one batch.
        rates: What it is with other learning rates, after `rate_steps`.
        rate: The recipe's learning rate, whose loss is among them.
        rate_steps: Steps of these.
        trials: What it is after `steps` with a line of advice followed.
        taken: Steps of all trainings together.
        wanted: Steps that they would have taken, had the budget lasted.
    """

    steps: int = 0
    start: float = math.nan
    end: float = math.nan
    baseline: float = math.nan
    shuffled: float = math.nan
    one_batch: float = math.nan
    rates: Mapping[float, float] = field(default_factory=dict)
    rate: float = math.nan
    rate_steps: int = 0
    trials: Mapping[str, float] = field(default_factory=dict)
    taken: int = 0
    wanted: int = 0

    @property
    def is_cut(self) -> bool:
        """Whether the budget did not last for all trainings."""
        return self.taken < self.wanted

    @property
    def floor(self) -> float:
        """The loss of whoever does not look at the input: the best such answer's, or that before training."""
        return min((value for value in (self.baseline, self.start) if math.isfinite(value)), default=math.nan)

    @property
    def is_fast(self) -> bool:
        """Whether so much is learned in so few steps that nobody need ask for the reason."""
        return self.end < FAST * self.floor

    @property
    def is_hardly_any(self) -> bool:
        """Whether no more is learned than who does not look at the input knows."""
        return self.end >= (1 - CHANCE) * self.floor

    @property
    def is_nothing(self) -> bool:
        """Whether true targets teach no more than those of other sequences, either."""
        return self.is_hardly_any and self.end >= (1 - CHANCE) * self.shuffled

    @property
    def better_rate(self) -> float | None:
        """The middle one of the learning rates that are clearly better than the recipe's, if any is."""
        own, best = self.rates.get(self.rate, math.nan), min(self.rates.values(), default=math.nan)
        fall = self.floor - best
        is_far = (
            own - best > CLEARLY * fall if fall > LITTLE * self.floor else own > FAR * self.floor > best / FAR
        )
        if not (is_far or self._is_overshooting):
            return None
        alike = max(best + CLOSE * fall, best * (1 + LITTLE))
        good = sorted(rate for rate, loss in self.rates.items() if loss <= alike)
        return good[(len(good) - 1) // 2]

    @property
    def _is_overshooting(self) -> bool:
        """Whether a smaller rate, which takes shorter steps, comes twice as far in as many of them."""
        smaller = min((loss for rate, loss in self.rates.items() if rate < self.rate), default=math.nan)
        return smaller < FAST * self.rates.get(self.rate, math.nan)

    def is_learned_at(self, rate: float) -> bool:
        """Whether at one of the rates more is learned than who does not look at the input knows."""
        return not self.rates[rate] >= (1 - CHANCE) * self.floor

    def allows(self, line: str) -> bool:
        """Whether a line of advice may be given: nothing is known against it."""
        return math.isnan(self.trials.get(line, math.nan)) or self.helps(line)

    def helps(self, line: str) -> bool:
        """Whether a line of advice was followed, and the loss fell clearly further for it.

        It has to fall below that of whoever does not look at the input, unless it was far above it before:
        between two networks that learn nothing there is no better one.
        """
        trial = self.trials.get(line, math.nan)
        learns = not trial >= (1 - CHANCE) * self.floor
        is_saved = not self.end <= FAR * self.floor
        is_better = trial < HELPS * self.end or not math.isfinite(self.end)
        return math.isfinite(trial) and (learns or is_saved) and is_better
