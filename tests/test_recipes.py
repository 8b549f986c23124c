"""Every recipe, complete and runnable: shortened, through the command line."""

import csv
import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
import yaml

from zoo.cli import main
from zoo.cli.recipes.resolve import resolve

RECIPES = Path(__file__).parent.parent / "recipes"
NAMES = sorted(str(path.relative_to(RECIPES)) for path in RECIPES.rglob("*.yaml"))
SHORT = [
    "--trainer.max_epochs=1",
    *(f"--trainer.limit_{split}_batches=2" for split in ("train", "val", "test")),
]


def mnist(folder):
    """The four files of MNIST with a few random images."""
    generator = np.random.default_rng(0)
    for prefix, count in (("train", 40), ("t10k", 12)):
        images = generator.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = generator.integers(0, 10, count, dtype=np.uint8)
        image_header, label_header = struct.pack(">4i", 2051, count, 28, 28), struct.pack(">2i", 2049, count)
        with gzip.open(folder / f"{prefix}-images-idx3-ubyte.gz", "wb") as file:
            file.write(image_header + images.tobytes())
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(label_header + labels.tobytes())
    return [f"--data.root={folder}", "--data.val_size=8", "--data.batch_size=4"]


def reviews(folder):
    """A file of a label and a text in each line."""
    path = folder / "reviews.all"
    lines = [f"{k % 2} a {'good' if k % 2 else 'bad'} film , number {k}" for k in range(60)]
    path.write_text("\n".join(lines) + "\n", encoding="latin-1")
    return [f"--data.root={path}", "--data.batch_size=4"]


def treebank(folder):
    """Three files of words, a sentence a line."""
    for split in ("train", "valid", "test"):
        (folder / f"ptb.{split}.txt").write_text(" the cat sat on <unk> mat N times \n" * 150)
    return [f"--data.root={folder}", "--data.batch_size=2"]


def play(folder):
    """A text of a few thousand characters."""
    path = folder / "play.txt"
    path.write_text("FIRST CITIZEN: Speak, speak.\n" * 200)
    return [f"--data.root={path}", "--data.batch_size=4"]


def tagged(folder):
    """Three files of CoNLL-U."""
    words = (("the", "DET"), ("cat", "NOUN"), ("sat", "VERB"), (".", "PUNCT"))
    rows = [f"{k}\t{word}\t_\t{tag}" + "\t_" * 6 for k, (word, tag) in enumerate(words, 1)]
    for split in ("train", "dev", "test"):
        (folder / f"en_ewt-ud-{split}.conllu").write_text(("# a comment\n" + "\n".join(rows) + "\n\n") * 20)
    return [f"--data.root={folder}", "--data.batch_size=4"]


def series(*columns):
    """Makes a file of steps of so many columns, with a wave in each."""

    def make(folder):
        path = folder / "series.csv"
        rows = [[step, *(step % 6 + (step * k) % 5 for k in range(1, len(columns)))] for step in range(900)]
        path.write_text("\n".join(",".join(map(str, row)) for row in [columns, *rows]) + "\n")
        return [f"--data.root={path}", "--data.input_steps=60", "--data.batch_size=4"]

    return make


def vowels(folder):
    """Series of two dimensions with a class each."""
    head = "@problemName Vowels\n@timeStamps false\n@classLabel true a b\n@data\n"
    rows = "".join(f"{k},2,3:{k},1,0:{'ab'[k % 2]}\n" for k in range(20))
    for part in ("TRAIN", "TEST"):
        (folder / f"Vowels_{part}.ts").write_text(head + rows)
    return [f"--data.root={folder}", "--data.batch_size=4"]


def chorales(folder):
    """Piano rolls of 88 keys."""
    generator = np.random.default_rng(0)
    pieces = {split: generator.integers(0, 2, (8, 12, 88)) for split in ("train", "valid", "test")}
    np.savez(folder / "chorales.npz", **pieces)
    return [f"--data.root={folder / 'chorales.npz'}"]


FILES = {
    "jsb": chorales,
    "ud_ewt": tagged,
    "mnist": mnist,
    "labelled": reviews,
    "ptb": treebank,
    "tiny_shakespeare": play,
    "sunspots": series("YEAR", "SUNACTIVITY"),
    "electrical": series("DATE", "STS.M.I7.W.TOVT.NS0016.4.000"),
    "seattle": series("date", "temp_max", "temp_min", "precipitation", "wind"),
    "co2": series("date", "co2"),
    "japanese": vowels,
}
SMALLER = {
    "seattle": ["--data.season=7"],
    "adding": ["--data.val_size=20", "--data.test_size=20"],
    "agreement": ["--data.val_size=20", "--data.test_size=20"],
    "dyck2": ["--data.val_size=20", "--data.test_size=20"],
    "hidden_spans": ["--data.val_size=20", "--data.test_size=20"],
    "copy": ["--data.val_size=20", "--data.test_size=20"],
    "symbol": ["--data.val_size=20", "--data.test_size=20"],
    "dates": ["--data.val_size=20", "--data.test_size=20"],
    "string": ["--data.val_size=20", "--data.test_size=20"],
    "mnist_pixels": ["--model.network.encoder.hidden_size=4"],
}


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_trains_and_tests(name, tmp_path, monkeypatch, capfd):
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_MODE", "offline")
    stem = Path(name).stem
    options = [option for key, make in FILES.items() if stem.startswith(key) for option in make(data)]
    options += [option for key, more in SMALLER.items() if stem.startswith(key) for option in more]
    assert main(["fit", "--config", str(RECIPES / name), *SHORT, *options]) == 0, capfd.readouterr().err
    run = tmp_path / "runs" / stem / "version_0"
    for file in ("config.yaml", "metrics.csv", "gradients.png", "gradients.jsonl"):
        assert (run / file).stat().st_size > 0, file
    rows = list(csv.DictReader((run / "metrics.csv").read_text().splitlines()))
    assert any(row.get("test/loss") for row in rows)
    assert list((run / "checkpoints").glob("*.ckpt"))


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_in_full_is_the_same_recipe(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    stem = Path(name).stem
    root = ["--data.root=somewhere"] if stem.startswith(tuple(FILES)) else []
    assert main(["fit", "--config", str(RECIPES / name), *root, "--print_config"]) == 0
    full = capsys.readouterr().out
    (tmp_path / "full.yaml").write_text(full)
    assert main(["fit", "--config", "full.yaml", "--print_config"]) == 0
    again = capsys.readouterr().out
    assert resolve(yaml.safe_load(again)) == resolve(yaml.safe_load(full))
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_says_what_it_is_and_what_to_expect(name):
    text = (RECIPES / name).read_text()
    comment = [line for line in text.splitlines() if line.startswith("#")]
    assert text.startswith("# ")
    assert any(line.startswith("# Expect: ") for line in comment)
    assert "http" in text or "LeCun" in text or "Alpaydin" in text
    assert {"seed_everything", "model", "data", "trainer"} <= set(yaml.safe_load(text))


def test_running_a_recipe_twice_keeps_both_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ["fit", "--config", str(RECIPES / "classification/digits_bilstm_residual.yaml"), *SHORT]
    assert main(command) == 0
    assert main([*command, "--model.optimizer.lr=0.25"]) == 0
    runs = [tmp_path / "runs/digits_bilstm_residual" / f"version_{k}" for k in (0, 1)]
    rates = [
        yaml.safe_load((run / "config.yaml").read_text())["model"]["init_args"]["optimizer"]["lr"]
        for run in runs
    ]
    assert rates == [0.005, 0.25]
    assert all((run / "metrics.csv").exists() for run in runs)
