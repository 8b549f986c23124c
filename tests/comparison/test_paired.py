"""The test for pairs and its intervals, against scipy and against sums by hand."""

import numpy as np
import pytest
from scipy import stats

from zoo.comparison.paired import holm, interval, least_p, paired, pairs_needed, sign_flips


@pytest.mark.parametrize("pairs", [2, 3, 5, 8])
def test_sign_flips_are_scipys_permutation_test_for_pairs(pairs):
    differences = np.random.default_rng(pairs).normal(0.5, 1, pairs)
    found = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", alternative="two-sided", n_resamples=np.inf
    )
    assert sign_flips(differences) == pytest.approx(found.pvalue)


def test_equal_sums_count_whatever_rounding_does():
    """Of the eight signs of 0.1, 0.2 and 0.3 those of 0.6 and of -0.6 have as large a sum."""
    assert sign_flips(np.array([0.1, 0.2, 0.3])) == sign_flips(np.array([0.3, 0.1, 0.2])) == 2 / 8
    assert sign_flips(np.array([0.1, 0.2, -0.1])) == 6 / 8
    assert sign_flips(np.zeros(4)) == 1.0


def test_many_pairs_are_sampled():
    differences = np.random.default_rng(0).normal(0.35, 1, 30)
    t_test = stats.ttest_1samp(differences, 0).pvalue
    assert sign_flips(differences) == pytest.approx(t_test, rel=0.2)


def test_the_interval_is_students():
    ours, theirs = [0.91, 0.93, 0.90, 0.95], [0.88, 0.91, 0.92, 0.90]
    found = paired(ours, theirs)
    expected = stats.ttest_rel(ours, theirs).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.mean == pytest.approx(0.02)
    together = paired(ours, theirs, tests=3)
    expected = stats.ttest_rel(ours, theirs).confidence_interval(1 - 0.05 / 3)
    assert (together.low, together.high) == pytest.approx((expected.low, expected.high))
    assert np.isnan(interval([0.5])).all()


def test_what_few_seeds_can_say():
    assert [least_p(pairs) for pairs in (1, 2, 3, 5, 6)] == [1, 0.5, 0.25, 0.0625, 0.03125]
    assert [pairs_needed(tests) for tests in (1, 2, 3)] == [6, 7, 7]
    for tests in (1, 2, 3, 9):
        needed = pairs_needed(tests)
        assert tests * least_p(needed) <= 0.05 < tests * least_p(needed - 1)


def test_holm_makes_p_values_larger_step_by_step():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.6]) == [1.0, 1.0]
    assert holm([]) == []
