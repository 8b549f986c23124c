"""The oracles of clipping against cases worked by hand."""

import numpy as np

from oracles.clipping import by_parts, by_percentile, by_unit
from oracles.test_oracles import assert_same


def test_parts_are_clipped_each_by_itself() -> None:
    gradients = {"a": np.array([3.0]), "b": np.array([4.0]), "c": np.array([0.5])}
    clipped = by_parts(gradients, {"a": "first", "b": "first", "c": "second"}, 1.0)
    assert_same(np.array([float(clipped[name][0]) for name in "abc"]), np.array([0.6, 0.8, 0.5]), 1e-12)


def test_a_unit_is_a_row_or_a_whole_vector() -> None:
    gradient, weight = np.array([[3.0, 4.0], [0.3, 0.4]]), np.array([[0.0, 5.0], [5.0, 0.0]])
    assert_same(by_unit(gradient, weight, 0.5), np.array([[1.5, 2.0], [0.3, 0.4]]), 1e-12)
    assert_same(by_unit(gradient[0], np.zeros(2), 0.5, eps=1.0), np.array([0.3, 0.4]), 1e-12)


def test_the_percentile_counts_the_step_itself() -> None:
    steps = [[np.array([length])] for length in (4.0, 2.0, 8.0)]
    # The medians of {4}, {4, 2} and {4, 2, 8} are 4, 3 and 4; of the last two alone, {2, 8}, it is 5.
    assert [float(step[0][0]) for step in by_percentile(steps, 50)] == [4.0, 2.0, 4.0]
    assert [float(step[0][0]) for step in by_percentile(steps, 50, history=2)] == [4.0, 2.0, 5.0]
