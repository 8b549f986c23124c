"""Numbers that are predicted, against scikit-learn."""

import pytest
import torch
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from zoo.evaluation.numbers import MOST_POINTS, by_target, scatter


def numbers(count=1200):
    random = torch.Generator().manual_seed(0)
    true = torch.randn(count, 2, generator=random).double() * torch.tensor([1.0, 5.0])
    return true, true + 0.5 * torch.randn(count, 2, generator=random).double() + 0.1


def test_errors_are_scikit_learns():
    true, said = numbers()
    sheet = by_target(true, said, ["small", "large"])
    for k, row in enumerate(sheet.rows):
        assert float(row[1]) == pytest.approx(root_mean_squared_error(true[:, k], said[:, k]), rel=1e-3)
        assert float(row[2]) == pytest.approx(mean_absolute_error(true[:, k], said[:, k]), rel=1e-3)
        assert row[5] == f"{r2_score(true[:, k], said[:, k]):.1%}"
    assert float(sheet.rows[1][4]) == pytest.approx(float(true[:, 1].std(correction=0)), rel=1e-3)


def test_of_a_target_that_never_changes_nothing_is_explained():
    sheet = by_target(torch.ones(3, 1), torch.zeros(3, 1), ["one"])
    assert sheet.rows[0][5] == "-"


def test_points_are_thinned_and_keep_their_ends():
    true, said = numbers()
    drawing = scatter(true[:, 0], said[:, 0], "small")
    points, line = drawing.curves
    assert len(points.x) == MOST_POINTS
    assert (
        [points.x[0], points.x[-1]] == line.x == line.y == [float(true[:, 0].min()), float(true[:, 0].max())]
    )
    pairs = set(zip(true[:, 0].tolist(), said[:, 0].tolist(), strict=True))
    assert set(zip(points.x, points.y, strict=True)) <= pairs
