"""Whether one variant is better than another, by the differences of runs with the same seed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float

LEVEL = 0.05
"""How often a difference that is none may be called one."""
MOST_EXACT = 20
"""Pairs up to which all flips of signs are looked at, a million of them; of more a sample is."""
AT_ONCE = 2**14


@final
@dataclass(frozen=True, kw_only=True)
class Paired:
    """The differences of pairs.

    Attributes:
        pairs: How many there are.
        mean: Of the differences.
        low: Where the interval of 95 % for the mean begins, by Student's t; NaN of one pair.
        high: Where it ends.
        p: How often flipping the signs of the differences at random makes their mean as large, either way.
    """

    pairs: int
    mean: float
    low: float
    high: float
    p: float


def paired(ours: Sequence[float], theirs: Sequence[float]) -> Paired:
    """Compares two variants, seed by seed.

    Args:
        ours: A number for each seed.
        theirs: Those of the same seeds.
    """
    differences = np.subtract(ours, theirs).astype(float)
    low, high = interval(differences.tolist())
    mean = float(differences.mean())
    return Paired(pairs=len(differences), mean=mean, low=low, high=high, p=sign_flips(differences))


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The interval of 95 % for the mean of what these values are drawn from, if they are normal."""
    from scipy.special import stdtrit  # numpy has no such function, and scipy takes a moment to load

    count = len(values)
    if count < 2:
        return math.nan, math.nan
    reach = float(stdtrit(count - 1, 1 - LEVEL / 2)) * float(np.std(values, ddof=1)) / math.sqrt(count)
    return float(np.mean(values)) - reach, float(np.mean(values)) + reach


def sign_flips(differences: Float[np.ndarray, " pairs"]) -> float:
    """The two-sided p-value of the permutation test for pairs: the share of sign flips with as large a mean.

    Exact up to 20 pairs. It assumes nothing but that, were there no difference, each could as well have had
    the other sign (Fisher, The Design of Experiments, 1935, section 21).
    """
    pairs = len(differences)
    seen, total = abs(float(differences.sum())), float(np.abs(differences).sum())
    is_exact, generator = pairs <= MOST_EXACT, np.random.default_rng(0)
    count = 2 ** min(pairs, MOST_EXACT)
    hits = 0
    for first in range(0, count, AT_ONCE):
        numbers = np.arange(first, min(first + AT_ONCE, count))
        bits = (
            (numbers[:, None] >> np.arange(pairs)) & 1
            if is_exact
            else generator.integers(0, 2, (len(numbers), pairs))
        )
        sums = np.abs((1 - 2 * bits) @ differences)
        hits += int((sums >= seen - 1e-12 * total).sum())
    return hits / count if is_exact else (hits + 1) / (count + 1)


def least_p(pairs: int) -> float:
    """The smallest p-value that flipping the signs of so many differences can have."""
    return math.ldexp(2.0, -min(pairs, MOST_EXACT))


def pairs_needed(tests: int) -> int:
    """The pairs from which on the smallest p-value is low enough, where so many tests are made."""
    return 1 + math.ceil(math.log2(tests / LEVEL))


def holm(values: Sequence[float]) -> list[float]:
    """p-values made larger for being several (Holm, 1979), in the order in which they came."""
    order = sorted(range(len(values)), key=lambda index: values[index])
    adjusted, highest = [0.0] * len(values), 0.0
    for place, index in enumerate(order):
        highest = max(highest, min(1.0, (len(values) - place) * values[index]))
        adjusted[index] = highest
    return adjusted
