"""A user's labelled texts: formats, splits, vocabulary, buckets, and errors with file and line."""

import pytest
import torch

from zoo.data.labelled_text import LabelledText

WORDS = ["good", "bad", "fine", "awful", "plain", "odd"]


def sentences(count, start=0):
    return [(" ".join(WORDS[: 1 + (start + k) % 6]), "pos" if k % 3 else "neg") for k in range(count)]


def write(path, rows, separator=",", header="text,label"):
    lines = [header] if header else []
    path.write_text("\n".join([*lines, *(separator.join(row) for row in rows)]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path):
    for name, count in (("train", 60), ("dev", 20), ("test", 20)):
        write(tmp_path / f"{name}.csv", sentences(count))
    return tmp_path


def test_a_folder_of_csv_files(folder):
    data = LabelledText(folder, batch_size=8)
    data.setup("fit")
    data.setup("test")
    assert data.sizes == {"vocab_size": 8, "num_classes": 2}
    assert data.labels == ["neg", "pos"]
    assert [len(data.dataset(split)) for split in ("train", "val", "test")] == [60, 20, 20]
    item = data.dataset("val")[1]
    assert data.vocabulary.decode(item["x"].tolist()) == "good bad"
    assert data.labels[item["y"]] == "pos"


@pytest.mark.parametrize(
    ("name", "content", "arguments"),
    [
        ("a.csv", 'label,text\n1,"good, very ""good"""\n0,bad\n', {}),
        ("a.tsv", 'text\tid\tlabel\ngood, very "good"\t7\t1\nbad\t8\t0\n', {}),
        ("a.tsv", '7\tgood, very "good"\t1\n8\tbad\t0\n', {"header": False, "text": 1, "label": 2}),
        ("a.csv", 'stars,body\n1,"good, very ""good"""\n\n0,bad\n', {"text": "body", "label": "stars"}),
        ("a.all", '1 good, very "good"\n0 bad\n', {"separator": " "}),
        ("a.txt", 'text;label\ngood, very "good";1\nbad;0\n', {"separator": ";"}),
    ],
)
def test_formats(tmp_path, name, content, arguments):
    (tmp_path / name).write_text(content, encoding="utf-8")
    examples = LabelledText(train=tmp_path / name, **arguments).examples("train")
    assert [(example.text, example.label) for example in examples] == [
        ('good, very "good"', "1"),
        ("bad", "0"),
    ]


def test_one_file_is_divided_by_seed_with_the_same_mixture(tmp_path):
    path = write(tmp_path / "all.csv", [(f"w{k} x", "ab"[k % 2]) for k in range(200)])
    parts = {}
    for seed in (0, 0, 1):
        data = LabelledText(path, seed=seed)
        lines = {
            split: [example.line for example in data.examples(split)] for split in ("train", "val", "test")
        }
        assert sorted(line for part in lines.values() for line in part) == list(range(2, 202))
        assert [len(part) for part in lines.values()] == [160, 20, 20]
        assert sum(example.label == "a" for example in data.examples("val")) == 10
        assert parts.setdefault(seed, lines) == lines
    assert parts[0] != parts[1]


def test_the_vocabulary_comes_from_the_training_texts_only(folder):
    write(folder / "dev.csv", [("good surprise", "pos"), ("bad", "neg")])
    data = LabelledText(folder)
    data.setup()
    assert "surprise" not in data.vocabulary.types
    assert data.dataset("val")[0]["x"].tolist() == [data.vocabulary.encode("good")[0], 1]


def test_vocabulary_options(folder):
    write(folder / "train.csv", [("Good good GOOD bad bad odd", "pos"), ("good", "neg")])
    assert LabelledText(folder).vocabulary.types[:4] == ("<pad>", "<unk>", "bad", "good")
    assert LabelledText(folder, lower=True, min_count=2).vocabulary.types == ("<pad>", "<unk>", "good", "bad")
    assert LabelledText(folder, lower=True, vocab_size=3).vocabulary.types == ("<pad>", "<unk>", "good")
    assert LabelledText(folder, max_length=2).dataset("train")[0]["x"].shape == (2,)


def test_labels_that_are_numbers_are_sorted_as_numbers(tmp_path):
    path = write(tmp_path / "train.csv", [("a", "10"), ("b", "9"), ("c", "-1")])
    data = LabelledText(train=path)
    assert data.sizes["num_classes"] == 3
    assert data.labels == ["-1", "9", "10"]


def test_training_batches_are_of_similar_length_and_hold_every_text_once(folder):
    data = LabelledText(folder, batch_size=5)
    seen = []
    for batch in data.train_dataloader():
        lengths = batch.get("lengths", torch.full((len(batch["x"]),), batch["x"].shape[1]))
        assert lengths.max() - lengths.min() <= 1
        assert ((batch["x"] != 0).sum(1) == lengths).all()
        seen += lengths.tolist()
    assert sorted(seen) == sorted(data.dataset("train").lengths.tolist())


def test_predictions_come_in_the_order_of_the_file_and_need_no_labels(folder):
    path = write(folder / "new.csv", [("good bad fine",), ("odd",), ("fine",)], header="text")
    data = LabelledText(folder, predict=path, batch_size=2)
    first, second = data.predict_dataloader()
    assert first.keys() == {"x", "lengths"}
    assert first["lengths"].tolist() == [3, 1]
    assert data.vocabulary.decode(second["x"][0].tolist()) == "fine"
    tested = torch.cat([batch["y"] for batch in LabelledText(folder).predict_dataloader()])
    assert tested.tolist() == [1 if k % 3 else 0 for k in range(20)]


def test_vocabulary_and_labels_survive_a_checkpoint(folder, tmp_path):
    trained = LabelledText(folder)
    trained.setup()
    torch.save(trained.state_dict(), tmp_path / "state.pt")
    write(folder / "train.csv", [("other words", "x"), ("here", "y")])
    resumed = LabelledText(folder)
    resumed.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    resumed.setup("test")
    assert resumed.sizes == trained.sizes
    assert torch.equal(resumed.dataset("test")[3]["x"], trained.dataset("test")[3]["x"])
    assert resumed.labels == ["neg", "pos"]


def refused(folder, message, stage="fit", **arguments):
    with pytest.raises(ValueError, match=message):
        LabelledText(folder, **arguments).setup(stage)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "txt,label\na,x\n",
            "dev.csv, line 1: there is no column 'text'; did you mean 'txt'. Columns: txt, label",
        ),
        ("text,label\na,pos\nb\n", "dev.csv, line 3: 1 columns, expected at least 2"),
        ("text,label\na,pos\n ,neg\n", "dev.csv, line 3: the text is empty"),
        ("text,label\n\na,\n", "dev.csv, line 3: the label is empty"),
        (
            "text,label\na,pos\nb,positive\n",
            "dev.csv, line 3: label 'positive' does not occur in the training data",
        ),
        ("text,label\na,pos\nb,nge\n", "label 'nge' .*; did you mean 'neg'. Known: neg, pos"),
        ("text,label\n", "dev.csv has a header and nothing else"),
        ("", "dev.csv is empty"),
        ('text,label\na,pos\n"b,neg\n', "dev.csv, line 3: unexpected end of data"),
        ("text,label\na,pos\ncaf\xe9,neg\n", "dev.csv, line 3: byte 0xe9 is not utf-8"),
    ],
)
def test_errors_name_file_and_line(folder, content, message):
    (folder / "dev.csv").write_bytes(content.encode("latin-1"))
    refused(folder, message.replace("?", "."))


def test_a_format_that_cannot_be_guessed_is_asked_for(folder):
    (folder / "all.txt").write_text("1 good\n", encoding="utf-8")
    refused(folder / "all.txt", "cannot tell how columns are separated; give separator")
    refused(folder, "'text' must be a number from 0", header=None, separator=" ", text="text")


def test_one_label_is_no_classification(folder):
    write(folder / "train.csv", [("a", "same"), ("b", "same")])
    refused(folder, "every label is 'same', expected two different ones")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "no data is named"),
        ({"root": "x", "separator": "::"}, "separator must be one character, got '::'"),
        (
            {"root": "x", "header": False},
            "without a header, text must be the number of a column, from 0, got None",
        ),
        ({"root": "x", "text": -1}, "text must be a column's name or its number from 0, got -1"),
        ({"root": "x", "max_length": 0}, "max_length must be at least 1, got 0"),
        ({"root": "x", "vocab_size": 2}, "vocab_size must be at least 3"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_read(arguments, message):
    with pytest.raises(ValueError, match=message):
        LabelledText(**arguments)
