"""Long, resumed and oddly named runs."""

import json

import numpy as np
import pytest

from tests.report.folders import make_run, passage, record
from zoo.pictures.wording import number
from zoo.report import find_run
from zoo.report.columns import collect, merged
from zoo.report.figure import MOST_COLUMNS
from zoo.report.plotly_view import MOST_POINTS, thinned
from zoo.report.run import read_run
from zoo.report.text import without_home
from zoo.runs.folders import names


def test_a_thinned_curve_keeps_its_ends_and_its_spikes():
    x = np.arange(100_000.0)
    y = np.sin(x / 5000)
    y[31_415] = 40.0
    y[27_182] = -40.0
    few, values = thinned(x, y)
    assert len(few) <= MOST_POINTS
    assert (few[0], few[-1]) == (0, 99_999)
    assert {31_415, 27_182} <= set(few)
    assert (y[few.astype(int)] == values).all()


def test_gaps_survive_thinning():
    y = np.ones(100_000)
    y[20_000:30_000] = np.nan
    few, values = thinned(np.arange(100_000.0), y)
    assert np.isnan(values[(few > 21_000) & (few < 29_000)]).all()


def test_a_long_run_is_added_up_and_nothing_is_lost():
    count = 2500
    columns = collect(record(step, layers=1) for step in range(count))
    assert len(columns.columns) <= 2 * MOST_COLUMNS
    shown = merged(columns.columns, MOST_COLUMNS)
    assert len(shown) <= MOST_COLUMNS
    row = ("before", "layer 1", "")
    assert sum(int(column.counts[row].sum()) for column in shown) == count * 12 * 100
    assert (shown[0].first, shown[-1].last) == (0, count - 1)


def test_of_many_measured_steps_the_first_and_the_last_are_kept(tmp_path):
    lines = [json.dumps(passage(step, decay=0.5, steps=2)) for step in range(2 * MOST_COLUMNS + 2)]
    (tmp_path / "through_time.jsonl").write_text("\n".join(lines))
    run = read_run(tmp_path, "long", 0)
    assert len(run.lags) <= 2 * MOST_COLUMNS
    assert (run.lags[0].step, run.lags[-1].step) == (0, 2 * MOST_COLUMNS + 1)
    assert run.last_step == 2 * MOST_COLUMNS + 1
    assert run.notes["through_time.jsonl"] == []


def test_where_a_run_was_resumed_the_later_records_count():
    columns = collect([record(0), record(4), record(8, slope=-2.0), record(4), record(8)])
    assert [column.first for column in columns.columns] == [0, 4, 8]
    row = ("before", "layer 1", "")
    assert (columns.columns[0].counts[row] == columns.columns[2].counts[row]).all()


def test_a_folder_of_versions_means_the_newest(tmp_path):
    for version in (2, 10, 9):
        make_run(tmp_path / "plain" / f"version_{version}", steps=4)
    (tmp_path / "plain" / "version_11").mkdir()
    assert find_run(tmp_path / "plain") == tmp_path / "plain" / "version_10"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("runs/plian", "did you mean 'plain'"),
        ("runs/elsewhere/version_0", "has plain"),
        ("runs", "runs/plain/version_0"),
        ("empty", "expected one with config.yaml"),
        ("runs/plain/version_0/metrics.csv", "is a file; expected the folder of a run, such as"),
    ],
)
def test_a_path_that_means_no_run_is_answered_with_what_there_is(tmp_path, path, words):
    make_run(tmp_path / "runs" / "plain" / "version_0", steps=4)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=words):
        find_run(tmp_path / path)


def test_runs_of_one_name_are_told_apart(tmp_path):
    paths = [
        tmp_path / place
        for place in ("a/runs/x/version_0", "a/runs/x/version_1", "b/runs/x/version_1", "b/runs/y/version_0")
    ]
    assert names(paths[:1]) == ["x"]
    assert names(paths[:2]) == ["x version 0", "x version 1"]
    assert names(paths) == ["x version 0", "x version 1 in a", "x version 1 in b", "y"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("zoo fit --config /home/ann/a.yaml", "zoo fit --config ~/a.yaml"),
        ("/Users/ann/runs", "~/runs"),
        (r"C:\Users\ann\runs", r"~\runs"),
        ("/srv/home/ann", "/srv/home/ann"),
        ("https://example.org/home/ann", "https://example.org/home/ann"),
    ],
)
def test_nobody_learns_the_name_of_a_user(text, shown):
    assert without_home(text) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.05, "0.05"),
        (1234.5, "1,234"),
        (3.2e-6, "3.2·10⁻⁶"),
        (float("nan"), "–"),
        (None, "–"),
        (0.0, "0"),
        (-float("inf"), "−infinity"),
    ],
)
def test_numbers_read_as_people_write_them(value, shown):
    assert number(value) == shown
