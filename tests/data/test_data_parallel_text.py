"""Texts and their translations: formats, vocabularies, batches, errors with file and line."""

import pytest
import torch

from zoo.data.parallel_text import ParallelText
from zoo.data.words.framed import BOS, EOS, PAD, UNK, Framed

ONES = ["one", "two", "three", "four", "five", "six"]
EINS = ["eins", "zwei", "drei", "vier", "fünf", "sechs"]


def pairs(count):
    return [
        (" ".join(ONES[k % 6 :][: 1 + k % 3]), " ".join(EINS[k % 6 :][: 1 + k % 3])) for k in range(count)
    ]


def write(path, rows):
    path.write_text("".join(f"{source}\t{target}\n" for source, target in rows), encoding="utf-8")
    return path


def write_two(folder, name, rows, endings=("src", "tgt")):
    for side, ending in enumerate(endings):
        text = "".join(f"{row[side]}\n" for row in rows)
        (folder / f"{name}.{ending}").write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    for name, count in (("train", 30), ("dev", 6), ("test", 6)):
        write(tmp_path / f"{name}.tsv", pairs(count))
    return tmp_path


def test_a_batch_is_source_and_target_with_its_end(folder):
    data = ParallelText(folder, batch_size=4)
    data.setup("fit")
    assert data.sizes == {"vocab_size": 10, "output_size": 10}
    assert [data.target.encode(word)[0] for word in ("drei", "nie")] == [4, UNK]
    for batch in data.train_dataloader():
        lengths = batch.get("lengths", torch.full((len(batch["x"]),), batch["x"].shape[1]))
        for b, length in enumerate(lengths.tolist()):
            x, y = batch["x"][b].tolist(), [number for number in batch["y"][b].tolist() if number != -100]
            assert x[length:] == [PAD] * (len(x) - length)
            assert y[-1] == EOS
            assert BOS not in y
            source, target = data.source.decode(x[:length]), data.target.decode(y)
            assert [EINS[ONES.index(word)] for word in source.split()] == target.split()


@pytest.mark.parametrize("endings", [("src", "tgt"), ("en", "de")])
def test_two_files_are_the_same_as_a_table(folder, tmp_path, endings):
    two = tmp_path / "two"
    two.mkdir()
    for name, count in (("train", 30), ("dev", 6), ("test", 6)):
        write_two(two, name, pairs(count), endings)
    options = {"source": endings[0], "target": endings[1]}
    one, other = ParallelText(folder), ParallelText(two, **options)
    for split in ("train", "val", "test"):
        assert [pair[1:] for pair in one.pairs(split)] == [pair[1:] for pair in other.pairs(split)]


@pytest.mark.parametrize("unit", ["words", "characters", "bpe"])
def test_each_side_has_a_vocabulary_of_its_own_that_gives_its_texts_back(folder, tmp_path, unit):
    size = 270 if unit == "bpe" else None
    data = ParallelText(folder, source_unit=unit, source_vocab_size=size, target_unit="characters")
    for pair in data.pairs("train"):
        numbers = data.source.encode(pair.source)
        assert min(numbers) > EOS
        assert max(numbers) < data.sizes["vocab_size"]
        assert data.source.decode([*numbers, EOS, 5]) == pair.source
        assert data.target.decode(data.target.encode(pair.target)) == pair.target
    torch.save(data.state_dict(), tmp_path / "state.pt")
    again = ParallelText(root=tmp_path / "nowhere")
    again.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert again.sizes == data.sizes
    assert again.source.encode("one two \u2603") == data.source.encode("one two \u2603")


def test_vocabulary_options(folder):
    write(folder / "train.tsv", [("A a b", "X x"), ("a", "x")])
    assert ParallelText(folder, lower=True).sizes == {"vocab_size": 6, "output_size": 5}
    assert ParallelText(folder, source_vocab_size=5).source.decode([4, UNK]) == "a <unk>"
    assert ParallelText(folder, min_count=2).sizes == {"vocab_size": 5, "output_size": 5 - 1 + 1}
    assert Framed.learn(["ab"], "characters", None, 1).decode([UNK, 4, BOS, PAD, 5, EOS, 4]) == "\ufffdab"


def test_one_file_is_divided_and_predictions_come_in_its_order(tmp_path):
    path = write(tmp_path / "all.tsv", [(f"w{k}", f"v{k}") for k in range(40)])
    data = ParallelText(path)
    parts = [{pair.line for pair in data.pairs(split)} for split in ("train", "val", "test")]
    assert [len(part) for part in parts] == [32, 4, 4]
    assert set.union(*parts) == set(range(1, 41))
    new = tmp_path / "new.src"
    new.write_text("w3 w1\nw2\n")
    data = ParallelText(path, predict=new, batch_size=1)
    batches = list(data.predict_dataloader())
    assert [batch["x"].shape[1] for batch in batches] == [2, 1]
    assert all("y" not in batch for batch in batches)
    rows = list(data.rows([{"hypothesis": "a"}, {"hypothesis": "b"}]))
    assert rows[1] == {"line": 2, "hypothesis": "b", "source": "w2"}


def test_what_identifies_a_prediction_and_texts_of_ones_own(folder):
    data = ParallelText(folder)
    assert list(data.rows([{"hypothesis": "x"}])) == [
        {"line": 1, "hypothesis": "x", "reference": "eins", "source": "one"}
    ]
    batch = data.given(["two one", "six"]).__getitems__([0, 1])
    assert data.legend["decode_source"](batch["x"][0].tolist()) == "two one"
    assert batch["lengths"].tolist() == [2, 1]
    with pytest.raises(ValueError, match="item 1 is ' '; expected a text"):
        data.given(["a", " "])


def test_long_pairs_are_left_out_of_training_only(folder, caplog):
    with caplog.at_level("INFO"):
        data = ParallelText(folder, max_length=2)
        assert len(data.dataset("train")) == 25
    assert "leaving out 5 of 30 training pairs, longer than max_length 2" in caplog.text
    assert len(data.dataset("val")) == 6
    write(folder / "train.tsv", [("a b", "c d")])
    with pytest.raises(ValueError, match="every training pair has a longer side"):
        ParallelText(folder, max_length=1).dataset("train")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("one\teins\ntwo\n", "train.tsv, line 2: 1 column, expected a text, a tab and its translation"),
        ("a\tb\tc\n", "line 1: 3 columns, expected a text, a tab"),
        ("a\tb\n\tx\nc\t\n", "line 2: the source is empty.*line 3: the target is empty.*empty: skip"),
        ("", "train.tsv is empty"),
        ("a\tb\ncaf\xe9\tx\n", "train.tsv, line 2: byte 0xe9 is not utf-8"),
    ],
)
def test_errors_name_file_and_line(folder, content, message):
    (folder / "train.tsv").write_bytes(content.encode("latin-1"))
    with pytest.raises(ValueError, match=message):
        ParallelText(folder).setup("fit")


def test_two_files_that_do_not_fit_together(tmp_path):
    write_two(tmp_path, "train", pairs(5))
    (tmp_path / "train.tgt").write_text("eins\nzwei\n")
    with pytest.raises(
        ValueError, match=r"train.src has 5 lines and train.tgt beside it has 2; expected that"
    ):
        ParallelText(train=tmp_path / "train.src").pairs("train")
    (tmp_path / "train.tgt").write_text("eins\n\n \ndrei\nvier\n")
    with pytest.raises(ValueError, match=r"line 2: the target is empty, in 2 of 5 rows \(lines 2, 3\)"):
        ParallelText(train=tmp_path / "train.src").pairs("train")
    skipping = ParallelText(train=tmp_path / "train.src", empty="skip")
    assert [pair.line for pair in skipping.pairs("train")] == [1, 4, 5]
    (tmp_path / "train.tgt").unlink()
    with pytest.raises(FileNotFoundError, match=r"there is no train.tgt in .*; did you mean 'train.src'"):
        ParallelText(train=tmp_path / "train.src").pairs("train")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "no data is named"),
        ({"root": "x", "source": "en", "target": "en"}, "expected two different ones"),
        ({"root": "x", "source_unit": "letters"}, "source_unit must be one of"),
        (
            {"root": "x", "target_unit": "bpe"},
            "target_vocab_size is None; byte pairs need a size of at least 260",
        ),
        ({"root": "x", "source_vocab_size": 4}, "source_vocab_size must be at least 5"),
        ({"root": "x", "target_unit": "characters", "target_vocab_size": 9}, "has no effect on characters"),
        ({"root": "x", "max_length": 0}, "max_length must be at least 1"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_read(arguments, message):
    with pytest.raises(ValueError, match=message):
        ParallelText(**arguments)
