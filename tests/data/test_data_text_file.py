"""A user's text files: splits, units, and errors with file and line."""

import pytest
import torch

from zoo.data.text_file import TextFile

LINES = "the cat sat on the mat\nthe dog sat on the <unk>\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tiny.train.txt").write_text(LINES * 30, encoding="utf-8")
    (tmp_path / "tiny.valid.txt").write_text("the cat barks\n" * 20, encoding="utf-8")
    (tmp_path / "tiny.test.txt").write_text("the dog sat\n" * 10, encoding="utf-8")
    (tmp_path / "README").write_text("notes", encoding="utf-8")
    return tmp_path


def words(folder, **arguments):
    return TextFile(folder, unit="words", batch_size=4, steps=5, **arguments)


def test_words_of_a_folder_as_in_the_penn_treebank(folder):
    data = words(folder)
    data.setup("fit")
    data.setup("test")
    assert data.sizes == {"vocab_size": 8}
    assert [len(data.dataset(split).tokens) for split in ("train", "val", "test")] == [
        30 * 14,
        20 * 4,
        10 * 4,
    ]
    assert data.vocabulary.decode(data.dataset("val").tokens[:4].tolist()) == "the cat <unk>\n"


def test_validation_has_the_batch_size_and_testing_reads_the_text_as_it_stands(folder):
    data = words(folder)
    assert next(iter(data.train_dataloader()))["x"].shape == (4, 5)
    assert next(iter(data.val_dataloader()))["x"].shape == (4, 5)
    test = list(data.test_dataloader())
    tokens = data.vocabulary.encode("the dog sat\n" * 10)
    assert torch.cat([batch["y"] for batch in test], dim=1).tolist() == [tokens[1:]]
    assert test[0]["starts"].tolist() == [True]


def test_the_vocabulary_is_capped_and_lowered(folder):
    (folder / "tiny.train.txt").write_text("The THE cat\n" * 20, encoding="utf-8")
    data = words(folder, lower=True, vocab_size=3)
    assert data.vocabulary.types == ("<unk>", "<eos>", "the")


def test_one_file_is_cut_in_three(tmp_path):
    path = tmp_path / "input.txt"
    path.write_text(LINES * 100, encoding="utf-8")
    data = TextFile(path, batch_size=2, val_fraction=0.1, test_fraction=0.2)
    parts = [data.text(split) for split in ("train", "val", "test")]
    assert "".join(parts) == LINES * 100
    assert [len(part) / len(LINES * 100) for part in parts] == pytest.approx([0.7, 0.1, 0.2], abs=0.01)


def test_files_named_one_by_one_come_first(folder, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("cat\n" * 9, encoding="utf-8")
    data = words(folder, test=other, predict=folder / "tiny.valid.txt")
    assert len(data.dataset("test").tokens) == 18
    assert len(data.dataset("predict").tokens) == 80
    assert words(folder).dataset("predict").tokens.tolist() == words(folder).dataset("test").tokens.tolist()


def test_byte_pairs_are_lossless(folder):
    data = TextFile(folder, unit="bpe", vocab_size=270, batch_size=2)
    data.setup()
    assert data.sizes == {"vocab_size": 270}
    assert data.vocabulary.decode(data.dataset("val").tokens.tolist()) == "the cat barks\n" * 20


def test_windows_line_ends_and_byte_order_marks_are_no_characters(tmp_path):
    path = tmp_path / "input.txt"
    path.write_bytes(b"\xef\xbb\xbf" + b"ab\r\ncd\r" * 50)
    assert TextFile(path).vocabulary.types == ("\ufffd", "\n", "a", "b", "c", "d")


def test_a_restored_vocabulary_wins_over_the_training_text(folder):
    state = words(folder).state_dict()
    assert state == {}
    trained = words(folder)
    trained.setup()
    (folder / "tiny.train.txt").write_text("something else\n" * 20, encoding="utf-8")
    resumed = words(folder)
    resumed.setup()
    resumed.load_state_dict(trained.state_dict())
    assert resumed.sizes == trained.sizes
    assert torch.equal(next(iter(resumed.val_dataloader()))["x"], next(iter(trained.val_dataloader()))["x"])


def test_a_checkpoint_can_predict_without_the_training_text(folder):
    trained = words(folder)
    trained.setup()
    alone = TextFile(predict=folder / "tiny.test.txt", unit="words")
    alone.setup("predict")
    with pytest.raises(FileNotFoundError, match="there is no file for train; give train, or root"):
        _ = alone.sizes
    alone.load_state_dict(trained.state_dict())
    assert (
        next(iter(alone.predict_dataloader()))["x"][0, :3].tolist()
        == trained.vocabulary.encode("the dog sat")[:3]
    )


def refused(error, message, *arguments, **keywords):
    with pytest.raises(error, match=message):
        TextFile(*arguments, **keywords).setup()


def test_a_wrong_byte_is_found_by_its_line(folder):
    (folder / "tiny.valid.txt").write_bytes(b"fine\nfine\ncaf\xe9\n")
    refused(ValueError, r"tiny.valid.txt, line 3: byte 0xe9 is not utf-8; .* latin-1", folder, batch_size=2)
    data = TextFile(folder, encoding="latin-1", batch_size=2)
    assert data.text("val").endswith("caf\xe9\n")


def test_missing_empty_and_ambiguous_files_are_named(folder):
    refused(
        FileNotFoundError, "there is no inputs.txt in .*did you mean 'input.txt'", copy(folder, "input.txt")
    )
    (folder / "tiny.valid.txt").write_text(" \n", encoding="utf-8")
    refused(ValueError, "tiny.valid.txt is empty, expected text", folder)
    (folder / "tiny.dev.txt").write_text("a", encoding="utf-8")
    refused(ValueError, "has 2 files for val: tiny.dev.txt, tiny.valid.txt", folder)
    for name in ("tiny.dev.txt", "tiny.valid.txt", "tiny.test.txt"):
        (folder / name).unlink()
    refused(FileNotFoundError, r"has no file for val, .*\(files: README, ", folder)


def copy(folder, name):
    (folder / name).write_text(LINES, encoding="utf-8")
    return folder / "inputs.txt"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "no data is named: give root"),
        ({"root": "x", "unit": "word"}, "unit must be one of 'characters', .*; did you mean 'words'"),
        (
            {"root": "x", "unit": "bpe"},
            "unit bpe needs a vocab_size of at least 256, for example 4096, got None",
        ),
        ({"root": "x", "vocab_size": 50}, "vocab_size 50 has no effect on characters"),
        ({"root": "x", "unit": "words", "vocab_size": 2}, "vocab_size must be at least 3"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_read(arguments, message):
    with pytest.raises(ValueError, match=message):
        TextFile(**arguments)


def test_an_unknown_encoding_is_refused(folder):
    refused(ValueError, "encoding 'utf-9' is unknown", folder, encoding="utf-9")


def test_too_short_a_text_says_what_to_change(folder):
    refused(ValueError, "the val text has 80 tokens, too few for 90 .*batch_size to less than 80", folder,
            unit="words", batch_size=90)  # fmt: skip
