"""What a data file can be when a run reads it: cut short, empty, of another kind; a sentence names it."""

import gzip
import os

import numpy as np
import pytest

FILES = {
    "train-images-idx3-ubyte": (3, (40, 28, 28)),
    "train-labels-idx1-ubyte": (1, (40,)),
    "t10k-images-idx3-ubyte": (3, (20, 28, 28)),
    "t10k-labels-idx1-ubyte": (1, (20,)),
}
HARM = {
    "cut short": lambda path: os.truncate(path, path.stat().st_size // 2),
    "cut short by a byte": lambda path: os.truncate(path, path.stat().st_size - 1),
    "empty": lambda path: os.truncate(path, 0),
    "a web page": lambda path: path.write_text("<!DOCTYPE html><title>404</title>"),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "gone": lambda path: path.unlink(),
}


def idx(dimensions, shape):
    """The content of an IDX file of unsigned bytes."""
    content = np.random.default_rng(0).integers(0, 10, shape, dtype=np.uint8)
    return bytes([0, 0, 8, dimensions]) + np.array(shape, dtype=">u4").tobytes() + content.tobytes()


@pytest.fixture
def mnist(folder):
    """A small MNIST in `mnist`, its images compressed."""
    (folder / "mnist").mkdir()
    for name, (dimensions, shape) in FILES.items():
        content = idx(dimensions, shape)
        if dimensions == 3:
            (folder / "mnist" / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / "mnist" / name).write_bytes(content)
    return folder / "mnist"


def is_said(outcome, failed, folder, path):
    """Whether a mistake names the file and leaves nothing behind."""
    assert path.name.removesuffix(".gz") in failed(outcome, code=2)
    return outcome.out == "" and not list((folder / "runs").rglob("version_*"))


MNIST = ("--data=MNISTSequence", "--data.root=mnist", "--data.val_size=10", "--data.batch_size=4")


def test_the_small_mnist_is_a_good_one(zoo, mnist):
    outcome = zoo("fit", "--config", "small.yaml", *MNIST)
    assert outcome.code == 0, outcome.err


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"])
@pytest.mark.parametrize("how", HARM)
def test_a_file_of_images_or_labels_is(zoo, folder, mnist, failed, how, name):
    HARM[how](mnist / name)
    outcome = zoo("fit", "--config", "small.yaml", *MNIST)
    assert is_said(outcome, failed, folder, mnist / name)


TEXT = ("--data=LabelledText", "--data.train=rows.csv", "--data.text=text", "--data.label=label")
ROWS = "text,label\n" + "".join(f"a text of some words {n},{'yes' if n % 2 else 'no'}\n" for n in range(60))
TORN = {
    "empty": lambda path: path.write_bytes(b""),
    "cut short within a row": lambda path: path.write_text(ROWS[:-5] + "\n"),
    "cut short within a quote": lambda path: path.write_text(ROWS + '"a text that does not end,yes\n'),
    "binary": lambda path: path.write_bytes(bytes(range(256)) * 4),
    "a folder": lambda path: path.mkdir(),
    "gone": lambda path: None,
    "a head without rows": lambda path: path.write_text("text,label\n"),
}


@pytest.mark.parametrize("how", TORN)
def test_a_table_of_texts_is(zoo, folder, failed, how):
    TORN[how](folder / "rows.csv")
    outcome = zoo("fit", "--config", "small.yaml", *TEXT)
    assert is_said(outcome, failed, folder, folder / "rows.csv")


@pytest.mark.parametrize("how", ["empty", "binary", "a folder", "gone"])
def test_a_text_is(zoo, folder, failed, how):
    TORN[how](folder / "rows.csv")
    model = ("--model=LanguageModel", "--model.network.encoder.hidden_size=4")
    outcome = zoo("fit", *model, "--data=TextFile", "--data.train=rows.csv", "--trainer.max_epochs=1")
    assert is_said(outcome, failed, folder, folder / "rows.csv")
