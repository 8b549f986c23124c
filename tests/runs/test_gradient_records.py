"""The file of gradient records, and what a crash leaves of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.diagnostics.histogram import LogBins, Summary
from zoo.runs.gradient_records import GradientRecord, append_gradients, read_gradients

BINS = LogBins(min_exponent=-2, max_exponent=0, bins_per_decade=1)
SUMMARY = Summary(norm=0.125, counts=(3, 4), under=1, over=2, zero=5, nonfinite=6)
NOTHING = Summary(norm=0.0, counts=(0, 0), under=0, over=0, zero=0, nonfinite=0)


def record(step=0, after=True):
    moment = {"layers.0.cell.bias:f": SUMMARY, "head.bias": NOTHING}
    return GradientRecord(step=step, optimizer=0, bins=BINS, before=moment, after=moment if after else None)


@pytest.mark.parametrize("after", [True, False])
def test_what_is_written_is_read(tmp_path, after):
    path = tmp_path / "new folder" / "gradients.jsonl"
    written = [record(step, after) for step in range(3)]
    for one in written:
        append_gradients(path, one)
    assert list(read_gradients(path)) == written
    assert list(read_gradients(str(path))) == list(read_gradients(path.parent)) == written


def test_each_line_is_plain_json_that_explains_itself(tmp_path):
    path = tmp_path / "gradients.jsonl"
    append_gradients(path, record())
    plain = json.loads(path.read_text())
    assert plain["bins"] == {"min_exponent": -2, "max_exponent": 0, "bins_per_decade": 1}
    assert plain["before"]["layers.0.cell.bias:f"] == {
        "norm": 0.125, "first": 0, "counts": [3, 4], "under": 1, "over": 2, "zero": 5, "nonfinite": 6,
    }  # fmt: skip


@given(st.lists(st.integers(0, 3), min_size=2, max_size=2), st.integers(0, 2), st.integers(0, 2))
def test_what_is_zero_is_not_written_and_comes_back(counts, zero, under):
    summary = Summary(norm=1.0, counts=tuple(counts), under=under, over=0, zero=zero, nonfinite=0)
    one = GradientRecord(step=3, optimizer=1, bins=BINS, before={"w": summary}, after=None)
    assert GradientRecord.from_json(json.dumps(one.plain())) == one


def test_a_file_of_an_older_version_is_read(tmp_path):
    """Whole parameters, and every count and field written out."""
    fields = '{"norm":0.5,"counts":[3,0],"under":0,"over":1,"zero":0,"nonfinite":2}'
    bins = '{"min_exponent":-2,"max_exponent":0,"bins_per_decade":1}'
    old = f'{{"step":7,"optimizer":0,"bins":{bins},"before":{{"cell.weight_hh":{fields}}},"after":null}}'
    (tmp_path / "gradients.jsonl").write_text(old + "\n")
    (read,) = read_gradients(tmp_path)
    summary = Summary(norm=0.5, counts=(3, 0), under=0, over=1, zero=0, nonfinite=2)
    assert read == GradientRecord(
        step=7, optimizer=0, bins=BINS, before={"cell.weight_hh": summary}, after=None
    )


@pytest.mark.parametrize("left", [1, 40, -1])
def test_a_line_cut_short_costs_nothing_but_itself(tmp_path, left):
    path = tmp_path / "gradients.jsonl"
    append_gradients(path, record(0))
    whole = path.read_bytes()
    append_gradients(path, record(1))
    path.write_bytes(whole + path.read_bytes()[len(whole) :][:left])
    append_gradients(path, record(2))
    if left == -1:
        assert [one.step for one in read_gradients(path)] == [0, 1, 2]
    else:
        with pytest.warns(UserWarning, match="line 2 holds no gradient record"):
            assert [one.step for one in read_gradients(path)] == [0, 2]


LONG = json.dumps(record().plain() | {"before": {"w": {"norm": 1.0, "counts": [1, 2, 3]}}})


@pytest.mark.parametrize("line", [LONG, "{}", "[]", "3", '{"step": 1}', "not json"])
def test_foreign_lines_are_left_out_with_their_number(tmp_path, line):
    path = tmp_path / "gradients.jsonl"
    path.write_text(line + "\n")
    with pytest.warns(UserWarning, match="line 1 holds no gradient record"):
        assert list(read_gradients(path)) == []


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.jsonl"):
        list(read_gradients(tmp_path / "nowhere.jsonl"))
