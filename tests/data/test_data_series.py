"""A user's numeric series: formats, windows, scaling, masks, divisions, and errors with file and line."""

import re

import lightning.pytorch as pl
import numpy as np
import pyarrow as pa
import pytest
import torch
from pyarrow import parquet

import zoo
from zoo.data.series import Series

RANDOM = np.random.default_rng(0)
WINDOW = {"horizon": 2, "input_steps": 4}


def write(path, columns, separator=","):
    """A table of columns, None where a value is missing."""
    rows = zip(*columns.values(), strict=True)
    lines = [separator.join("" if value is None else str(value) for value in row) for row in rows]
    path.write_text("\n".join([separator.join(columns), *lines]) + "\n", encoding="utf-8")
    return path


def wide(path, steps=40, **more):
    columns = {"t": range(steps), "a": [3.0 * k for k in range(steps)], "b": [k % 5 for k in range(steps)]}
    return write(path, columns | more)


@pytest.fixture
def table(tmp_path):
    return wide(tmp_path / "some.csv")


def batches(data, split):
    parts = list(data.loader(split))
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def undone(batch, name="y"):
    """Targets in the data's own units."""
    count = batch["center"].shape[1]
    return batch[name][..., :count] * batch["spread"][:, None] + batch["center"][:, None]


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "npz", "CSV with CRLF and quotes", "latin-1"])
def test_every_format_gives_the_same_windows(tmp_path, ending):
    values = RANDOM.standard_normal((40, 2))
    columns = {"x": values[:, 0], "y": values[:, 1]}
    options = {}
    path = tmp_path / f"some.{ending}"
    if ending == "parquet":
        parquet.write_table(pa.table(columns), path)
    elif ending == "npz":
        np.savez(path, **columns)
    elif ending == "tsv":
        write(path, columns, "\t")
    else:
        path = write(tmp_path / "some.csv", columns)
        if "CRLF" in ending:
            text = path.read_text().replace("x,y", '"x","y"').replace("\n", "\r\n")
            path.write_bytes(b"\xef\xbb\xbf" + text.encode())
        if ending == "latin-1":
            path.write_bytes(path.read_text().replace("x,y", "x,caf\xe9").encode("latin-1"))
            options = {"encoding": "latin-1"}
    data = Series(path, **WINDOW, **options)
    data.setup()
    assert data.sizes == {"input_size": 2, "targets": 2, "horizon": 2, "known": 0, "static": 0}
    batch = batches(data, "val")
    assert torch.allclose(undone(batch)[0], torch.tensor(values[28:30]).float(), atol=1e-5)
    assert torch.allclose(undone(batch, "x")[0], torch.tensor(values[24:28]).float(), atol=1e-5)


def test_windows_are_divided_by_time_and_look_back_but_never_ahead(table):
    data = Series(table, targets="a", time="t", **WINDOW, batch_size=64)
    got = {split: (undone(batches(data, split))[..., 0] / 3).round() for split in ("train", "val", "test")}
    assert [sorted(part[:, 0].tolist()) for part in got.values()] == [
        list(range(4, 27)),
        list(range(28, 33)),
        list(range(34, 39)),
    ]
    assert got["train"].max() == 27
    assert (got["val"].diff(dim=1) == 1).all()
    strided = Series(table, targets="a", time="t", **WINDOW, stride=3)
    assert len(strided.dataset("train")) == 8


def test_scaling_is_that_of_the_training_part_and_travels_with_the_checkpoint(table, tmp_path):
    data = Series(table, targets=["b", "a"], time="t", **WINDOW)
    data.setup()
    train = np.stack([np.arange(28) % 5, 3.0 * np.arange(28)], 1)
    steps = data.tensors.varying
    assert np.allclose(steps.center, train.mean(0))
    assert np.allclose(steps.spread, train.std(0))
    robust = Series(table, targets="a", time="t", **WINDOW, scale="robust").tensors.varying
    quarters = np.subtract(*np.percentile(train[:, 1], [75, 25]))
    assert np.allclose((robust.center, robust.spread), ([np.median(train[:, 1])], [quarters / 1.349]))
    torch.save(data.state_dict(), tmp_path / "state.pt")
    other = Series(wide(tmp_path / "other.csv", a=[7.0] * 40), targets=["b", "a"], time="t", **WINDOW)
    other.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert np.allclose(other.tensors.varying.center, steps.center)
    assert torch.allclose(undone(batches(other, "test"))[..., 1], torch.tensor(7.0), atol=1e-5)


def test_long_tables_hold_many_series_in_any_order(tmp_path):
    steps = [(name, k) for k in range(30) for name in ("one", "two", "new")]
    columns = {
        "id": [name for name, _ in steps],
        "day": [str(np.datetime64("2001-01-31") + k) for _, k in steps],
        "v": [k + 100 * ("one", "two", "new").index(name) for name, k in steps],
        "next": [k % 7 for _, k in steps],
        "size": [len(name) + (name == "two") for name, _ in steps],
    }
    path = write(tmp_path / "long.csv", columns)
    options = {"id": "id", "time": "day", "targets": "v", "known": "next", "static": "size", "scale": "none"}
    data = Series(path, **options, **WINDOW, season=7, batch_size=99)
    data.setup("test")
    assert data.sizes == {"input_size": 1, "targets": 1, "horizon": 2, "known": 3, "static": 1, "season": 7}
    batch = batches(data, "test")
    assert batch["y"][:, 0, 0].tolist() == [26, 27, 28, 126, 127, 128, 226, 227, 228]
    assert batch["static"][:, 0].tolist() == [3, 3, 3, 4, 4, 4, 3, 3, 3]
    assert torch.equal(batch["known"][..., 0], torch.cat([batch["x"], batch["y"]], 1)[..., 0] % 100 % 7)
    angle = torch.atan2(batch["known"][..., 1], batch["known"][..., 2]) * 7 / (2 * torch.pi)
    assert torch.allclose(angle.round() % 7, batch["known"][..., 0])
    rows = list(data.rows([{"forecast": [0.0, 0.0]}] * 9))
    assert rows[3] == {"series": "two", "time": ["2001-02-26", "2001-02-27"], "forecast": [0.0, 0.0]}
    whole = Series(path, **options, **WINDOW, split="series", val_fraction=0.01, test_fraction=0.4)
    assert {series.series.id for series in whole.parts("train")} != {
        part.series.id for part in whole.parts("test")
    }


def test_missing_values_are_filled_from_the_past_and_marked(tmp_path):
    a, b = [float(k) for k in range(40)], [None, None, 2.0, *range(3, 40)]
    a[10], b[20] = None, None
    path = write(tmp_path / "some.csv", {"a": a, "b": b})
    data = Series(path, targets="a", past="b", missing="fill", **WINDOW, batch_size=99, scale="none")
    assert data.sizes["input_size"] == 4
    data.setup()
    part = data.dataset("train")
    batch = part.__getitems__(range(len(part)))
    ends, horizons = batch["x"][:, -1].tolist(), batch["y"].flatten().tolist()
    assert [end for end in ends if end[2]] == [[9, 10, 1, 0]]
    assert [20, 19, 0, 1] in ends
    assert 10.0 not in horizons
    assert np.isfinite(horizons).all()
    assert batch["x"][0, :3, 1].tolist() == [0, 0, 2]


def test_irregular_times_give_deltas(tmp_path):
    times = [0, 1, 2, 4, 5, 6, 9, 10, *range(11, 43)]
    path = write(tmp_path / "some.csv", {"t": times, "a": range(40)})
    data = Series(path, time="t", deltas=True, **WINDOW)
    assert data.dataset("train")[0]["deltas"].tolist() == [1, 1, 1, 2]
    assert data.dataset("train")[3]["deltas"].tolist() == [2, 1, 1, 3]


def labelled(path, labels, **more):
    """A long table with a series of k + 3 steps for each label."""
    rows = [(k, step) for k in range(len(labels)) for step in range(k % 4 + 3)]
    columns = {"id": [f"s{k}" for k, _ in rows], "v": [k + step / 10 for k, step in rows]}
    columns |= {"kind": [labels[k] for k, _ in rows], **more}
    return write(path, columns)


def test_whole_series_have_a_label_or_a_number_each(tmp_path):
    path = labelled(tmp_path / "all.csv", ["x", "y"] * 10)
    data = Series(path, id="id", label="kind", batch_size=4)
    data.setup()
    assert data.sizes == {"input_size": 1, "num_classes": 2}
    assert data.legend == {"labels": ["x", "y"]}
    assert [len(data.dataset(split)) for split in ("train", "val", "test")] == [14, 3, 3]
    batch = next(iter(data.train_dataloader()))
    assert batch["x"].shape == (
        4,
        int(batch["lengths"].max()) if "lengths" in batch else batch["x"].shape[1],
        1,
    )
    parts = data.parts("test")
    assert data.dataset("test")[0]["y"] == ["x", "y"].index(parts[0].series.label)
    assert next(data.rows([{"label": "x"}])) == {"series": parts[0].series.id, "label": "x"}
    numbers = Series(labelled(tmp_path / "n.csv", [10.0 * k for k in range(20)]), id="id", number="kind")
    numbers.setup()
    assert numbers.sizes == {"input_size": 1, "output_size": 1}
    y = torch.cat([batch["y"] for batch in numbers.test_dataloader()])
    undone = [row["prediction"] for row in numbers.rows([{"prediction": float(each)} for each in y])]
    assert np.allclose(undone, [part.series.constant[-1] for part in numbers.parts("test")], atol=1e-3)


def test_a_folder_is_a_series_for_each_file(tmp_path):
    for name in ("a", "b"):
        wide(tmp_path / f"{name}.csv")
    (tmp_path / "notes.md").write_text("no table")
    data = Series(tmp_path, time="t", **WINDOW)
    assert [part.series.id for part in data.parts("test")] == ["a", "b"]
    for split in ("train", "val", "test"):
        (tmp_path / "parts").mkdir(exist_ok=True)
        wide(tmp_path / f"parts/{split}.csv")
    parts = Series(tmp_path / "parts", time="t", **WINDOW)
    assert [part.end - part.first for split in ("train", "val", "test") for part in parts.parts(split)] == [
        40
    ] * 3


def test_a_file_is_forecast_beyond_its_end(table, tmp_path):
    dates = [f"{2000 + k // 12}-{k % 12 + 1:02}-01" for k in range(40)]
    path = wide(tmp_path / "dated.csv", t=dates)
    data = Series(path, predict=path, targets="a", time="t", season=12, horizon=3, input_steps=12)
    data.setup("predict")
    (batch,) = data.predict_dataloader()
    assert batch.keys() == {"x", "center", "spread", "known"}
    assert batch["known"].shape == (1, 15, 2)
    assert undone(batch, "x")[0, -1, 0] == pytest.approx(117)
    assert next(data.rows([{}]))["time"] == ["2003-05-01", "2003-06-01", "2003-07-01"]


def test_what_is_known_of_the_future_stands_in_rows_without_targets(tmp_path):
    values = [*(float(k) for k in range(40)), None, None]
    path = write(tmp_path / "some.csv", {"v": values, "open": [k % 5 for k in range(42)]})
    data = Series(path, predict=path, targets="v", known="open", scale="none", **WINDOW)
    data.setup("test")
    data.setup("predict")
    assert undone(batches(data, "test"))[-1, -1, 0] == 39
    (batch,) = data.predict_dataloader()
    assert batch["x"][0, :, 0].tolist() == [36, 37, 38, 39]
    assert batch["known"][0, :, 0].tolist() == [1, 2, 3, 4, 0, 1]
    assert next(data.rows([{}])) == {"series": "some", "time": [40, 41]}
    short = write(tmp_path / "short.csv", {"v": values[:41], "open": [k % 5 for k in range(41)]})
    with pytest.raises(ValueError, match="has 1 rows after its last target, and open must be known for 2"):
        Series(path, predict=short, targets="v", known="open", **WINDOW).setup("predict")


def test_arrays_of_ones_own_become_windows(table):
    data = Series(table, targets=["a", "b"], time="t", **WINDOW)
    batch = data.given([np.stack([np.arange(9.0), np.ones(9)], 1)]).__getitems__([0])
    assert undone(batch, "x")[0, :, 0].tolist() == pytest.approx([5, 6, 7, 8], abs=1e-4)
    assert "y" not in batch
    with pytest.raises(ValueError, match=r"item 0 has shape \(3, 2\); expected \(4 or more, 2\): a, b"):
        data.given([np.ones((3, 2))])


def test_a_large_file_is_read_in_pieces_of_the_columns_that_are_needed(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("zoo.data.time_series.table.PIECE", 2000)
    monkeypatch.setattr("zoo.data.time_series.frame.LARGE", 1000)
    more = {f"c{k}": ["words"] * 500 for k in range(20)}
    path = wide(tmp_path / "some.csv", 500, **more)
    data = Series(path, targets="a", time="t", **WINDOW)
    with caplog.at_level("INFO", logger="zoo"):
        (part,) = data.parts("test")
    assert np.array_equal(part.series.values[:, 0], 3.0 * np.arange(500))
    assert "500 rows, 2 of 23 columns are kept" in caplog.text
    assert sum(1 for _ in part.series.table.pieces(["a"], [])) > 10


LINES = "t,a,b\n" + "".join(f"{k},{k},{k % 3}\n" for k in range(40))


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (LINES, {"targets": "c"}, "some.csv: there is no column 'c'; columns: t, a, b"),
        (
            LINES.replace("t,a,b", "t,target,b"),
            {"targets": "tarket"},
            "no column 'tarket'; did you mean 'target'",
        ),
        (LINES.replace("t,a,b", "t,a,a"), {"targets": "a"}, "some.csv: two columns are called 'a'"),
        (
            LINES.replace("\n7,7,", "\n7,x7,"),
            {},
            "some.csv, line 9: column 'a' is 'x7', expected a number, in 1 of 40",
        ),
        (LINES.replace("\n7,7,", "\n7,7,8,"), {}, "some.csv, line 9: 4 columns, expected 3"),
        (LINES.replace("\n7,7,", "\n\n7,7,8,"), {}, "some.csv, line 10: 4 columns, expected 3"),
        (
            LINES.replace("\n7,7,", "\n7,,"),
            {"time": "t"},
            "some.csv, line 9: column 'a' has no number, in 1 of 40",
        ),
        (LINES.replace("\n7,7,", "\n7,inf,"), {"time": "t"}, "some.csv, line 9: column 'a' has no number"),
        (
            LINES.replace("\n7,7,", "\n5,7,"),
            {"time": "t"},
            "some.csv, line 9: time 5 comes after 6 in series 'some'",
        ),
        (
            LINES.replace("\n7,7,", "\n6,7,"),
            {"time": "t"},
            "some.csv, line 9: time 6 is there twice in series 'some'",
        ),
        (
            LINES.replace("\n7,7,", "\n,7,"),
            {"time": "t"},
            "some.csv, line 9: column 't': the time is missing",
        ),
        (
            LINES.replace("\n7,7,", "\nnoon,7,"),
            {"time": "t"},
            "line 9: column 't': the time is 'noon', expected a number",
        ),
        (
            LINES.replace("\n0,", "\nFeb,"),
            {"time": "t"},
            "line 2: column 't': the time is 'Feb', expected an ISO",
        ),
        ("t,a,b\n", {}, "some.csv has a header and nothing else"),
        ("", {}, "some.csv is empty"),
        (LINES[:30], {}, "series 'some' has 4 rows, and a window with its horizon needs 6"),
        (
            LINES.replace("a,b", "a,caf\xe9"),
            {},
            "some.csv, line 1: invalid continuation byte for utf-8; give the encoding",
        ),
        (LINES.replace("\n7,7,", "\n7,\xe9,"), {}, "some.csv, line 9: invalid continuation byte for utf-8"),
        (
            LINES.replace("\n7,7,", '\n7,"7,'),
            {},
            "some.csv, line 9: unexpected end of data; are quotes doubled",
        ),
        (
            LINES.replace(",", ";"),
            {},
            "some.csv, line 1: there is one column, 't;a;b', between ','; give separator: ';'",
        ),
        (
            LINES.replace("t,a,b", "1,1,2"),
            {},
            "some.csv: two columns are called '1'; is the first line a header?",
        ),
        (LINES, {"encoding": "utf-9"}, "encoding 'utf-9' is unknown"),
        (LINES, {"targets": "a", "past": ["a"]}, "column 'a' is named for two things"),
        (
            LINES,
            {"val_fraction": 0.04},
            "the val part has no window: it has 2 steps at most, and 4 (input_steps)",
        ),
        (
            LINES,
            {"static": "b", "targets": "a"},
            "some.csv, line 3: column 'b' changes; expected one number for all",
        ),
    ],
)
def test_errors_name_file_line_and_column(tmp_path, content, options, message):
    (tmp_path / "some.csv").write_bytes(content.encode("latin-1"))
    options = {"horizon": 3 if "val" in str(options) else 2, "input_steps": 4} | options
    with pytest.raises(ValueError, match=re.escape(message)):
        Series(tmp_path / "some.csv", **options).setup()


def test_labels_of_whole_series_get_one_sentence_too(tmp_path):
    path = labelled(tmp_path / "train.csv", ["up", "down"] * 5)
    test = labelled(tmp_path / "test.csv", ["up", "dwn"])
    with pytest.raises(
        ValueError, match=r"test.csv, line 5: label 'dwn' does not occur .*; did you mean 'down'"
    ):
        Series(train=path, val=path, test=test, id="id", label="kind").setup("test")
    with pytest.raises(ValueError, match="every label is 'same', expected two different ones"):
        Series(labelled(path, ["same"] * 9), id="id", label="kind").setup()
    path.write_text(labelled(path, ["up", "down"]).read_text().replace("s0,0.1,up", "s0,0.1,down"))
    with pytest.raises(
        ValueError, match=r"train.csv, line 3: column 'kind': the label is another than before"
    ):
        Series(path, id="id", label="kind").setup()
    path.write_text(labelled(path, ["up", "down"]).read_text().replace("s0,0.1", ",0.1"))
    with pytest.raises(ValueError, match=r"train.csv, line 3: column 'id': the id is missing"):
        Series(path, id="id", label="kind").setup()
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty/notes.md").write_text("no table")
    with pytest.raises(
        ValueError, match=r"empty has nothing that can be read; expected .* \(files: notes.md\)"
    ):
        Series(tmp_path / "empty", **WINDOW).setup()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "got none of these, expected one"),
        ({"horizon": 2, "label": "a", "input_steps": 4}, "got horizon and label, expected one"),
        ({"horizon": 2}, "expected input_steps, the steps of a window"),
        ({"label": "a", "input_steps": 2}, "expected horizon, for windows"),
        ({"horizon": 0, "input_steps": 2}, "horizon must be at least 1, got 0"),
        ({**WINDOW, "season": 1}, "season is 1, which is none"),
        ({**WINDOW, "scale": "standart"}, "did you mean 'standard'"),
        ({**WINDOW, "stride": 0}, "stride must be at least 1"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_read(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Series("nowhere.csv", **options)


@pytest.mark.filterwarnings("ignore:.*does not have many workers")
def test_it_trains_a_classifier(tmp_path):
    path = labelled(tmp_path / "all.csv", ["x"] * 20 + ["y"] * 20)
    task = zoo.SequenceClassifier(
        {"encoder": {"cell": "gru", "hidden_size": 8}, "pooling": "last"}, {"name": "Adam", "lr": 0.05}
    )
    quiet = dict.fromkeys(
        ("logger", "enable_progress_bar", "enable_model_summary", "enable_checkpointing"), False
    )
    trainer = pl.Trainer(accelerator="cpu", max_epochs=6, default_root_dir=tmp_path, **quiet)
    data = Series(path, id="id", label="kind", batch_size=8)
    trainer.fit(task, data)
    assert trainer.test(task, data, verbose=False)[0]["test/accuracy"] > 0.7
