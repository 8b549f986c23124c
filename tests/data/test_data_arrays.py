"""Arrays of one's own from Python: kinds, splits, lengths, and one sentence for what is none."""

import re
from pathlib import Path

import lightning.pytorch as pl
import numpy as np
import pytest
import torch

import zoo
from zoo.data.arrays import Arrays

DOCS = (Path(__file__).parent.parent.parent / "docs/data.md").read_text(encoding="utf-8")
RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((40, 6, 3))
RAGGED = [RANDOM.standard_normal((2 + k % 5, 3)) for k in range(40)]
CLASSES = np.arange(40) % 4


@pytest.mark.parametrize(
    ("x", "y", "sizes"),
    [
        (X, CLASSES, {"input_size": 3, "num_classes": 4}),
        (torch.tensor(X), torch.tensor(CLASSES), {"input_size": 3, "num_classes": 4}),
        (X.tolist(), CLASSES.tolist(), {"input_size": 3, "num_classes": 4}),
        (RAGGED, ["ab"[k % 2] for k in range(40)], {"input_size": 3, "num_classes": 2}),
        (RAGGED, X[:, 0, 0], {"input_size": 3, "output_size": 1}),
        (X, X[:, 0], {"input_size": 3, "output_size": 3}),
        (X, X[:, :, :2], {"input_size": 3, "output_size": 2}),
        (X, np.arange(240).reshape(40, 6) % 5, {"input_size": 3, "num_classes": 5}),
        (RAGGED, [np.arange(len(item)) for item in RAGGED], {"input_size": 3, "num_classes": 6}),
        (np.arange(240).reshape(40, 6) % 7, CLASSES, {"vocab_size": 7, "num_classes": 4}),
        ([[1, 2], [3], [4, 0, 1]] * 9, [0, 1, 1] * 9, {"vocab_size": 5, "num_classes": 2}),
        (np.ones((40, 6, 2), dtype=int), CLASSES, {"input_size": 2, "num_classes": 4}),
    ],
)
def test_every_kind_is_divided_and_served_once(x, y, sizes):
    data = Arrays(x, y, batch_size=8)
    assert data.sizes == sizes
    batches = {split: list(data.loader(split)) for split in ("train", "val", "test")}
    assert sum(len(batch["x"]) for part in batches.values() for batch in part) == len(x)
    width = sizes.get("input_size")
    for batch in batches["train"]:
        assert batch["x"].dtype == (torch.long if width is None else torch.float)
        assert batch["y"].dtype == (torch.float if "output_size" in sizes else torch.long)
        assert batch["x"].shape[2:] == (() if width is None else (width,))


def test_what_is_served_is_what_was_given_each_with_its_own_target():
    steps = [np.arange(len(item)) + k for k, item in enumerate(RAGGED)]
    items = [np.concatenate([item, targets[:, None]], 1) for item, targets in zip(RAGGED, steps, strict=True)]
    data = Arrays(items, steps, batch_size=7, seed=3)
    seen = 0
    for split in ("train", "val", "test"):
        for batch in data.loader(split):
            lengths = batch.get("lengths", torch.full((len(batch["x"]),), batch["x"].shape[1]))
            valid = torch.arange(batch["x"].shape[1]) < lengths[:, None]
            assert torch.equal(batch["x"][..., 3][valid], batch["y"][valid].float())
            assert (batch["y"][~valid] == -100).all()
            seen += int(valid.sum())
    assert seen == sum(map(len, steps))


def test_given_splits_are_taken_as_they_are_and_labels_are_those_of_training():
    words = [["no", "yes"][k % 2] for k in range(40)]
    data = Arrays(X, words, val=(X[:4], words[:4]), test=(RAGGED[:3], ["yes"] * 3))
    assert [len(data.dataset(split)) for split in ("train", "val", "test")] == [40, 4, 3]
    assert data.legend == {"labels": ["no", "yes"]}
    assert next(iter(data.test_dataloader()))["y"].tolist() == [1, 1, 1]


def test_a_model_trains_on_arrays_and_reads_others_like_them(tmp_path):
    data = Arrays([item + 3 * (k % 2) for k, item in enumerate(RAGGED)], ["ab"[k % 2] for k in range(40)])
    task = zoo.SequenceClassifier(
        {"encoder": {"cell": "gru", "hidden_size": 8}, "pooling": "mean"}, {"name": "Adam", "lr": 0.05}
    )
    quiet = dict.fromkeys(
        ("logger", "enable_progress_bar", "enable_model_summary", "enable_checkpointing"), False
    )
    trainer = pl.Trainer(accelerator="cpu", max_epochs=10, default_root_dir=tmp_path, **quiet)
    trainer.fit(task, data)
    assert trainer.test(task, data, verbose=False)[0]["test/accuracy"] == 1
    batch = data.given([np.zeros((4, 3)), np.full((2, 3), 3.0)]).__getitems__([0, 1])
    records = task.records(task.eval().predict_step(batch, 0), batch, data.legend)
    assert [record["label"] for record in records] == ["a", "b"]


NAN = X.copy()
NAN[2, 4, 1] = np.nan


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Arrays(), "x is None, and Arrays takes tensors or arrays from Python; in a recipe, name"),
        (lambda: Arrays("a.csv", CLASSES), "x is 'a.csv', and Arrays takes tensors"),
        (lambda: Arrays([], []), "x has no sequences"),
        (lambda: Arrays(X[..., 0], CLASSES), "x[0] has shape (6,) of numbers; expected (T, I)"),
        (lambda: Arrays(X[..., None], CLASSES), "x[0] has shape (6, 3, 1); expected (T, I) numbers or (T,)"),
        (lambda: Arrays([X[0], X[1, :, :2]], [0, 1]), "x[1] is (6, 2) of numbers and x[0] is (6, 3) of"),
        (lambda: Arrays([X[0], X[1, :0]], [0, 1]), "x[1] has no steps"),
        (lambda: Arrays(NAN, CLASSES), "x[2] has NaN or infinity at (4, 1), in 1 of 40 sequences"),
        (lambda: Arrays(X, CLASSES[:39]), "y has 39 entries for 40 sequences"),
        (lambda: Arrays(X, NAN[:, 4]), "y[2] has NaN or infinity at (1,)"),
        (lambda: Arrays(X, X[:, :4]), "y[0] has shape (4, 3) for a sequence of 6 steps"),
        (lambda: Arrays(X, CLASSES - 1), "y has classes below 0"),
        (lambda: Arrays([["a"]], [0]), "x[0] is no array of numbers"),
        (lambda: Arrays([[1, -1]] * 9, [0] * 9), "x has tokens below 0"),
        (lambda: Arrays(X, CLASSES, val=(X, X, X)), "val has 3 parts; expected a pair of x and y"),
        (
            lambda: Arrays(X, CLASSES, val=(X[..., :2], CLASSES)),
            "the x of val holds sequences of shape (6, 2)",
        ),
        (lambda: Arrays(X, ["a", "b"] * 20, test=(X[:1], ["c"])), "the y of test has the label 'c'"),
        (lambda: Arrays(X, CLASSES, test=(X[:1], [0.5])), "the y of test holds numbers, unlike y"),
        (lambda: Arrays(X, CLASSES, val_fraction=0.0), "val_fraction is 0 and val is not given"),
        (lambda: Arrays(X, CLASSES).given([X[0, :, :2]]), "items holds sequences of shape (6, 2)"),
    ],
)
def test_what_is_no_data_gets_one_sentence(make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


def test_a_recipe_is_told_to_name_files(tmp_path, monkeypatch, capfd):
    from zoo.cli import main

    monkeypatch.chdir(tmp_path)
    model = "--model.network.encoder.cell=gru"
    assert main(["fit", "--model=SequenceClassifier", model, "--data=Arrays"]) == 2
    assert "in a recipe, name files instead: LabelledText, Series" in capfd.readouterr().err


def test_the_recipe_of_the_docs_forecasts(tmp_path, monkeypatch, capfd):
    from zoo.cli import main

    monkeypatch.chdir(tmp_path)
    days = [(shop, k) for shop in "ab" for k in range(80)]
    rows = [f"{shop},{np.datetime64('2026-01-01') + k},{k % 7 + k // 9},{k % 5 // 4}" for shop, k in days]
    (tmp_path / "sales.csv").write_text("\n".join(["shop,day,sold,holiday", *rows]) + "\n")
    (recipe,) = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)
    (tmp_path / "sales.yaml").write_text(recipe)
    assert main(["fit", "--config", "sales.yaml", "--trainer.max_epochs=1"]) == 0
    said = capfd.readouterr()
    assert "better than" in said.err
    assert "test/coverage" in said.out


SAID = ["1.0", "{'input_size': 3, 'num_classes': 2} ['down', 'up']"]


@pytest.mark.filterwarnings("ignore:.*does not have many workers", "ignore:.*is smaller than the logging")
@pytest.mark.parametrize("number", range(len(SAID)))
def test_the_examples_of_the_docs_run(tmp_path, monkeypatch, capsys, number):
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    assert len(examples) == len(SAID)
    exec(compile(examples[number], "docs/data.md", "exec"), {})
    assert capsys.readouterr().out.strip().splitlines()[-1] == SAID[number]
