"""Which file each split is read from: every way of naming files, and what the splits then serve."""

import logging

import pytest
import torch

from zoo.data.labelled_text import LabelledText
from zoo.data.text_file import TextFile
from zoo.data.words.vocabulary import PADDING, UNKNOWN, Characters, Words

SPLITS = ("train", "val", "test")
GIVEN = ("", "train", "val", "test", "train val", "train test", "val test", "train val test")
# What train, val and test are read from: T, V, E the file named so; t, v, e that of the folder; r the file
# root; - nothing, which is refused. Splits with the same letter share that file.
READ = {
    "none": ("", "T--", "-V-", "--E", "TV-", "TTE", "-VE", "TVE"),
    "folder": ("tve", "Tve", "tVe", "tvE", "TVe", "TvE", "tVE", "TVE"),
    "folder without val": ("tte", "TTe", "tVe", "ttE", "TVe", "TTE", "tVE", "TVE"),
    "folder without test": ("tv-", "Tv-", "tV-", "tvE", "TV-", "TvE", "tVE", "TVE"),
    "file": ("rrr", "Trr", "rVr", "rrE", "TVr", "TrE", "rVE", ""),
}
FILES = {"t": "d/train", "v": "d/dev", "e": "d/test", "r": "root", "T": "a", "V": "b", "E": "c", "P": "p"}
SHARES = {"val": 0.1, "test": 0.2}
SIZE = 200


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "d").mkdir()
    return tmp_path


class OfLabelledText:
    """Labelled texts, each of which is in one file only."""

    ending = ".csv"

    def content(self, letter):
        return [(f"{letter} w{k}", "neg" if k % 2 else "pos") for k in range(SIZE)]

    def write(self, path, letter):
        lines = ["text,label", *(",".join(row) for row in self.content(letter))]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def make(self, root, files):
        data = LabelledText(root, **files, val_fraction=0.1, test_fraction=0.2)
        texts = "\n".join(text for letter in FILES for text, _ in self.content(letter))
        words = Words.learn(texts, (PADDING, UNKNOWN))
        data.load_state_dict({"vocabulary": words.state_dict(), "labels": ["neg", "pos"]})
        return data

    def served(self, data, split):
        rows = []
        for batch in data.loader(split):
            labels = (
                [data.labels[number] for number in batch["y"]] if "y" in batch else ["?"] * len(batch["x"])
            )
            rows += zip((data.vocabulary.decode(row.tolist()) for row in batch["x"]), labels, strict=True)
        return rows

    def whole(self, letter, parts):
        """Whether the parts are the file, every text once."""
        rows = sorted(row for part in parts for row in part)
        return rows == sorted((text, "?" if letter == "P" else label) for text, label in self.content(letter))


class OfTextFile:
    """Text, of which each line is in one file only."""

    ending = ".txt"

    def content(self, letter):
        return "".join(f"{letter} {k:04}\n" for k in range(SIZE))

    def write(self, path, letter):
        path.write_text(self.content(letter), encoding="utf-8")

    def make(self, root, files):
        data = TextFile(root, **files, val_fraction=0.1, test_fraction=0.2, batch_size=1)
        characters = Characters.learn("".join(self.content(letter) for letter in FILES))
        data.load_state_dict({"vocabulary": characters.state_dict()})
        return data

    def served(self, data, split):
        x, y = (torch.cat([batch[name] for batch in data.loader(split)], dim=1) for name in ("x", "y"))
        return data.vocabulary.decode([int(x[0, 0]), *y[0].tolist()])

    def whole(self, letter, parts):
        """Whether the parts are the file, one after the other."""
        return "".join(parts) == self.content(letter)


def named(kind, folder, root, given):
    """The arguments root and files, with the files written."""
    skipped = {"folder without val": "v", "folder without test": "e"}.get(root)
    paths = {letter: folder / (name + kind.ending) for letter, name in FILES.items() if letter != skipped}
    for letter, path in paths.items():
        kind.write(path, letter)
    places = {"none": None, "file": paths["r"]}
    letters = {"train": "T", "val": "V", "test": "E", "predict": "P"}
    return places.get(root, folder / "d"), {split: paths[letters[split]] for split in given}


@pytest.mark.parametrize("kind", [OfLabelledText(), OfTextFile()], ids=["LabelledText", "TextFile"])
@pytest.mark.parametrize("root", READ)
@pytest.mark.parametrize(("given", "column"), [(given, k) for k, given in enumerate(GIVEN)])
@pytest.mark.parametrize("predict", [False, True], ids=["", "predict"])
def test_each_split_serves_its_own_file_or_its_share_of_one(folder, kind, root, given, column, predict):
    root_path, files = named(kind, folder, root, given.split() + ["predict"] * predict)
    expected = READ[root][column]
    if not expected and not files:
        with pytest.raises(ValueError, match="no data is named"):
            kind.make(root_path, files)
        return
    data = kind.make(root_path, files)
    if root == "none" and not expected:
        expected = "---"
    if not expected:
        for split in SPLITS:
            with pytest.raises(ValueError, match="train, val and test have one; leave root out"):
                data.dataset(split)
        return
    read = {}
    for split, letter in zip(SPLITS, expected, strict=True):
        if letter == "-":
            with pytest.raises(FileNotFoundError, match=f"no file for {split}"):
                data.dataset(split)
        else:
            read.setdefault(letter, {})[split] = kind.served(data, split)
    for letter, parts in read.items():
        assert kind.whole(letter, [parts[split] for split in SPLITS if split in parts])
        assert all(parts.values())
    if predict:
        assert kind.whole("P", [kind.served(data, "predict")])
    elif expected[2] != "-":
        assert sorted(kind.served(data, "predict")) == sorted(kind.served(data, "test"))


@pytest.mark.parametrize("kind", [OfLabelledText(), OfTextFile()], ids=["LabelledText", "TextFile"])
@pytest.mark.parametrize(
    ("given", "shares"),
    [
        ([], {"train": 0.7, "val": 0.1, "test": 0.2}),
        (["test"], {"train": 0.9, "val": 0.1}),
        (["val"], {"train": 0.8, "test": 0.2}),
        (["train"], {"val": 1 / 3, "test": 2 / 3}),
    ],
)
def test_a_file_is_divided_by_the_fractions_among_the_splits_that_have_no_other(folder, kind, given, shares):
    data = kind.make(*named(kind, folder, "file", given))
    sizes = {split: len(kind.served(data, split)) for split in shares}
    whole = sum(sizes.values())
    assert {split: size / whole for split, size in sizes.items()} == pytest.approx(shares, abs=0.01)


def write(path, count=40, start=0):
    rows = (f"w{k} x,{'ab'[k % 2]}" for k in range(start, start + count))
    path.write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    return path


def test_validation_that_is_held_out_of_training_is_said_once(folder, caplog):
    write(folder / "train.csv")
    write(folder / "test.csv", start=40)
    (folder / "notes.md").write_text("notes")
    data = LabelledText(folder, val_fraction=0.25)
    with caplog.at_level(logging.INFO, logger="zoo"):
        for stage in ("fit", "test", "fit"):
            data.setup(stage)
        text = TextFile(train=folder / "train.csv", test=folder / "test.csv", batch_size=2)
        text.setup("fit")
    first, second = (record.getMessage() for record in caplog.records)
    assert [len(data.dataset(split)) for split in SPLITS] == [30, 10, 40]
    assert first == (
        f"there is no file for val in {folder} (files: notes.md, test.csv, train.csv): the share 0.25 "
        f"(val_fraction) of {folder / 'train.csv'} is held out of training for validation"
    )
    assert "the share 0.05 (val_fraction) of" in second


def test_nothing_is_said_of_what_is_refused_or_gone(folder, caplog):
    files = {"train": write(folder / "a.csv"), "test": write(folder / "b.csv", start=40)}
    with (
        caplog.at_level(logging.INFO, logger="zoo"),
        pytest.raises(ValueError, match="val_fraction is 0, and val has no file"),
    ):
        LabelledText(**files, val_fraction=0.0).setup("fit")
    files["train"].unlink()
    with caplog.at_level(logging.INFO, logger="zoo"):
        LabelledText(**files).setup("test")
    assert not caplog.records


@pytest.mark.parametrize(("fraction", "given"), [("val_fraction", "val"), ("test_fraction", "test")])
def test_a_fraction_may_be_0_where_a_file_takes_its_place(folder, fraction, given):
    root, other = write(folder / "all.csv"), write(folder / "other.csv", start=40)
    data = LabelledText(root, **{given: other, fraction: 0.0})
    assert len(data.dataset(given)) == 40
    for kind in (LabelledText, TextFile):
        with pytest.raises(ValueError, match=f"{fraction} is 0, and {given} has no file; expected a file as"):
            kind(root, **{fraction: 0.0}).setup("fit")


@pytest.mark.parametrize("kind", [LabelledText, TextFile])
@pytest.mark.parametrize("fractions", [(-0.1, 0.1), (0.1, -0.1), (0.5, 0.5), (float("nan"), 0.1)])
def test_fractions_that_leave_no_training_data_are_refused_before_anything_is_read(kind, fractions):
    val, test = fractions
    with pytest.raises(
        ValueError, match=f"must not be negative and add up to less than 1, got {val} and {test}"
    ):
        kind("x", val_fraction=val, test_fraction=test)


def test_no_text_is_in_two_splits_unless_one_file_is_named_for_both(folder, caplog):
    root = write(folder / "all.csv")
    with pytest.raises(ValueError, match=r"all.csv is read for train and val and for test; name another"):
        LabelledText(root, test=folder / "d" / ".." / "all.csv").setup("fit")
    write(folder / "dev.csv")
    write(folder / "train.csv", start=40)
    with pytest.raises(ValueError, match=r"dev.csv is read for val and for test; name .* for both"):
        LabelledText(folder, test=folder / "dev.csv").setup("fit")
    with caplog.at_level(logging.INFO, logger="zoo"):
        LabelledText(folder, val=folder / "dev.csv", test=folder / "dev.csv").setup("fit")
    assert [record.getMessage() for record in caplog.records] == [
        f"{folder / 'dev.csv'} is named for val and for test: its texts are in both"
    ]


def test_a_file_of_a_folder_that_looks_like_two_splits_is_neither(folder):
    write(folder / "train_test.csv")
    with pytest.raises(ValueError, match=r"train_test.csv is read for train and val and for test; name"):
        LabelledText(folder).setup("fit")


def test_a_rare_label_is_trained_on_however_much_is_held_out(folder):
    path = folder / "all.csv"
    rows = [*(f"w{k},{'ab'[k % 2]}" for k in range(40)), "w,c", "v,d", "u,d"]
    path.write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    data = LabelledText(path, val_fraction=0.4, test_fraction=0.4)
    data.setup("fit")
    data.setup("test")
    assert data.labels == ["a", "b", "c", "d"]


def test_too_few_texts_to_divide_are_named(folder):
    with pytest.raises(ValueError, match=r"all.csv: 2 items are too few to divide in 3"):
        LabelledText(write(folder / "all.csv", 2)).setup("fit")
