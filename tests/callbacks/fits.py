"""Small fits that are cut short and go on, and what they end with."""

from dataclasses import dataclass, field
from pathlib import Path

import lightning.pytorch as pl
import numpy as np
import torch
from lightning.pytorch.callbacks import ModelCheckpoint

import zoo

TEXTS = "".join(f"{'good' if row % 3 else 'bad'},{'word ' * (row % 7)}film {row % 11}\n" for row in range(60))


def encoder(**options):
    return {"cell": "gru", "hidden_size": 4, "num_layers": 2, "dropout": 0.3} | options


def digits(folder, workers=0):
    data = zoo.Digits(batch_size=64, num_workers=workers)
    return zoo.SequenceClassifier, {"encoder": encoder(), "pooling": "max"}, data


def texts(folder, workers=0):
    """Words in batches of like length, in an order that every epoch draws anew."""
    folder.mkdir(exist_ok=True)
    (folder / "texts.csv").write_text(f"label,text\n{TEXTS}")
    data = zoo.LabelledText(root=folder / "texts.csv", batch_size=7, num_workers=workers)
    return zoo.SequenceClassifier, {"encoder": encoder(), "embedding_size": 3, "pooling": "max"}, data


def numbers(folder, workers=0):
    """Data that is made on the fly and never seen again."""
    data = zoo.AddingProblem(
        length=5, batch_size=4, steps_per_epoch=5, val_size=8, test_size=8, num_workers=workers
    )
    return zoo.SequenceRegressor, {"encoder": encoder(), "pooling": "last"}, data


def steps(folder, workers=0):
    """A class for each step."""
    data = zoo.CopyMemory(
        length=3, batch_size=4, steps_per_epoch=5, val_size=8, test_size=8, num_workers=workers
    )
    return zoo.SequenceClassifier, {"encoder": encoder()}, data


def characters(folder, workers=0):
    """Text whose state is carried from batch to batch."""
    data = zoo.PythonDocs(batch_size=8, steps=6, num_workers=workers)
    return zoo.LanguageModel, {"encoder": encoder(), "embedding_size": 3}, data


def waves(folder, workers=0):
    """Windows of a series, whose forecasts correct those of a season ago."""
    folder.mkdir(exist_ok=True)
    values = "\n".join(str(step % 6 + step % 5 / 7) for step in range(80))
    (folder / "waves.csv").write_text(f"value\n{values}\n")
    series = {"horizon": 2, "input_steps": 8, "season": 6, "batch_size": 8, "num_workers": workers}
    data = zoo.Series(root=folder / "waves.csv", **series)
    return zoo.Forecaster, {"encoder": encoder(), "pooling": "last"}, data


def reversals(folder, workers=0):
    """Pairs, of which the second is written."""
    data = zoo.StringReversal(
        symbols=3, shortest=1, longest=2, batch_size=4, steps_per_epoch=5, val_size=4, test_size=4
    )
    return zoo.SequenceToSequence, {"encoder": encoder(), "embedding_size": 3}, data


def music(folder, workers=0):
    """Several labels of each step."""
    folder.mkdir(exist_ok=True)
    rolls = (np.arange(20 * 5 * 3).reshape(20, 5, 3) % 7 < 2).astype("uint8")
    np.savez(folder / "music.npz", train=rolls, valid=rolls[:4], test=rolls[:4])
    return zoo.MultiLabel, {"encoder": encoder()}, zoo.PianoRolls(folder / "music.npz", batch_size=4)


def runs(folder, workers=0):
    """Labels without places."""
    data = zoo.SymbolRuns(symbols=3, shortest=1, longest=2, batch_size=4, steps_per_epoch=5, val_size=4)
    return zoo.CTC, {"encoder": encoder()}, data


def tags(folder, workers=0):
    """A tag for each word, whose letters are read, too."""
    folder.mkdir(exist_ok=True)
    rows = [[f"w{(k + i) % 7} T{(k + i) % 3}" for i in range(1 + k % 4)] for k in range(30)]
    (folder / "tags.txt").write_text("\n\n".join("\n".join(sentence) for sentence in rows) + "\n")
    network = {"encoder": encoder(), "characters": {"encoder": encoder(), "embedding_size": 3}}
    options = {"characters": True, "batch_size": 4, "num_workers": workers}
    return zoo.SequenceTagger, network, zoo.TaggedText(folder / "tags.txt", **options)


def pairs(folder, workers=0):
    """A label for two texts."""
    folder.mkdir(exist_ok=True)
    rows = [f"w{k % 5} w{k % 3}\tw{k % 4}\t{'no' if k % 3 else 'yes'}" for k in range(40)]
    (folder / "pairs.tsv").write_text("\n".join(["first\tsecond\tlabel", *rows]) + "\n")
    data = zoo.LabelledPairs(folder / "pairs.tsv", batch_size=4, num_workers=workers)
    return zoo.PairClassifier, {"encoder": encoder(), "pooling": "max", "pairs": True}, data


SOURCES = {
    source.__name__: source
    for source in (
        *(digits, texts, numbers, steps, characters, waves),
        *(reversals, music, runs, tags, pairs),
    )
}


@dataclass
class Case:
    """What is trained, and how; 3 epochs of 5 batches if nothing else is said."""

    source: str = "digits"
    schedule: dict | None = None
    workers: int = 0
    callbacks: object = list
    trainer: dict = field(default_factory=dict)

    def fit(self, folder, extra=(), checkpoint=None):
        """Fits, and returns the last checkpoint and the losses of all steps."""
        pl.seed_everything(3, verbose=False)
        task, network, data = SOURCES[self.source](folder, self.workers)
        model = task(network, {"name": "Adam", "lr": 0.01}, self.schedule)
        every = {"save_top_k": -1, "save_on_train_epoch_end": True, "enable_version_counter": False}
        losses, kept = Losses(), ModelCheckpoint(folder / "kept", "{epoch}", **every)
        callbacks = [losses, *self.callbacks(), *extra, zoo.ExactResume(), kept]
        options = {"max_epochs": 3, "limit_train_batches": 5, "limit_val_batches": 2} | self.trainer
        quiet = {"enable_progress_bar": False, "enable_model_summary": False, "logger": False}
        trainer = pl.Trainer(
            accelerator="cpu", default_root_dir=folder, callbacks=callbacks, **(quiet | options)
        )
        trainer.fit(model, data, ckpt_path=checkpoint, weights_only=True)
        return torch.load(kept.best_model_path, weights_only=True), losses.losses


class Losses(pl.Callback):
    """The loss of each batch, by how many came before."""

    def __init__(self):
        self.losses = {}

    def on_train_batch_end(self, trainer, module, outputs, batch, index):
        self.losses[trainer.current_epoch, index] = float(outputs["loss"])


class StoppedError(Exception):
    pass


class SaveAt(pl.Callback):
    """Saves at the end of one batch of training or validation, or of a validation, and ends the fit there."""

    def __init__(self, path, epoch, batch, validating=False, stops=True):
        self.path, self.at, self.validating, self.stops = path, (epoch, batch), validating, stops

    def on_train_batch_end(self, trainer, module, outputs, batch, index):
        self.stop(trainer, index, validating=False)

    def on_validation_batch_end(self, trainer, module, outputs, batch, index, dataloader_idx=0):
        if not trainer.sanity_checking:
            self.stop(trainer, index, validating=True)

    def on_validation_end(self, trainer, module):
        if not trainer.sanity_checking:
            self.stop(trainer, "all", validating=True)

    def stop(self, trainer, index, validating):
        if validating == self.validating and (trainer.current_epoch, index) == self.at:
            trainer.save_checkpoint(self.path)
            if self.stops:
                raise StoppedError


def differences(one, other, place=""):
    """Where two checkpoints differ; the folders that they lie in are no difference.

    Nor are the random numbers of Python, from which beartype draws to check annotations in tests.
    """
    if place.startswith("/exact_resume/random/") and place.endswith("/python"):
        return []
    if isinstance(one, torch.Tensor):
        return [] if torch.equal(one, other) else [place]
    if isinstance(one, dict) and isinstance(other, dict):
        one, other = ({_name(key): value for key, value in each.items()} for each in (one, other))
        if one.keys() != other.keys():
            return [f"{place}: {list(one)} or {list(other)}"]
        return [found for key in one for found in differences(one[key], other[key], f"{place}/{key}")]
    if isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [found for index, (a, b) in pairs for found in differences(a, b, f"{place}/{index}")]
    is_same = _name(one) == _name(other) or (one != one and other != other)  # NaN
    return [] if is_same else [f"{place}: {one!r} or {other!r}"]


def _name(value):
    return Path(value).name if isinstance(value, str) and value.startswith("/") else value
