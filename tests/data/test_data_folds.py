"""Folds of a cross-validation: every item is tested once, and nothing is learned from it before."""

import inspect

import numpy as np
import pytest
import torch

import zoo
from zoo.data import DATA
from zoo.data.base import SequenceData
from zoo.data.batches.splits import Fold, stratified_split

COUNT, FOLDS = 33, 4
LABELS = [k % 3 % 2 for k in range(COUNT)]


def table(path, columns, separator=","):
    rows = zip(*columns.values(), strict=True)
    lines = [separator.join(map(str, row)) for row in rows]
    path.write_text("\n".join([separator.join(columns), *lines]) + "\n", encoding="utf-8")
    return path


def texts(folder, **options):
    words = [f"w{k} all of them" for k in range(COUNT)]
    path = table(folder / "texts.csv", {"text": words, "label": [f"l{label}" for label in LABELS]})
    return zoo.LabelledText(path, **options)


def pairs(folder, **options):
    words = [f"w{k} all" for k in range(COUNT)]
    path = table(folder / "pairs.csv", {"first": words, "second": words, "label": LABELS})
    return zoo.LabelledPairs(path, **options)


def tagged(folder, **options):
    sentences = [f"w{k} X\nall Y\n" for k in range(COUNT)]
    (folder / "tagged.txt").write_text("\n".join(sentences), encoding="utf-8")
    return zoo.TaggedText(folder / "tagged.txt", **options)


def parallel(folder, **options):
    (folder / "pairs.tsv").write_text("".join(f"w{k} all\tv{k} all\n" for k in range(COUNT)))
    return zoo.ParallelText(folder / "pairs.tsv", **options)


def arrays(folder, **options):
    x = np.arange(COUNT, dtype="float32")[:, None, None] + np.zeros((COUNT, 3, 1), dtype="float32")
    return zoo.Arrays(x, [f"l{label}" for label in LABELS], **options)


def series(folder, **options):
    steps = [k for k in range(COUNT) for _ in range(3)]
    columns = {"id": steps, "value": steps, "kind": [f"l{LABELS[k]}" for k in steps]}
    return zoo.Series(table(folder / "s.csv", columns), id="id", label="kind", missing="refuse", **options)


def forecasts(folder, **options):
    steps = [k for k in range(COUNT) for _ in range(6)]
    path = table(folder / "f.csv", {"id": steps, "value": steps})
    return zoo.Series(path, id="id", horizon=2, input_steps=3, stride=9, split="series", **options)


def archive(folder, **options):
    head = "@problemName Toy\n@timeStamps false\n@univariate true\n@classLabel true l0 l1\n@data\n"
    for part, numbers in (("TRAIN", range(20)), ("TEST", range(20, COUNT))):
        lines = [f"{k},{k}:l{LABELS[k]}\n" for k in numbers]
        (folder / f"Toy_{part}.ts").write_text(head + "".join(lines))
    return zoo.TimeSeriesArchive(folder, **options)


class Rows(dict):
    """As much of a split of a Hugging Face data set as is read."""

    @property
    def features(self):
        return {"label": None}

    @property
    def column_names(self):
        return list(self)


def hub(folder, **options):
    data = zoo.HubText(folder, **options)
    parts = {"train": range(20), "test": range(20, COUNT)}
    data._loaded = lambda: {
        name: Rows(text=[f"w{k} all" for k in numbers], label=[f"l{LABELS[k]}" for k in numbers])
        for name, numbers in parts.items()
    }
    return data


def digits(folder, **options):
    return zoo.Digits(**options)


def by_first_word(data, split):
    return [int(example.text.split()[0][1:]) for example in data.examples(split)]


def scaled_back(data, split):
    """Numbers of items whose values are their number."""
    center, spread = data.scaling.center[0], data.scaling.spread[0]
    return [round(float(item["x"][0, 0]) * spread + center) for item in data.dataset(split)]


MADE = {
    "labelled_text": (texts, by_first_word),
    "labelled_pairs": (pairs, lambda data, split: [int(p.first.split()[0][1:]) for p in data.pairs(split)]),
    "tagged_text": (tagged, lambda data, split: [int(s.tokens[0][1:]) for s in data.sentences(split)]),
    "parallel_text": (
        parallel,
        lambda data, split: [int(p.source.split()[0][1:]) for p in data.pairs(split)],
    ),
    "arrays": (arrays, lambda data, split: [int(item["x"][0, 0]) for item in data.dataset(split)]),
    "series": (series, lambda data, split: [int(part.series.id) for part in data.parts(split)]),
    "series, forecast": (forecasts, lambda data, split: [int(p.series.id) for p in data.parts(split)]),
    "time_series_archive": (archive, scaled_back),
    "hub_text": (hub, lambda data, split: [int(t.split()[0][1:]) for t in data.examples(split)[0]]),
    "digits": (
        digits,
        lambda data, split: [hash(item["x"].numpy().tobytes()) for item in data.dataset(split)],
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_every_item_is_tested_once_and_then_trained_on_by_all_others(tmp_path, name):
    make, numbers = MADE[name]
    tested, sizes = [], []
    for fold in range(FOLDS):
        data = make(tmp_path, folds=FOLDS, fold=fold, val_fraction=0.2)
        data.setup("fit")
        data.setup("test")
        parts = {split: numbers(data, split) for split in ("train", "val", "test")}
        everything = sorted(each for part in parts.values() for each in part)
        tested += parts["test"]
        sizes.append(len(parts["test"]))
        rest = len(parts["train"]) + len(parts["val"])
        assert len(parts["val"]) == round(0.2 * rest)
        if name != "digits":  # of which some are alike
            assert everything == list(range(COUNT))
        assert len(data.dataset("test")) == len(parts["test"])
    assert sorted(tested) == everything
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("name", DATA.names())
def test_what_has_no_folds_says_why(name):
    options = set(inspect.signature(DATA[name].__init__).parameters)
    has_folds = {"folds", "fold"} <= options
    assert has_folds == (name in MADE), name
    assert has_folds == (DATA[name].no_folds == SequenceData.no_folds), name


@pytest.mark.parametrize("labels", [[0] * 7, [0] * 5 + [1] * 7 + [2] * 13, [3] * 4 + [0] * 40])
def test_folds_differ_by_one_item_at_most_of_each_label_too(labels):
    labels = torch.tensor(labels)
    parts = [stratified_split(labels, 0.2, 0.3, Fold(k, 4, seed=2))["test"] for k in range(4)]
    assert torch.cat(parts).sort().values.tolist() == list(range(len(labels)))
    for label in labels.unique():
        counts = [int((labels[part] == label).sum()) for part in parts]
        assert max(counts) - min(counts) <= 1
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_the_seed_decides_and_the_fold_does_not():
    labels = torch.arange(40) % 2
    first = [stratified_split(labels, 0.2, 0.0, Fold(k, 4, seed=1))["test"].tolist() for k in range(4)]
    again = [stratified_split(labels, 0.4, 0.1, Fold(k, 4, seed=1))["test"].tolist() for k in range(4)]
    other = stratified_split(labels, 0.2, 0.0, Fold(0, 4, seed=2))["test"].tolist()
    assert first == again
    assert other not in first


def test_words_are_learned_from_the_training_part_of_each_fold(tmp_path):
    for make in (texts, pairs, tagged, hub):
        data = make(tmp_path, folds=FOLDS, fold=1)
        data.setup("fit")
        known = {int(word[1:]) for word in data.vocabulary.types if word[0] == "w"}
        assert known == set(MADE[data_name(data)][1](data, "train"))


def data_name(data):
    return next(name for name in DATA.names() if DATA[name] is type(data))


@pytest.mark.parametrize("make", [series, archive])
def test_scaling_is_learned_from_the_training_part_of_each_fold(tmp_path, make):
    centers = set()
    for fold in range(FOLDS):
        data = make(tmp_path, folds=FOLDS, fold=fold)
        data.setup("fit")
        trained = MADE[data_name(data)][1](data, "train")
        scaling = data.scaling if make is archive else data.tensors.varying
        assert scaling.center[0] == pytest.approx(np.mean(trained))
        centers.add(round(float(scaling.center[0]), 6))
    assert len(centers) == FOLDS


def test_balanced_class_weights_are_those_of_the_training_part(tmp_path):
    import lightning.pytorch as pl

    data = arrays(tmp_path, folds=FOLDS, fold=0)
    task = zoo.SequenceClassifier(
        {"encoder": {"cell": "gru", "hidden_size": 2}, "pooling": "last"}, class_weights="balanced"
    )
    trainer = pl.Trainer(max_epochs=1, logger=False, enable_checkpointing=False, enable_progress_bar=False)
    trainer.fit(task, data)
    y = torch.stack([item["y"] for item in data.dataset("train")])
    assert task._weights.tolist() == pytest.approx((len(y) / (2 * y.bincount())).tolist())


def test_what_was_learned_survives_a_checkpoint(tmp_path):
    """A model of a fold predicts and tests on the items of its fold."""
    data = series(tmp_path, folds=FOLDS, fold=2)
    data.setup("fit")
    again = series(tmp_path, folds=FOLDS, fold=2)
    again.load_state_dict(data.state_dict())
    assert MADE["series"][1](again, "test") == MADE["series"][1](data, "test")
    records = [{"label": "l0"}] * len(data.parts("test"))
    assert [row["series"] for row in again.rows(records)] == [part.series.id for part in data.parts("test")]


def test_rows_of_an_archive_name_their_file(tmp_path):
    data = archive(tmp_path, folds=FOLDS, fold=0)
    data.setup("test")
    rows = list(data.rows([{"label": "l0"}] * len(data.dataset("test"))))
    assert {row["file"] for row in rows} == {"Toy_TRAIN.ts", "Toy_TEST.ts"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"folds": 1}, "folds is 1; expected at least 2"),
        ({"folds": 3, "fold": 3}, "fold is 3, of 3 folds; expected a number from 0 to 2"),
        ({"folds": 3, "fold": -1}, "fold is -1, of 3 folds"),
        ({"fold": 2}, "fold is 2, and folds is not given; expected how many folds there are"),
        ({"folds": 34}, "texts.csv: 33 items are too few for 34 folds"),
        ({"folds": 12}, r"label 'l1' has 11 items, and there are 12 folds; expected at least as many items"),
    ],
)
def test_folds_that_cannot_be_are_refused(tmp_path, options, said):
    with pytest.raises(ValueError, match=said):
        texts(tmp_path, **options).setup("fit")


def test_a_file_that_is_only_tested_or_only_trained_on_is_not_folded(tmp_path):
    texts(tmp_path)
    for name in ("train", "test"):
        (tmp_path / f"{name}.csv").write_bytes((tmp_path / "texts.csv").read_bytes())
    with pytest.raises(ValueError, match=r"train.csv is for train and val alone, .* expected all items"):
        zoo.LabelledText(tmp_path, folds=3).setup("fit")
    data = zoo.LabelledText(tmp_path / "texts.csv", test=tmp_path / "test.csv", folds=3)
    with pytest.raises(ValueError, match=r"texts.csv is for train and val alone"):
        data.setup("fit")


def test_a_validation_file_and_one_to_predict_on_are_left_as_they_are(tmp_path):
    texts(tmp_path)
    path = tmp_path / "texts.csv"
    other = table(tmp_path / "other.csv", {"text": ["w1 all", "all"], "label": ["l0", "l1"]})
    data = zoo.LabelledText(path, val=other, predict=other, folds=FOLDS, fold=1)
    data.setup("fit")
    data.setup("predict")
    assert len(data.examples("val")) == len(data.dataset("predict")) == 2
    assert len(data.examples("train")) + len(data.examples("test")) == COUNT


def test_folds_of_arrays_with_a_test_set_or_of_time_are_refused(tmp_path):
    with pytest.raises(ValueError, match="folds are tested each in its turn, and test is given"):
        arrays(tmp_path, folds=3, test=(np.zeros((2, 3, 1), dtype="float32"), ["l0", "l1"]))
    path = table(tmp_path / "f.csv", {"value": range(50)})
    with pytest.raises(ValueError, match=r"the end of each series is tested .* expected split: series"):
        zoo.Series(path, horizon=2, input_steps=3, folds=3)


@pytest.mark.parametrize("name", MADE)
def test_without_validation_data_folds_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"val_fraction is 0"):
        MADE[name][0](tmp_path, folds=FOLDS, val_fraction=0.0).setup("fit")


def test_without_validation_data_folds_of_a_folder_of_series_are_refused(tmp_path):
    for k in range(COUNT):
        table(tmp_path / f"s{k}.csv", {"value": range(k, k + 6)})
    options = {"horizon": 2, "input_steps": 3, "split": "series", "folds": FOLDS}
    with pytest.raises(ValueError, match=r"val_fraction is 0"):
        zoo.Series(tmp_path, val_fraction=0.0, **options).setup("fit")
    zoo.Series(tmp_path, test_fraction=0.0, **options).setup("fit")


@pytest.mark.parametrize("name", [name for name in MADE if name != "time_series_archive"])
def test_of_folds_the_share_of_test_data_says_nothing(tmp_path, name):
    make, numbers = MADE[name]
    parts = []
    for share in (0.0, 0.3, 0.95):
        data = make(tmp_path, folds=FOLDS, fold=1, val_fraction=0.2, test_fraction=share)
        data.setup("fit")
        parts.append([numbers(data, split) for split in ("train", "val", "test")])
    assert parts[0] == parts[1] == parts[2]


def test_validation_data_of_its_own_needs_no_share_of_the_folds(tmp_path):
    own = np.zeros((2, 3, 1), dtype="float32"), ["l0", "l1"]
    data = arrays(tmp_path, folds=FOLDS, val=own, val_fraction=0.0)
    data.setup("fit")
    assert len(data.dataset("val")) == 2
