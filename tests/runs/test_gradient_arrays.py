"""The arrays of a run hold what its journal holds."""

import numpy as np
import pytest

from runs.records import BINS, record
from zoo.diagnostics.histogram import LogBins, Summary
from zoo.runs import gradient_arrays as arrays
from zoo.runs.gradient_arrays import save_arrays
from zoo.runs.gradient_records import GradientRecord, append_gradients, read_gradients

FEW = LogBins(min_exponent=-2, max_exponent=0, bins_per_decade=1)
FORGET, INPUT, HEAD = (
    "model.encoder.layers.0.directions.forward_.cell.weight_hh:f",
    "model.encoder.layers.1.directions.backward_.cell.weight_ih:n",
    "model.head.output.weight",
)


def journal(folder, records):
    path = folder / "gradients.jsonl"
    for one in records:
        append_gradients(path, one)
    return path


def summary(number):
    return Summary(norm=number / 4, counts=(number, 2), under=3, over=4, zero=number * 5, nonfinite=6)


def saved(journal):
    with np.load(save_arrays(journal), allow_pickle=False) as file:
        return dict(file)


def test_every_number_of_the_journal_is_in_the_arrays(tmp_path):
    written = [
        GradientRecord(
            step=step,
            optimizer=step % 2,
            bins=FEW,
            before={name: summary(step + 1) for name in names},
            after=None if step == 1 else {name: summary(step + 2) for name in names},
        )
        for step, names in enumerate([(FORGET, HEAD), (INPUT,), (FORGET, HEAD)])
    ]
    found = saved(journal(tmp_path, written))
    assert found["steps"].tolist() == [0, 1, 2]
    assert found["optimizer"].tolist() == [0, 1, 0]
    assert found["names"].tolist() == [FORGET, HEAD, INPUT]
    assert found["edges"].tolist() == FEW.edges
    places = [found[part].tolist() for part in ("layer", "direction", "gate", "block")]
    assert list(zip(*places, strict=True)) == [
        ("layer 1", "forward", "f", "recurrent"),
        ("head", "", "", "output.weight"),
        ("layer 2", "backward", "n", "input"),
    ]
    for row, one in enumerate(read_gradients(tmp_path)):
        for moment, summaries in (("before", one.before), ("after", one.after or {})):
            for column, name in enumerate(found["names"].tolist()):
                cell = {key: found[f"{key}_{moment}"][row, column].tolist() for key in vars(summary(0))}
                nothing = {"norm": np.nan, "counts": [0, 0], "under": 0, "over": 0, "zero": 0, "nonfinite": 0}
                known = name in summaries
                kept = vars(summaries[name]) | {"counts": list(summaries[name].counts)} if known else nothing
                np.testing.assert_equal(cell, kept)


def test_the_folder_will_do_and_nothing_else_is_left_in_it(tmp_path):
    journal(tmp_path, [record(0, {1: 1.0}), record(5, {1: 2.0})])
    assert saved(tmp_path)["steps"].tolist() == [0, 5]
    assert {path.name for path in tmp_path.iterdir()} == {"gradients.jsonl", "gradients.npz"}


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = journal(tmp_path, [record(0, {1: 1.0})])
    before = save_arrays(path).read_bytes()

    def fails(file, **_):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", fails)
    with pytest.raises(OSError, match="disk full"):
        save_arrays(path)
    assert path.with_suffix(".npz").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 2


def test_records_since_the_bins_changed_are_kept(tmp_path):
    other = GradientRecord(step=0, optimizer=0, bins=FEW, before={"old": summary(1)}, after=None)
    found = saved(journal(tmp_path, [other, record(10, {1: 1.0}), record(20, {1: 1.0})]))
    assert found["steps"].tolist() == [10, 20]
    assert found["names"].tolist() == ["layers.0.cell.weight_ih"]
    assert found["edges"].tolist() == BINS.edges


def test_long_runs_are_thinned_evenly(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "MOST_COUNTS", 4 * BINS.count)
    found = saved(journal(tmp_path, [record(step, {1: step + 1.0}) for step in range(10)]))
    assert found["steps"].tolist() == [0, 3, 6, 9]
    assert found["norm_before"][:, 0] == pytest.approx([10, 40, 70, 100])


def test_without_a_record_there_are_no_arrays(tmp_path):
    (tmp_path / "gradients.jsonl").touch()
    with pytest.raises(ValueError, match="no gradient record"):
        save_arrays(tmp_path)
