"""What is said of data that a model was not trained on: files and frames in, files out."""

import csv
import json

import numpy as np
import pyarrow as pa
import pytest
import torch

import zoo as the_zoo
from zoo.generation import Sampling, tokens_after
from zoo.runs.record_file import plain, write_rows

FORECAST = """
seed_everything: 0
model:
  class_path: Forecaster
  init_args:
    network: {encoder: {cell: gru, hidden_size: 4}, pooling: last}
    forecast: {head: quantile, interval: 0.8}
data:
  class_path: Series
  init_args: {root: sold.csv, time: day, targets: [sold, made], input_steps: 14, horizon: 3, season: 7}
trainer: {max_epochs: 1, accelerator: cpu}
"""
LABELS = """
seed_everything: 0
model:
  class_path: SequenceClassifier
  init_args: {network: {encoder: {cell: gru, hidden_size: 4}, embedding_size: 4, pooling: last}}
data: {class_path: LabelledText, init_args: {root: said.csv}}
trainer: {max_epochs: 1, accelerator: cpu}
"""
CHECKPOINT = "runs/recipe/version_0/checkpoints/last.ckpt"


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def trained(zoo, folder, recipe):
    (folder / "recipe.yaml").write_text(recipe)
    outcome = zoo("fit", "--config", "recipe.yaml")
    assert outcome.code == 0, outcome.err


def predicted(zoo, *options):
    outcome = zoo("predict", "--ckpt_path", CHECKPOINT, *options)
    assert outcome.code == 0, outcome.err


@pytest.fixture
def days(folder):
    dates = [str(day) for day in np.arange("2020-01-01", "2020-04-10", dtype="datetime64[D]")]
    columns = {
        "day": dates,
        "sold": [k % 7 + 0.1 for k in range(100)],
        "made": [float(k) for k in range(100)],
    }
    lines = [",".join(map(str, row)) for row in zip(*columns.values(), strict=True)]
    (folder / "sold.csv").write_text("\n".join(["day,sold,made", *lines]))
    return columns


def test_forecasts_are_a_row_a_step_with_what_is_true(zoo, folder, days):
    trained(zoo, folder, FORECAST)
    predicted(zoo, "--output=said.csv")
    predicted(zoo, "--output=said.jsonl")
    rows = rows_of(folder / "said.csv")
    assert list(rows[0]) == ["series", "step", "time", "target", "forecast", "lower", "upper", "true"]
    windows = [json.loads(line) for line in (folder / "said.jsonl").read_text().splitlines()]
    assert len(rows) == 6 * len(windows)
    truth = dict(zip(days["day"], days["sold"], strict=True))
    for row in rows:
        if row["target"] == "sold":
            assert float(row["true"]) == pytest.approx(truth[row["time"]], abs=1e-4)
    assert windows[0]["forecast_made"][1] == float(rows[3]["forecast"])
    assert all(len(str(number)) < 14 for window in windows for number in window["forecast_sold"])


def test_a_forecaster_with_a_season_takes_frames_and_columns(zoo, folder, days):
    trained(zoo, folder, FORECAST)
    predicted(zoo, "--data.predict=sold.csv", "--output=said.jsonl")
    (expected,) = [json.loads(line) for line in (folder / "said.jsonl").read_text().splitlines()]
    model = the_zoo.load(folder / CHECKPOINT)
    for frame in (days, pa.table(days), {**days, "day": np.array(days["day"], dtype="datetime64[D]")}):
        (said,) = model.predict(frame)
        assert said["forecast_sold"] == pytest.approx(expected["forecast_sold"], rel=1e-5)
    assert len(model.predict([days, days])) == 2
    with pytest.raises(ValueError, match="item 0: there is no column 'made'"):
        model.predict({name: days[name] for name in ("day", "sold")})
    with pytest.raises(ValueError, match="expected frames or columns by name"):
        model.predict([np.zeros((20, 2))])


def test_labels_that_a_file_gives_stand_beside_predictions(zoo, folder):
    (folder / "said.csv").write_text("text,label\n" + "yes it is,agree\nno it is not,differ\n" * 30)
    trained(zoo, folder, LABELS)
    (folder / "new.csv").write_text("text,label\nyes,agree\nno,\nmaybe,unheard\n")
    predicted(zoo, "--data.predict=new.csv", "--output=out.csv")
    assert [row["given_label"] for row in rows_of(folder / "out.csv")] == ["agree", "", "unheard"]
    (folder / "bare.csv").write_text("text\nyes\n")
    predicted(zoo, "--data.predict=bare.csv", "--output=bare_out.csv")
    assert "given_label" not in rows_of(folder / "bare_out.csv")[0]


def test_what_is_written_has_no_noise_and_no_nan(tmp_path):
    single = torch.tensor([0.1, float("nan"), float("inf")]).tolist()
    write_rows([plain({"a": single, "b": 1 / 3, "c": {"d": single[1]}})], tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_text() == (
        '{"a": [0.1, null, null], "b": 0.3333333333333333, "c": {"d": null}}\n'
    )
    write_rows([plain({"a": single[0], "b": single[1]})], tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().split() == ["a,b", "0.1,"]


def test_what_a_vocabulary_reserves_is_never_drawn():
    torch.manual_seed(0)
    spec = the_zoo.ModelSpec(
        encoder=the_zoo.StackSpec(cell="gru", hidden_size=4),
        vocab_size=3,
        embedding_size=4,
        output_size=3,
        pooling="none",
    )
    model = spec.build().eval()
    for temperature in (0.0, 1.0):
        tokens = tokens_after(model, torch.tensor([1]), Sampling(temperature=temperature), (0, 2))
        assert {next(tokens) for _ in range(30)} == {1}


def test_series_of_one_number_a_step_need_no_second_axis():
    data = the_zoo.Arrays([torch.rand(3 + k % 4) for k in range(20)], [k % 2 for k in range(20)])
    assert data.sizes == {"input_size": 1, "num_classes": 2}
    data.setup("fit")
    assert next(iter(data.train_dataloader()))["x"].shape[2] == 1
