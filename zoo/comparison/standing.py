"""What the runs of each variant come to, and how it stands against one of them."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from zoo.comparison.measure import Measure
from zoo.comparison.paired import LEVEL, Paired, holm, least_p, paired, pairs_needed
from zoo.comparison.trial import Trial

UNDECIDED = "undecided"
"""The verdict on two variants between which so few seeds do not decide."""


@final
@dataclass(frozen=True)
class Standing:
    """A variant and its runs.

    Attributes:
        variant: Its name.
        trials: Its runs, in the order of their seeds.
        metric: What they are compared by.
    """

    variant: str
    trials: Sequence[Trial]
    metric: str

    @cached_property
    def values(self) -> dict[int | None, float]:
        """The metric of the runs that have not failed, by their seeds or, without seeds, by their places."""
        return {
            -1 - place if trial.seed is None else trial.seed: trial.metrics[self.metric]
            for place, trial in enumerate(self.trials)
            if not trial.error
        }

    @property
    def failed(self) -> list[Trial]:
        """The runs that have failed."""
        return [trial for trial in self.trials if trial.error]

    @property
    def mean(self) -> float:
        """The mean over runs; NaN of none."""
        return float(np.mean(list(self.values.values()))) if self.values else math.nan

    @property
    def deviation(self) -> float:
        """The sample standard deviation over runs; NaN of fewer than two."""
        return float(np.std(list(self.values.values()), ddof=1)) if len(self.values) > 1 else math.nan

    @property
    def seconds(self) -> float:
        """The mean over the runs that say how long they took; NaN of none."""
        told = [trial.seconds for trial in self.trials if trial.seconds is not None and not trial.error]
        return float(np.mean(told)) if told else math.nan

    @property
    def verdict(self) -> str:
        """The finding that most of the runs have, and how many of them."""
        told = Counter(trial.verdict for trial in self.trials if trial.verdict)
        if not told:
            return ""
        word, count = told.most_common(1)[0]
        return word if count == len(self.trials) else f"{word} ({count} of {len(self.trials)})"


@final
@dataclass(frozen=True)
class Contest:
    """A variant against the one that all are held against.

    Attributes:
        variant: Its name.
        paired: The differences, this one less the other.
        p: The p-value, made larger for the number of variants.
        sign: 1 where a higher metric is better, -1 where a lower one is, 0 where nothing says.
    """

    variant: str
    paired: Paired
    p: float
    sign: int

    @property
    def verdict(self) -> str:
        """What can be said: for sure, only if the differences are normal, or not at all."""
        excludes_none = self.paired.low > 0 or self.paired.high < 0
        if self.p > LEVEL and not excludes_none:
            return UNDECIDED
        which = "better" if self.paired.mean * self.sign > 0 else "worse" if self.sign else "different"
        return which if self.p <= LEVEL else f"{which}, if normal"


def standings(trials: Sequence[Trial], measure: Measure) -> list[Standing]:
    """The variants in the order in which they first occur."""
    found: dict[str, list[Trial]] = {}
    for trial in trials:
        found.setdefault(trial.variant, []).append(trial)
    return [Standing(variant, each, measure.name) for variant, each in found.items()]


def best(found: Sequence[Standing], measure: Measure) -> Standing | None:
    """The variant with the best mean; None where nothing says what is better, or no other has a worse one."""
    known = [standing for standing in found if not math.isnan(standing.mean)]
    if not measure.sign or len(known) < 2:
        return None
    first, second = sorted(known, key=lambda standing: -measure.sign * standing.mean)[:2]
    return first if first.mean != second.mean else None


def contests(found: Sequence[Standing], against: str, measure: Measure) -> list[Contest]:
    """All others against one of the variants, each over the seeds that both have."""
    reference = next(standing for standing in found if standing.variant == against)
    shared = {
        standing.variant: [seed for seed in standing.values if seed in reference.values and _is_seed(seed)]
        for standing in found
        if standing is not reference
    }
    held = [standing for standing in found if shared.get(standing.variant)]
    pairs = {
        standing.variant: paired(
            [standing.values[seed] for seed in shared[standing.variant]],
            [reference.values[seed] for seed in shared[standing.variant]],
            len(held),
        )
        for standing in held
    }
    adjusted = holm([each.p for each in pairs.values()])
    return [
        Contest(variant, each, p, measure.sign)
        for (variant, each), p in zip(pairs.items(), adjusted, strict=True)
    ]


def _is_seed(seed: int | None) -> bool:
    return seed is not None and seed >= 0


def reach(found: Sequence[Contest]) -> str:
    """What so few seeds can say at most, in a sentence; "" where they can say that there is a difference."""
    if not found:
        return ""
    pairs = max(each.paired.pairs for each in found)
    least = min(1.0, least_p(pairs) * len(found))
    if least <= LEVEL:
        return ""
    others = "" if len(found) == 1 else f" for {len(found)} comparisons at once"
    seeds = "1 seed" if pairs == 1 else f"{pairs} seeds"
    return (
        f"With {seeds} no p below {least:.2g} can be reached{others}, however large the difference; from "
        f"{pairs_needed(len(found))} seeds on it can be {LEVEL:g} or less."
    )
