"""Rows of plain values in files that other programs read."""

import csv
import json
from pathlib import Path

import pytest

from zoo.runs.record_file import write_rows

ROWS = [
    {"line": 2, "label": "good", "share": 0.25, "text": 'a "film", indeed\nof two lines', "tags": ["A", "B"]},
    {"line": 3, "label": "Übel", "share": None, "text": "", "tags": []},
]


def test_csv_is_what_the_standard_library_reads(tmp_path):
    assert write_rows(ROWS, tmp_path / "out.csv") == 2
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["text"] for row in read] == [row["text"] for row in ROWS]
    assert [json.loads(row["tags"]) for row in read] == [row["tags"] for row in ROWS]
    assert [row["share"] for row in read] == ["0.25", ""]


def test_json_lines_are_the_rows(tmp_path):
    assert write_rows(ROWS, tmp_path / "out.jsonl") == 2
    assert [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()] == ROWS


def test_parquet_is_what_pyarrow_reads(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet is an extra")
    assert write_rows(ROWS, tmp_path / "out.parquet") == 2
    assert parquet.read_table(tmp_path / "out.parquet").to_pylist() == ROWS


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_no_rows_are_a_file_all_the_same(tmp_path, ending):
    assert write_rows([], tmp_path / f"out{ending}") == 0
    assert (tmp_path / f"out{ending}").read_text() == ""


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    def failing():
        yield ROWS[0]
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        write_rows(failing(), tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []


def test_another_ending_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(ValueError, match=r"ends in '.xls'; expected one of .csv, .jsonl, .parquet"):
        write_rows(ROWS, Path(tmp_path / "sub/out.xls"))
    assert list(tmp_path.iterdir()) == []
