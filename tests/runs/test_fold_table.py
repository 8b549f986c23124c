"""The table of folds: read as it was written, with mean and deviation once all folds are done."""

import math
from statistics import fmean, stdev

import pytest

from zoo.runs.fold_table import FOLDS, lines, read_folds, summary, write_folds

DONE = {2: {"test/loss": 0.1 + 0.2, "test/f1": 1.0}, 0: {"test/loss": 1e-17}, 1: {"test/loss": math.inf}}


def test_what_was_written_is_read_to_the_last_digit(tmp_path):
    path = tmp_path / FOLDS
    assert read_folds(path) == {}
    write_folds(path, DONE, folds=3)
    assert read_folds(path) == DONE
    assert path.read_text().splitlines()[0] == "fold,test/loss,test/f1"


def test_mean_and_deviation_come_with_the_last_fold(tmp_path):
    path = tmp_path / FOLDS
    write_folds(path, DONE, folds=4)
    assert [line.partition(",")[0] for line in path.read_text().splitlines()[1:]] == ["0", "1", "2"]
    write_folds(path, {**DONE, 3: {}}, folds=4)
    assert path.read_text().splitlines()[-2].startswith("mean,inf,1.0")
    assert read_folds(path).keys() == {0, 1, 2, 3}


def test_they_are_those_of_the_folds_that_have_a_metric():
    values = [0.25, 0.5, 0.7]
    found = summary({number: {"a": value} for number, value in enumerate(values)} | {3: {"b": 2.0}})
    assert found["mean"] == {"a": pytest.approx(fmean(values)), "b": 2.0}
    assert found["std"] == {"a": pytest.approx(stdev(values))}


def test_lines_stand_below_each_other():
    table = lines({0: {"test/loss": 0.123456, "test/f1": 1.0}, 1: {"test/loss": 12345.678}})
    assert len({len(line) for line in table}) == 1
    assert [line.split() for line in table][:3] == [
        ["fold", "test/loss", "test/f1"],
        ["0", "0.1235", "1"],
        ["1", "1.235e+04"],
    ]
