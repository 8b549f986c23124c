"""Each task trained by two processes and by one that has the batches of both; how far they are apart.

`PYTHONPATH=tests python -m distributed.equality` prints a table.
"""

import logging
import tempfile
import warnings
from pathlib import Path
from types import MappingProxyType

import lightning.pytorch as pl
import torch
from lightning.pytorch import Callback
from tasks.test_item_weights import CASES, WEIGHT, B, whole

import zoo
from distributed.two import RANKS, gloo, together
from zoo.data.base import SequenceData
from zoo.data.batches.datasets import TensorSequences
from zoo.data.streams import StreamData, TokenStreams
from zoo.runs.gradient_records import JOURNAL, read_gradients

EPOCHS, BATCH = 1, 2
TEXT = whole(31, below=7)
"""31 tokens in 4 streams: 30 pairs, and the last stream has two ignored targets."""


ALIKE = ("sequence_classifier, smooth", "multi_label, of sequences")
"""Cases whose losses are as those of others."""


WATCHED = ("_sequence_tagger", "_language_model")
"""Runs whose histograms are compared."""


class Held(SequenceData):
    """A batch as a data set; validation has five of its items, which two processes cannot halve."""

    sizes = MappingProxyType({})

    def __init__(self, batch, batch_size):
        super().__init__(batch_size)
        self.whole = batch

    def load(self, split):
        kept = slice(None) if split == "train" else slice(B - 1)
        names = self.whole if split == "train" else self.whole.keys() - {"weight"}
        return TensorSequences({name: self.whole[name][kept] for name in names})


class Streams(StreamData):
    """A text in parallel streams."""

    sizes, vocabulary = MappingProxyType({}), None

    def __init__(self, batch_size):
        super().__init__(batch_size, steps=3, test_batch_size=1, num_workers=0)

    def learn(self):
        raise AssertionError

    text = learn

    def load(self, split):
        return TokenStreams(TEXT, self.batch_size, self.steps)


class Kept(Callback):
    """Keeps the loss and the gradients of each step, as they are before and after clipping."""

    def __init__(self):
        self.losses, self.raw, self.clipped = [], [], []

    def on_after_backward(self, trainer, pl_module):
        self.raw.append([p.grad.clone() for p in pl_module.parameters()])

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        self.clipped.append([p.grad.clone() for p in pl_module.parameters()])
        self.losses.append(trainer.callback_metrics["train/loss"].double())


def tagged(**options):
    encoder = {"cell": "lstm", "hidden_size": 4, "num_layers": 2}
    network = {"encoder": encoder, "pooling": "none", "vocab_size": 7, "embedding_size": 3, "output_size": 7}
    return zoo.LanguageModel(network, **options)


def runs():
    """What is trained: a name, what makes the task, and what makes its data."""
    for case, (make, batch) in CASES.items():
        if case in ALIKE:
            continue
        yield case, make, lambda size, batch=batch: Held(batch, size)
    for case in ("sequence_tagger, crf", "sequence_regressor", "sequence_to_sequence"):
        make, batch = CASES[case]
        yield f"{case}, weighted", make, lambda size, batch=batch: Held({**batch, "weight": WEIGHT}, size)
    network = CASES["sequence_tagger"][0]().hparams.network
    limited = {**network, "encoder": {**network["encoder"], "recurrent_gradient_clip": 0.005}}
    make, batch = (lambda: zoo.SequenceTagger(limited)), CASES["sequence_tagger"][1]
    yield "sequence_tagger, recurrent clip", make, lambda size: Held(batch, size)
    network = CASES["sequence_classifier"][0]().hparams.network
    yield (
        "sequence_classifier, balanced",
        lambda: zoo.SequenceClassifier(network, class_weights="balanced"),
        lambda size: Held(CASES["sequence_classifier"][1], size),
    )
    yield "language_model", tagged, Streams
    yield "language_model, penalised", lambda: tagged(activation_penalty=2.0, temporal_penalty=1.0), Streams


def trained(make, data, folder, several):
    """The steps of a run, and what is known at its end."""
    torch.manual_seed(0)
    task = make()
    task.optimizer = zoo.OptimizerSpec(name="SGD", lr=0.1)
    kept = Kept()
    watching = [zoo.GradientClipping(max_norm=0.3), kept]
    if folder.name.endswith(WATCHED):  # each draws a picture in the end, which takes longer than the fit
        watching.append(zoo.GradientHistogram(every_n_steps=1))
    shared = {"devices": RANKS, "strategy": gloo()} if several else {"devices": 1}
    trainer = pl.Trainer(
        default_root_dir=folder,
        accelerator="cpu",
        max_epochs=EPOCHS,
        precision="64-true",
        callbacks=watching,
        log_every_n_steps=1,
        num_sanity_val_steps=0,
        **dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar"), False),
        enable_model_summary=False,
        **shared,
    )
    trainer.fit(task, datamodule=data(BATCH if several else RANKS * BATCH))
    metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
    return {"losses": kept.losses, "raw": kept.raw, "clipped": kept.clipped, "metrics": metrics}


def each(rank, folder, several=True):
    """Trains all of them in this process, one after the other."""
    warnings.simplefilter("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    for number, (name, make, data) in enumerate(runs()):
        place = folder / f"{'several' if several else 'one'}_{name}"
        torch.save(trained(make, data, place, several), folder / f"{number}_{rank}.pt")


def compared(folder):
    """For each run the largest differences of losses, gradients, clipped gradients and metrics."""
    together(each, folder)
    each("alone", folder, several=False)
    for number, (name, _, _) in enumerate(runs()):
        first, second, alone = (torch.load(folder / f"{number}_{rank}.pt") for rank in (0, 1, "alone"))
        yield name, {key: apart(alone[key], first[key], second[key]) for key in alone}


def apart(expected, *found):
    """The largest difference between numbers in nested lists and mappings."""
    flat, *others = (numbers(part) for part in (expected, *found))
    assert all(len(other) == len(flat) for other in others)
    return max(float((other - flat).abs().max()) for other in others)


def numbers(part):
    if isinstance(part, dict):
        return numbers([part[name] for name in sorted(part)])
    if isinstance(part, list):
        return torch.cat([numbers(each) for each in part])
    return torch.as_tensor(part, dtype=torch.float64).flatten()


def histograms(folder, name):
    """Those of two processes and of one."""
    return [read_gradients(folder / f"{who}_{name}" / JOURNAL) for who in ("several", "one")]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print("| task | loss | gradients | clipped | metrics |\n|---|---|---|---|---|")
        for name, found in compared(Path(place)):
            print(f"| {name} | " + " | ".join(f"{value:.0e}" for value in found.values()) + " |")
