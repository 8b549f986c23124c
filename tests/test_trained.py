"""A trained model out of its files: texts and arrays go in, words come out."""

import json
import math

import numpy as np
import pytest
import torch
from lightning import pytorch as pl

import zoo
from zoo import load

TEXTS = {
    "good": ["a fine film", "fine and good", "good good film"],
    "bad": ["a dull film", "dull and bad", "bad"],
}
LABELLED = """\
seed_everything: 1
model:
  class_path: SequenceClassifier
  init_args:
    network: {encoder: {cell: lstm, hidden_size: 8, direction: bidirectional}, pooling: max}
    optimizer: {name: Adam, lr: 0.05}
data:
  class_path: LabelledText
  init_args: {root: texts.csv, lower: true, val_fraction: 0.2, test_fraction: 0.2, batch_size: 8}
trainer: {max_epochs: 12, accelerator: cpu}
"""
LANGUAGE = """\
seed_everything: 1
model:
  class_path: LanguageModel
  init_args:
    network: {encoder: {cell: gru, hidden_size: 16}}
    optimizer: {name: Adam, lr: 0.02}
data:
  class_path: TextFile
  init_args: {root: text.txt, unit: %s, batch_size: 2, steps: 8}
trainer: {max_epochs: 8, accelerator: cpu}
"""


@pytest.fixture
def texts(zoo, folder, once):
    """The run of a classifier of texts, whose training data is gone."""

    def fit():
        rows = [f"{text},{label}" for label, some in TEXTS.items() for text in some] * 10
        (folder / "texts.csv").write_text("\n".join(["text,label", *rows]))
        (folder / "recipe.yaml").write_text(LABELLED)
        assert zoo("fit", "--config", "recipe.yaml").code == 0
        (folder / "texts.csv").unlink()

    once("texts", fit)
    return folder / "runs/recipe/version_0"


def test_a_classifier_labels_texts_of_its_own_words(texts):
    model = zoo.load(texts)
    said = model.predict(["a FINE film", "dull", "never seen"])
    assert [record["label"] for record in said[:2]] == ["good", "bad"]
    for record in said:
        assert record["probability_good"] + record["probability_bad"] == pytest.approx(1)


def test_order_and_batches_change_nothing(texts):
    model = zoo.load(texts.parent)
    items = ["good film and fine", "bad", "dull film", "a"]
    together, alone = model.predict(items), [model.predict(item)[0] for item in items]
    for one, other in zip(together, alone, strict=True):
        assert one == pytest.approx(other)
    assert model.predict(items[::-1], batch_size=1) == [pytest.approx(record) for record in together[::-1]]


def test_the_best_checkpoint_of_a_run_is_taken(texts):
    best = next((texts / "checkpoints").glob("best*.ckpt"))
    assert zoo.load(texts).predict("a fine film") == zoo.load(best).predict("a fine film")


@pytest.mark.parametrize(
    ("items", "said"), [([], "no items"), (["", "a"], "item 0 is ''"), ([3], "item 0 is 3; expected a text")]
)
def test_what_is_no_text_is_refused(texts, items, said):
    with pytest.raises(ValueError, match=said):
        zoo.load(texts).predict(items)


@pytest.mark.parametrize("unit", ["characters", "words"])
def test_a_language_model_goes_on_as_its_text_does(zoo, folder, unit):
    (folder / "text.txt").write_text("one two three\n" * 200)
    (folder / "recipe.yaml").write_text(LANGUAGE % unit)
    assert zoo("fit", "--config", "recipe.yaml").code == 0
    count = 24 if unit == "characters" else 7
    line = ("--prompt", "one two", "--temperature=0", f"--tokens={count}")
    outcome = zoo("generate", "--ckpt_path", "runs/recipe/version_0", *line)
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("one two three\none two three\none")
    assert zoo("generate", "--ckpt_path", "runs/recipe", *line).out == outcome.out


def test_predictions_of_a_language_model_are_a_row_a_token(zoo, folder):
    (folder / "text.txt").write_text("one two three\n" * 200)
    (folder / "recipe.yaml").write_text(LANGUAGE % "characters")
    assert zoo("fit", "--config", "recipe.yaml").code == 0
    path = folder / "said.jsonl"
    outcome = zoo("predict", "--ckpt_path", "runs/recipe/version_0/checkpoints/last.ckpt", f"--output={path}")
    assert outcome.code == 0, outcome.err
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert "".join(row["token"] for row in rows).startswith("one two three\n")
    tested = float(
        zoo("test", "--ckpt_path", "runs/recipe/version_0/checkpoints/last.ckpt")
        .out.split("test/loss ")[1]
        .split()[0]
    )
    costs = [row["nats"] for row in rows if row["nats"] is not None]
    assert sum(costs) / len(costs) == pytest.approx(tested, rel=2e-3)


def test_a_model_trained_in_python_takes_arrays(tmp_path):
    torch.manual_seed(0)
    network = zoo.ModelSpec(encoder=zoo.StackSpec(cell="gru", hidden_size=4), pooling="last")
    task = zoo.SequenceRegressor(network)
    options = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = pl.Trainer(
        max_epochs=1, accelerator="cpu", default_root_dir=tmp_path, limit_val_batches=0, **options
    )
    trainer.fit(task, datamodule=zoo.AddingProblem(length=8, steps_per_epoch=4))
    trainer.save_checkpoint(tmp_path / "own.ckpt")
    model = zoo.load(tmp_path / "own.ckpt")
    items = [np.random.default_rng(0).random((length, 2)) for length in (8, 3, 8)]
    expected = task.eval()(torch.tensor(items[1], dtype=torch.float32)[None])
    assert model.predict(items)[1]["prediction"] == pytest.approx(expected.item(), rel=1e-5)
    for wrong in (np.ones((3, 5)), np.full((3, 2), math.nan), "text", np.ones((0, 2))):
        with pytest.raises(ValueError, match="item 0"):
            model.predict([wrong])


def test_a_language_model_trained_in_python_is_told_what_its_data_was(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("one two three\n" * 100)
    task = zoo.LanguageModel({"encoder": {"cell": "gru", "hidden_size": 4}})
    options = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = pl.Trainer(max_steps=1, accelerator="cpu", default_root_dir=tmp_path, **options)
    trainer.fit(task, datamodule=zoo.TextFile(text, batch_size=2, steps=8))
    trainer.save_checkpoint(tmp_path / "own.ckpt")
    text.unlink()
    with pytest.raises(ValueError, match=r"or load\(PATH, data\)"):
        zoo.load(tmp_path / "own.ckpt").generate("one")
    said = "".join(zoo.load(tmp_path / "own.ckpt", zoo.TextFile(text)).generate("one", 20))
    assert len(said) == 20
    assert set(said) <= set("one two three\n")
    with pytest.raises(ValueError, match="nothing of what PythonDocs had learned"):
        zoo.load(tmp_path / "own.ckpt", zoo.PythonDocs())


@pytest.mark.parametrize("what", ["nothing", "noise", "folder"])
def test_what_holds_no_model_is_refused_in_a_sentence(tmp_path, what):
    path = tmp_path / what
    if what == "noise":
        path.write_bytes(b"noise")
    elif what == "folder":
        path.mkdir()
    with pytest.raises(ValueError, match=what):
        zoo.load(path)


NUMBERED = """\
seed_everything: 1
model:
  class_path: SequenceRegressor
  init_args:
    network: {encoder: {cell: gru, hidden_size: 4}, pooling: last}
data:
  class_path: Series
  init_args: {root: series.csv, id: id, number: size, targets: [a, b], batch_size: 4}
trainer: {max_epochs: 1, accelerator: cpu}
"""


@pytest.fixture
def numbered(zoo, folder, once):
    """The run of a model that gives each series of two columns a number near 1,000; its data is gone."""
    checkpoint = "runs/recipe/version_0/checkpoints/last.ckpt"

    def fit():
        rows = [f"s{k},{step},{k + step},{1000 + k}" for k in range(20) for step in range(5)]
        (folder / "series.csv").write_text("\n".join(["id,a,b,size", *rows]))
        (folder / "recipe.yaml").write_text(NUMBERED)
        assert zoo("fit", "--config", "recipe.yaml").code == 0
        assert zoo("predict", "--ckpt_path", checkpoint, "--output=said.jsonl").code == 0
        (folder / "series.csv").unlink()

    once("numbered", fit)
    return folder / checkpoint


def test_numbers_are_said_in_the_units_of_the_data(numbered, folder):
    rows = [json.loads(line) for line in (folder / "said.jsonl").read_text().splitlines()]
    assert all(990 < row["prediction"] < 1030 for row in rows)
    first = int(rows[0]["series"].removeprefix("s"))
    item = np.array([[step, first + step] for step in range(5)], dtype=float)
    (said,) = zoo.load(numbered).predict([item])
    assert said["prediction"] == pytest.approx(rows[0]["prediction"], rel=1e-5)
    for wrong in (math.nan, math.inf):
        with pytest.raises(ValueError, match="item 0 holds NaN or infinities"):
            zoo.load(numbered).predict([np.full_like(item, wrong)])


def test_a_model_of_music_needs_no_music_to_be_used(zoo, folder):
    rolls = (np.arange(6 * 5 * 3).reshape(6, 5, 3) % 7 < 2).astype("uint8")
    np.savez(folder / "music.npz", train=rolls, valid=rolls, test=rolls)
    assert zoo("init", "music.npz").code == 0
    assert (
        zoo("fit", "--config", "music.yaml", "--trainer.max_epochs=1", "--trainer.accelerator=cpu").code == 0
    )
    (folder / "music.npz").unlink()
    assert len(load("runs/music").predict([rolls[0]])) == 1


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda kept: kept.pop("LabelledText"), "nothing of what LabelledText had learned"),
        (lambda kept: kept["zoo"]["recipe"].update(data="LabelledText"), "expected class_path and init_args"),
        (lambda kept: kept["zoo"]["recipe"]["data"]["init_args"].update(rot=1), "cannot be made"),
        (lambda kept: kept["zoo"]["recipe"]["data"].update(class_path="os.system"), "not registered"),
    ],
)
def test_a_checkpoint_reads_no_file_and_makes_nothing_but_registered_data(texts, spoil, said):
    path = texts / "checkpoints/last.ckpt"
    kept = torch.load(path, weights_only=True)
    spoil(kept)
    torch.save(kept, path)
    with pytest.raises((ValueError, LookupError), match=said):
        zoo.load(path)


@pytest.mark.parametrize("verb", ["predict", "evaluate"])
def test_what_comes_in_order_is_not_shared_among_devices(zoo, texts, verb):
    refused = zoo(verb, "--ckpt_path", str(texts / "checkpoints/last.ckpt"), "--trainer.devices=2")
    assert refused.code == 2
    assert "expected --trainer.devices=1" in refused.err
