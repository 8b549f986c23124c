"""Dates and numbers as people write them, in the files of series."""

import re

import numpy as np
import pytest
import torch

from zoo.data.series import Series
from zoo.data.time_series.clock import Clock
from zoo.data.time_series.columns import SeriesColumns
from zoo.data.time_series.grid import grid_of
from zoo.data.time_series.own_frames import series_of
from zoo.data.time_series.times import BadTimeError, TimeReader, read_times

WINDOW = {"horizon": 2, "input_steps": 4}


@pytest.mark.parametrize(
    ("words", "first", "second"),
    [
        (["31.12.2020", "01.01.2021"], "2020-12-31", "2021-01-01"),
        (["12/31/2020", "1/1/2021"], "2020-12-31", "2021-01-01"),
        (["1/2/99", "1/13/99"], "1999-01-02", "1999-01-13"),
        (["Jan 1 2000", "Feb 1 2000"], "2000-01-01", "2000-02-01"),
        (["1 March 2000", "2 March 2000"], "2000-03-01", "2000-03-02"),
        (["1959Q1", "1959Q2"], "1959-01-01", "1959-04-01"),
        (["1958/3/1", "1958/3/2"], "1958-03-01", "1958-03-02"),
        (["1/1/2020 11:30 PM", "1/2/2020 12:30 AM"], "2020-01-01T23:30", "2020-01-02T00:30"),
    ],
)
def test_dates_of_all_kinds_are_read(words, first, second):
    assert (read_times(words) == np.array([first, second], dtype="datetime64[us]")).all()


def test_the_whole_column_tells_if_days_come_first():
    for written, order in (
        ([f"{k}/1/2020" for k in range(1, 13)] + ["1/1/2021"], "month, day, year"),
        ([f"1/{k}/2020" for k in range(1, 13)] + ["1/1/2021"], "day, month, year"),
        (["1/2/2020", "2/2/2020", "13/2/2020"], "day, month, year"),
        (["01.02.2020", "01.03.2020"], "day, month, year"),
    ):
        reader = TimeReader()
        for word in written:  # a piece each: what comes late decides for what came before
            reader.add([word])
        assert reader.order == order
        assert (np.diff(reader.ticks()).astype(float) > 0).all()


def table(path, rows, header="t;a"):
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_decimal_commas_and_thousands_are_the_same_numbers(tmp_path):
    values = [1000.5 * k for k in range(40)]
    german = [
        f"{k};{v:,.1f}".replace(",", "_").replace(".", ",").replace("_", ".") for k, v in enumerate(values)
    ]
    plain = [f"{k};{v}" for k, v in enumerate(values)]
    options = {"targets": "a", "time": "t", "separator": ";", **WINDOW}
    one = Series(table(tmp_path / "german.csv", german), decimal=",", thousands=".", **options)
    two = Series(table(tmp_path / "plain.csv", plain), **options)
    assert "39.019,5" in german[-1]
    for each in (one, two):
        each.setup("fit")
    assert one.state_dict() == two.state_dict()


@pytest.mark.parametrize(
    ("value", "options", "said"),
    [
        ("12,5", {}, "line 42: column 'a' is '12,5', expected a number"),
        ("12.5", {"decimal": ",", "thousands": "."}, "line 42: column 'a' is '12.5', expected a number"),
        ("0,200", {"thousands": ","}, "line 42: column 'a' is '0,200', expected a number"),
        ("1.0", {"decimal": ";"}, "decimal must be '.' or ','"),
        ("1.0", {"thousands": "."}, "decimal and thousands are both '.'"),
    ],
)
def test_a_number_that_is_written_otherwise_is_named(tmp_path, value, options, said):
    rows = [f"{k};{k}" for k in range(40)]
    path = table(tmp_path / "some.csv", [*rows, f"40;{value}"])
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        Series(path, targets="a", time="t", separator=";", **WINDOW, **options).setup("fit")


def test_steps_that_are_lacking_become_missing_values(tmp_path):
    days = [str(day) for day in np.arange("2020-01-01", "2020-03-01", dtype="datetime64[D]")]
    kept = [k for k in range(len(days)) if k not in (10, 11, 30)]
    path = table(tmp_path / "days.csv", [f"{days[k]};{k}" for k in kept])
    options = {"targets": "a", "time": "t", "separator": ";", **WINDOW}
    data = Series(path, **options, missing="fill", gaps="fill")
    whole = [part.series for part in data.parts("train")]
    assert whole[0].times_from(0, len(days)) == days
    assert np.flatnonzero(np.isnan(whole[0].values[:, 0])).tolist() == [10, 11, 30]
    data.setup("fit")
    windows = data.dataset("train")
    assert all(not ({f, f + 1} & {10, 11, 30}) for f in windows.firsts.tolist())
    with pytest.raises(ValueError, match="expected missing: fill"):
        Series(path, **options, gaps="fill")


def test_what_is_known_of_steps_that_are_lacking_is_that_of_the_step_before(tmp_path):
    path = tmp_path / "days.csv"
    path.write_text("t,a,k\n" + "".join(f"{step},{step},{step % 2}\n" for step in range(60) if step != 31))
    options = {"targets": "a", "time": "t", "known": "k", "scale": "none", **WINDOW}
    data = Series(path, **options, missing="fill", gaps="fill")
    data.setup("fit")
    known = data.dataset("train").steps.known[:60, 0].tolist()
    assert known == [0 if step == 31 else step % 2 for step in range(60)]


@pytest.mark.parametrize(
    ("dates", "lacking", "first"),
    [
        (["2020-01-31", "2020-02-29", "2020-03-31", "2020-05-31"], 1, "2020-04-30"),
        (["2020-01-01", "2020-02-01", "2020-03-01", "2020-06-01"], 2, "2020-04-01"),
        (["2020-01-01", "2020-02-01", "2020-03-01", "2020-04-01"], 0, None),
        (["1", "2", "3", "5", "6"], 1, 4),
    ],
)
def test_what_is_lacking_of_months_and_numbers_is_told(dates, lacking, first):
    grid = grid_of(read_times(dates))
    assert grid.lacking == lacking
    if lacking:
        assert grid.first == first


def test_irregular_times_have_no_grid():
    assert grid_of(read_times(["1", "2", "3.5", "4"])) is None
    assert grid_of(read_times(["1", "2", "3", "900"])) is None


@pytest.mark.parametrize(("unit", "season"), [("D", 7), ("M", 12)])
def test_a_season_goes_on_in_a_file_that_begins_elsewhere(tmp_path, unit, season):
    times = [str(each) for each in np.datetime64("2020-01", unit) + np.arange(80)]
    rows = [f"{when};{k}" for k, when in enumerate(times)]
    options = {"targets": "a", "time": "t", "separator": ";", "season": season, **WINDOW}
    whole = table(tmp_path / "whole.csv", rows)
    later = table(tmp_path / "later.csv", rows[-11:])
    data = Series(whole, predict=later, **options)
    data.setup("fit")
    again = Series(whole, predict=whole, **options)
    again.load_state_dict(data.state_dict())
    (one,), (two,) = data.predict_dataloader(), again.predict_dataloader()
    assert torch.equal(one["known"], two["known"])
    bare = Series(whole, predict=later, **(options | {"time": None}))
    (unaware,) = bare.predict_dataloader()
    assert not torch.equal(one["known"], unaware["known"])


JULY = ["01/07/2020", "02/07/2020", "03/07/2020", "04/07/2020"]


def dated(path, words):
    return table(path, [f"{word};{k}" for k, word in enumerate(words)])


@pytest.mark.parametrize(
    ("form", "first", "ahead"),
    [("%d/%m/%Y", "2020-07-01", "2020-07-05"), ("%m/%d/%Y", "2020-01-07", "2020-05-07")],
)
def test_dates_of_other_files_and_frames_begin_as_those_of_training(tmp_path, form, first, ahead):
    days = [day.strftime(form) for day in np.arange("2020-05-01", "2020-06-30", dtype="M8[D]").tolist()]
    later = dated(tmp_path / "later.csv", JULY)
    options = {"targets": "a", "time": "t", "separator": ";", "scale": "none", **WINDOW}
    data = Series(dated(tmp_path / "train.csv", days), predict=later, **options)
    read_early = data.parts("predict")[0].series
    data.setup("fit")
    again = Series(tmp_path / "nothing.csv", predict=later, **options)
    again.load_state_dict(data.state_dict())
    for each in (data, again):
        assert next(iter(each.rows([{}])))["time"][0] == ahead
        series = each.parts("predict")[0].series
        assert str(series.times[0])[:10] == first
    assert read_early is not data.parts("predict")[0].series
    frame = {"t": JULY, "a": [1.0, 2.0, 3.0, 4.0]}
    assert series_of([frame], data.columns, False, data.tensors.order)[0].times[0] == series.times[0]


def test_tables_that_tell_the_order_decide_for_those_that_do_not(tmp_path, caplog):
    caplog.set_level("INFO")
    frames = [{"t": JULY, "a": [1.0] * 4}, {"t": ["13/07/2020"], "a": [1.0]}]
    columns = SeriesColumns(targets=("a",), time="t")
    assert str(series_of(frames, columns, False, None)[0].times[0])[:10] == "2020-07-01"
    assert not caplog.messages
    series_of([frames[0], frames[0]], columns, False, None)
    assert len(caplog.messages) == 1
    assert "item 0: no date tells if days or months come first; they are read as month" in caplog.text


@pytest.mark.parametrize(
    ("words", "row"),
    [
        (["20200130", "20200131", "20200231"], 2),
        (["20200231", "20200301", "20200302"], 0),
        (["20000130", "20000131", "20000132"], 2),
        (["20200130", "2020-01-31"], 1),
        (["2020-01-30", "20200132"], 1),
        (["2020-01-30", "20201-01-31"], 1),
    ],
)
def test_dates_that_are_mistyped_are_no_numbers_and_no_other_dates(words, row):
    with pytest.raises(BadTimeError, match=re.escape(repr(words[row]))) as caught:
        read_times(words)
    assert caught.value.row == row


def test_a_date_that_is_mistyped_in_a_later_piece_is_named():
    reader = TimeReader()
    reader.add(["20200130", "20200131"])
    with pytest.raises(BadTimeError, match="the time is '20200231', expected a date such as 20010131"):
        reader.add(["20200231"])


def test_numbers_of_eight_digits_are_numbers():
    counted = [str(15_000_000 + 10 * k) for k in range(100)]
    assert read_times(counted).tolist() == [float(word) for word in counted]
    assert str(read_times(["20200130", "20200131"])[1])[:10] == "2020-01-31"


def test_fractions_of_a_second_are_kept():
    words = ["01.02.2020 12:00:00.25", "01.02.2020 12:00:00.50", "13.02.2020 12:00:01"]
    assert np.diff(read_times(words)).astype(int).tolist()[0] == 250_000
    half_days = read_times(["1/2/2020 1:30:00.125 PM", "1/13/2020 1:30:00 PM"])
    assert str(half_days[0]) == "2020-01-02T13:30:00.125000"


@pytest.mark.parametrize("kept", [200, 40, 14])
def test_a_date_has_one_phase_of_thirteen_steps_of_28_days_in_any_file(kept):
    times = np.datetime64("2000-01-03", "us") + np.arange(200) * np.timedelta64(28, "D")
    clock = Clock.learned([times], 13)
    assert clock.phase(times[-kept:], 13) == (200 - kept) % 13


def test_labels_may_be_called_none(tmp_path):
    rows = [f"{k};{k // 5};{('none', '-', 'some')[k // 5 % 3]}" for k in range(60)]
    path = table(tmp_path / "some.csv", rows, "a;id;kind")
    data = Series(path, id="id", label="kind", separator=";")
    data.setup("fit")
    assert set(data.labels) == {"none", "-", "some"}
