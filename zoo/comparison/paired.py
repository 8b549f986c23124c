"""Whether one variant is better than another, by the differences of runs with the same seed."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int

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
        low: Where the interval for the mean begins, by Student's t; NaN of one pair.
        high: Where it ends.
        p: How often flipping the signs of the differences at random makes their mean as large, either way.
    """

    pairs: int
    mean: float
    low: float
    high: float
    p: float


def paired(ours: Sequence[float], theirs: Sequence[float], tests: int = 1) -> Paired:
    """Compares two variants, seed by seed.

    Args:
        ours: A number for each seed.
        theirs: Those of the same seeds.
        tests: How many such intervals there are, which are to hold together (Bonferroni).
    """
    differences = np.subtract(ours, theirs).astype(float)
    low, high = interval(differences.tolist(), LEVEL / tests)
    mean = float(differences.mean())
    return Paired(pairs=len(differences), mean=mean, low=low, high=high, p=sign_flips(differences))


def interval(values: Sequence[float], level: float = LEVEL) -> tuple[float, float]:
    """The interval for the mean of what these values are drawn from, if they are normal.

    Args:
        values: The values.
        level: How often such an interval may miss it.

    Returns:
        Where it begins and where it ends; NaN of fewer than two values.
    """
    from scipy.special import stdtrit  # numpy has no such function, and scipy takes a moment to load

    count = len(values)
    if count < 2:
        return math.nan, math.nan
    reach = float(stdtrit(count - 1, 1 - level / 2)) * float(np.std(values, ddof=1)) / math.sqrt(count)
    return float(np.mean(values)) - reach, float(np.mean(values)) + reach


def sign_flips(differences: Float[np.ndarray, " pairs"]) -> float:
    """The two-sided p-value of the permutation test for pairs: the share of sign flips with as large a mean.

    Exact up to 20 pairs. It assumes nothing but that, were there no difference, each could as well have had
    the other sign (Fisher, The Design of Experiments, 1935, section 21).
    """
    pairs = len(differences)
    seen, total = abs(float(differences.sum())), float(np.abs(differences).sum())
    sums = np.concatenate([np.abs(signs @ differences) for signs in _signs(pairs)])
    hits = int((sums >= seen - 1e-12 * total).sum())  # rounding must not tell apart what is equal
    return hits / len(sums) if pairs <= MOST_EXACT else (hits + 1) / (len(sums) + 1)


def _signs(pairs: int) -> Iterator[Int[np.ndarray, "some pairs"]]:
    """All signs that so many differences can have; of very many pairs a million at random."""
    generator = np.random.default_rng(0)
    for first in range(0, 2 ** min(pairs, MOST_EXACT), AT_ONCE):
        numbers = np.arange(first, min(first + AT_ONCE, 2 ** min(pairs, MOST_EXACT)))
        exact = (numbers[:, None] >> np.arange(pairs)) & 1
        bits = exact if pairs <= MOST_EXACT else generator.integers(0, 2, (len(numbers), pairs))
        yield 1 - 2 * bits


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
