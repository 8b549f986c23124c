"""Weights of items, from a column or from Python: in training batches alone, wrong ones with their line."""

import numpy as np
import pytest

import zoo

COUNT = 12
LABELS = [f"l{k % 2}" for k in range(COUNT)]
WEIGHTS = [0.5 * k for k in range(COUNT)]


def table(path, columns):
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(columns), *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def texts(folder, weights=WEIGHTS, name="texts.csv", **options):
    columns = {"text": [f"w{k} all" for k in range(COUNT)], "label": LABELS, "w": weights}
    return zoo.LabelledText(table(folder / name, columns), weight="w", **options)


def pairs(folder, weights=WEIGHTS, name="pairs.csv", **options):
    words = [f"w{k} all" for k in range(COUNT)]
    columns = {"first": words, "second": words, "label": LABELS, "w": weights}
    return zoo.LabelledPairs(table(folder / name, columns), weight="w", **options)


def series(folder, weights=WEIGHTS, name="series.csv", **options):
    steps = [k for k in range(COUNT) for _ in range(2)]
    columns = {"id": steps, "x": steps, "label": [LABELS[k] for k in steps], "w": [weights[k] for k in steps]}
    path = table(folder / name, columns)
    return zoo.Series(path, id="id", label="label", weight="w", **options)


def arrays(folder, weights=WEIGHTS, **options):
    x = np.arange(COUNT, dtype="float32")[:, None, None] + np.zeros((COUNT, 3, 1), dtype="float32")
    return zoo.Arrays(x, LABELS, weight=weights, **options)


class Rows(dict):
    """As much of a split of a Hugging Face data set as is read."""

    @property
    def features(self):
        return {"label": None}

    @property
    def column_names(self):
        return list(self)


def hub(folder, weights=WEIGHTS, **options):
    data = zoo.HubText(folder, weight="w", **options)
    words = [f"w{k} all" for k in range(COUNT)]
    data._loaded = lambda: {"train": Rows(text=words, label=LABELS, w=weights)}
    return data


def numbers(data):
    """Which items are trained on."""
    if isinstance(data, zoo.LabelledText):
        return [int(each.text.split()[0][1:]) for each in data.examples("train")]
    if isinstance(data, zoo.LabelledPairs):
        return [int(each.first.split()[0][1:]) for each in data.pairs("train")]
    if isinstance(data, zoo.Series):
        return [int(part.series.id) for part in data.parts("train")]
    if isinstance(data, zoo.HubText):
        return [int(text.split()[0][1:]) for text in data.examples("train")[0]]
    return [int(item["x"][0, 0]) for item in data.dataset("train")]


MAKERS = [texts, pairs, series, arrays, hub]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("options", [{}, {"folds": 3, "fold": 1}])
def test_each_training_item_has_its_weight_and_no_other_has_any(tmp_path, make, options):
    data = make(tmp_path, val_fraction=0.2, **options)
    data.setup("fit")
    trained = [item["weight"].item() for item in data.dataset("train")]
    assert trained == [WEIGHTS[k] for k in numbers(data)]
    (batch,) = data.train_dataloader()
    assert sorted(batch["weight"].tolist()) == sorted(trained)
    for split in ("val", "test"):
        assert "weight" not in data.dataset(split)[0]


def test_weights_of_sequences_with_a_target_for_each_step():
    x = np.zeros((COUNT, 3, 1), dtype="float32")
    data = zoo.Arrays(x, np.arange(COUNT * 3).reshape(COUNT, 3) % 2, weight=np.ones(COUNT))
    data.setup()
    assert next(iter(data.train_dataloader()))["weight"].shape == (len(data.dataset("train")),)


@pytest.mark.parametrize("make", [texts, pairs, series])
def test_files_that_are_not_trained_on_need_no_weights(tmp_path, make):
    whole = make(tmp_path)
    plain = tmp_path / "plain.csv"
    lines = (tmp_path / f"{make.__name__}.csv").read_text().splitlines()
    plain.write_text("\n".join(line.rpartition(",")[0] for line in lines) + "\n")
    options = {"id": "id", "label": "label"} if make is series else {}
    train = tmp_path / f"{make.__name__}.csv"
    data = type(whole)(train=train, val=plain, test=plain, predict=plain, weight="w", **options)
    for stage in ("fit", "test", "predict"):
        data.setup(stage)
    assert len(data.dataset("train")) == len(data.dataset("test")) == COUNT
    (batch,) = data.predict_dataloader()
    assert "weight" not in batch


@pytest.mark.parametrize(
    ("wrong", "said"),
    [(-1, "-1"), ("nan", "nan"), ("inf", "inf"), ("much", "much"), ("", "missing")],
)
@pytest.mark.parametrize("make", [texts, pairs])
def test_a_wrong_weight_is_named_with_file_and_line(tmp_path, make, wrong, said):
    with pytest.raises(ValueError, match="weight") as caught:
        make(tmp_path, [*WEIGHTS[:3], wrong, *WEIGHTS[4:]]).setup("fit")
    assert str(caught.value) == (
        f"{tmp_path / make.__name__}.csv, line 5: the weight is {said}, in 1 of 12 rows; expected a number "
        "of at least 0 for each item"
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (-1, "the weight of series '3' is -1, in 1 of 12 series; expected a number of at least 0 for each"),
        ("nan", "column 'w' has no number; expected one for every series"),
        ("inf", "column 'w' has no number; expected one for every series"),
        ("", "column 'w' has no number; expected one for every series"),
    ],
)
def test_a_wrong_weight_of_a_series_is_named_with_file_and_line(tmp_path, wrong, said):
    path = series(tmp_path, [*WEIGHTS[:3], wrong, *WEIGHTS[4:]]).files._files.root
    data = zoo.Series(train=path, val=path, test=path, id="id", label="label", weight="w")
    with pytest.raises(ValueError, match=r"line 8") as caught:
        data.setup("fit")
    assert str(caught.value) == f"{path}, line 8: {said}"


def test_a_series_has_one_weight(tmp_path):
    columns = {"id": [0, 0, 1, 1], "x": range(4), "label": "aabb", "w": [1, 2, 1, 1]}
    path = table(tmp_path / "s.csv", columns)
    with pytest.raises(
        ValueError, match=r"line 3: column 'w' changes; expected one number for all of series"
    ):
        zoo.Series(train=path, val=path, test=path, id="id", label="label", weight="w").setup("fit")


def test_wrong_weights_from_python_and_of_the_hub_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"weight has 3 entries for 12 sequences; expected one for each"):
        arrays(tmp_path, [1, 2, 3])
    with pytest.raises(
        ValueError, match=r"weight\[2\] is nan, in 2 of 12 entries; expected a number of at least"
    ):
        arrays(tmp_path, [1, 1, float("nan"), -3, *[1] * 8])
    with pytest.raises(
        ValueError, match=r"train, row 1: the weight is None, in 1 of 12 rows; expected a number"
    ):
        hub(tmp_path, [1, None, *[1] * 10]).setup("fit")
    data = hub(tmp_path)
    data.weight = "v"
    with pytest.raises(ValueError, match=r"there is no column 'v'.*columns: text, label, w"):
        data.setup("fit")


@pytest.mark.parametrize("make", MAKERS)
def test_weights_that_are_all_zero_are_refused(tmp_path, make):
    with pytest.raises(ValueError, match="every weight in the training part is 0; expected some above 0"):
        make(tmp_path, [0] * COUNT, val_fraction=0.2).setup("fit")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"weight": "v"}, "line 1: there is no column 'v'"),
        ({"weight": "label"}, "weight is column 1, as text or label; expected another"),
        ({"weight": -1}, "weight must be a column's name or its number from 0, got -1"),
        (
            {"weight": "w", "header": False, "text": 0, "label": 1},
            "without a header, weight must be the number",
        ),
        (
            {"weight": 2, "separator": " "},
            "lines of a label and a text have no weights; expected a comma or a tab",
        ),
    ],
)
def test_columns_that_cannot_be_are_refused(tmp_path, options, said):
    texts(tmp_path)
    with pytest.raises(ValueError, match=said):
        zoo.LabelledText(tmp_path / "texts.csv", **options).setup("fit")


def test_windows_of_a_forecast_have_no_weight_of_a_series(tmp_path):
    path = table(tmp_path / "f.csv", {"x": range(40), "w": [1] * 40})
    with pytest.raises(
        ValueError, match=r"weight is column 'w', and says what a series with a label or a number"
    ):
        zoo.Series(path, horizon=2, input_steps=3, weight="w")


def test_a_number_is_scaled_and_its_weight_is_not(tmp_path):
    columns = {"id": range(8), "x": range(8), "size": range(8), "a": range(8), "b": range(8), "w": [5.0] * 8}
    path = table(tmp_path / "n.csv", columns)
    options = {"id": "id", "number": "size", "static": ["a", "b"], "weight": "w"}
    data = zoo.Series(train=path, val=path, test=path, predict=path, **options)
    data.setup("fit")
    item = data.dataset("train")[0]
    assert item["weight"] == 5
    assert item["y"].item() == pytest.approx(-3.5 / np.std(range(8)))
    restored = zoo.Series(train=path, val=path, test=path, predict=path, **options)
    restored.load_state_dict(data.state_dict())
    assert restored.dataset("predict")[0]["x"].tolist() == item["x"].tolist()
