"""Which of several variants won against the first, by how much, and whether that is decided."""

from collections.abc import Sequence

from zoo.comparison.measure import Measure
from zoo.comparison.standing import UNDECIDED, Contest, Standing, best
from zoo.comparison.table import decimals
from zoo.pictures.wording import number


def outcome(found: Sequence[Standing], held: Sequence[Contest], measure: Measure) -> str:
    """A sentence on who did best, and with what spread over seeds.

    Args:
        found: The first of them is what the others are held against.
        held: The others against it.
        measure: What they are compared by.
    """
    first, winner = found[0], best(found, measure)
    if not first.values:
        return f"Nobody can say: {first.variant!r} has failed in all of its runs."
    if not measure.sign:
        return f"Nobody can say: nothing tells which end of {measure.name} is the better one."
    if winner is None or winner is first:
        return f"No other variant did better than {first.variant!r}: {measure.name} {_mean(first)}."
    contest = next((each for each in held if each.variant == winner.variant), None)
    if contest is None:
        return f"Nobody can say: {winner.variant} and {first.variant!r} share no seed."
    means = f"{measure.name} {_mean(winner)} against {_mean(first)}"
    return f"{_verdict(winner, first, contest)}: {means}, {_apart(winner, first)}."


def _verdict(winner: Standing, first: Standing, contest: Contest) -> str:
    """What may be said of the one with the best mean."""
    gains = [contest.sign * difference for difference in _differences(winner, first)]
    if len(gains) < 2:
        return f"One seed decides nothing, but {winner.variant} is ahead"
    if min(gains) <= 0:
        ahead = sum(gain > 0 for gain in gains)
        return f"Undecided: {winner.variant} is ahead in {ahead} of {len(gains)} seeds only"
    if contest.verdict == UNDECIDED:
        return f"Undecided by so few seeds: {winner.variant} is ahead in each of {len(gains)}"
    return f"{winner.variant} won in each of {len(gains)} seeds"


def _differences(winner: Standing, first: Standing) -> list[float]:
    return [value - first.values[seed] for seed, value in winner.values.items() if seed in first.values]


def _apart(winner: Standing, first: Standing) -> str:
    """How far apart they are in the seeds that both have."""
    found = sorted(_differences(winner, first))
    ends = [f"{'+' if end > 0 else ''}{number(end)}" for end in (found[0], found[-1])]
    return f"{ends[0]} to {ends[1]} seed by seed" if len(found) > 1 else ends[0]


def _mean(standing: Standing) -> str:
    return decimals(standing.mean, standing.deviation)
