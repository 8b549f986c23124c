"""Forecasts by how far ahead they look, against scikit-learn."""

import pytest
import torch
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from zoo.evaluation.horizons import MOST_ROWS, by_step


def forecasts(steps, count=50):
    random = torch.Generator().manual_seed(0)
    names = ("true", "forecast", "last_value", "seasonal_naive")
    return {name: torch.randn(count, steps, generator=random).double() for name in names}


def test_errors_of_each_step_are_scikit_learns():
    given = forecasts(3)
    sheet = by_step(given, " of sales")
    assert sheet.title == "By steps ahead of sales"
    assert [row[0] for row in sheet.rows] == ["1", "2", "3", "all"]
    for k, row in enumerate(sheet.rows[:3]):
        true, said = given["true"][:, k], given["forecast"][:, k]
        assert float(row[1]) == pytest.approx(mean_absolute_error(true, said), rel=1e-3)
        assert float(row[2]) == pytest.approx(float((said - true).mean()), rel=1e-3)
        for place, name in enumerate(("forecast", "last_value", "seasonal_naive"), start=3):
            assert float(row[place]) == pytest.approx(
                root_mean_squared_error(true, given[name][:, k]), rel=1e-3
            )
    whole = root_mean_squared_error(given["true"].flatten(), given["forecast"].flatten())
    assert float(sheet.rows[-1][3]) == pytest.approx(whole, rel=1e-3)


def test_of_a_long_horizon_some_steps_are_shown_with_the_first_and_the_last():
    steps = [row[0] for row in by_step(forecasts(100)).rows]
    assert len(steps) == MOST_ROWS + 1
    assert (steps[0], steps[-2], steps[-1]) == ("1", "100", "all")


def test_one_step_is_all_there_is():
    assert [row[0] for row in by_step(forecasts(1)).rows] == ["1"]
