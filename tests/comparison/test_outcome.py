"""Who won, in words: only what the seeds bear."""

import pytest

from zoo.comparison.measure import Measure
from zoo.comparison.outcome import outcome
from zoo.comparison.standing import contests, standings
from zoo.comparison.trial import Trial


def told(as_it_is, advised, name="val/accuracy"):
    """The outcome of runs with these results, seed by seed."""
    results = {"as it is": as_it_is, "--lr=1": advised}
    trials = [
        Trial(variant=variant, seed=seed, metrics={name: value}, error="" if value == value else "NaN")
        for variant, values in results.items()
        for seed, value in enumerate(values, 1)
    ]
    measure = Measure.of(name)
    found = standings(trials, measure)
    return outcome(found, contests(found, "as it is", measure), measure)


@pytest.mark.parametrize(
    ("results", "words"),
    [
        (([0.5, 0.51, 0.52], [0.9, 0.92, 0.91]), "--lr=1 won in each of 3 seeds: val/accuracy"),
        (([0.5, 0.6, 0.7], [0.9, 0.62, 0.69]), "Undecided: --lr=1 is ahead in 2 of 3 seeds only"),
        (([0.5, 0.6], [0.9, 0.62]), "Undecided by so few seeds: --lr=1 is ahead in each of 2"),
        (([0.5], [0.9]), "One seed decides nothing, but --lr=1 is ahead"),
        (([0.5, 0.6], [0.4, 0.5]), "No other variant did better than 'as it is'"),
        (([float("nan")], [0.9]), "Nobody can say: 'as it is' has failed in all of its runs"),
        (([0.5, 0.51, 0.52], [0.1, 0.12, 0.11], "val/loss"), "--lr=1 won in each of 3 seeds: val/loss"),
        (([0.5], [0.9], "val/beauty"), "Nobody can say: nothing tells which end of val/beauty"),
    ],
)
def test_it_says_who_won_only_where_that_is_decided(results, words):
    assert told(*results).startswith(words)


def test_it_says_by_how_much_in_the_best_and_in_the_worst_seed():
    assert told([0.5, 0.51, 0.52], [0.9, 0.92, 0.91]).endswith("against 0.510, +0.39 to +0.41 seed by seed.")
