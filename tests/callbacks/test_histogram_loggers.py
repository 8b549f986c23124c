"""The histograms as W&B and TensorBoard keep them, read back from their own files."""

import numpy as np
import pytest
import torch
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger, WandbLogger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

from callbacks.modules import FEW_WORKERS, INF, NAN, Linear, batches, trainer
from callbacks.wandb_file import read_history
from zoo.callbacks.gradient_clipping import GradientClipping
from zoo.callbacks.gradient_histogram import GradientHistogram
from zoo.runs.gradient_records import read_gradients

pytestmark = FEW_WORKERS

GRADIENTS = [[3.0, 0.0, 4.0], [1e-20, 1e7, 0.5], [NAN, 1.0, INF], [0.3, 0.2, 0.1]]
"""With a zero, values beyond the bins on both sides, and steps that are not finite."""


def fit(tmp_path, logger):
    first = CSVLogger(tmp_path, name="run")
    callbacks = [GradientHistogram(every_n_steps=1, detail="gate"), GradientClipping(max_norm=1e6)]
    with pytest.warns(UserWarning, match="NaN or infinite in 1 steps"):
        trainer(tmp_path, *callbacks, logger=[first, logger]).fit(Linear(), batches(*GRADIENTS))
    return list(read_gradients(tmp_path / "run" / "version_0" / "gradients.jsonl"))


def folded(summary):
    counts = list(summary.counts)
    counts[0] += summary.under
    counts[-1] += summary.over
    return counts


def test_wandb_holds_what_the_local_file_holds(tmp_path, offline):
    logger = WandbLogger(project="trial", save_dir=tmp_path, offline=True)
    records = fit(tmp_path, logger)
    rows = read_history(tmp_path)
    found = {row["trainer/global_step"]: row for row in rows if "model/gradient/first/before" in row}
    assert sorted(found) == [record.step for record in records] == [0, 1, 2, 3]
    for record in records:
        for moment, summaries in (("before", record.before), ("after", record.after)):
            for name, summary in summaries.items():
                kept = found[record.step][f"model/gradient/{name}/{moment}"]
                assert kept["_type"] == "histogram"
                assert kept["values"] == folded(summary)
                assert kept["bins"] == pytest.approx(record.bins.edges)
            layer = found[record.step][f"model/gradient/{moment}"]
            assert layer["values"] == np.sum([folded(summary) for summary in summaries.values()], 0).tolist()
    (picture,) = (row["gradients"] for row in rows if "gradients" in row)
    assert picture["_type"] == "image-file"
    assert list(tmp_path.rglob(picture["path"]))


class Recurrent(Linear):
    """Two directions of gates, two biases of each gate; a batch is the gradient of the first rows."""

    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(1, 2, bidirectional=True)

    def loss(self, batch):
        return super().loss(batch) + sum((part[:3].sum(1) * batch).sum() for part in self.matrices())

    def matrices(self):
        return [part.view(6, -1) for part in self.gru.parameters()]


def gru_keys():
    layer = [f"gru_layer_1/gradient/{moment}" for moment in ("before", "after")]
    return layer + [
        f"gru_layer_1/{direction}/{gate}/gradient/{block}/{moment}"
        for direction in ("forward", "backward")
        for gate in "rzn"
        for block in ("input", "recurrent", "bias")
        for moment in ("before", "after")
    ]


@pytest.mark.parametrize("detail", ["layer", "gate"])
def test_wandb_has_exactly_the_keys_of_the_layers_and_gates_and_their_counts(tmp_path, offline, detail):
    logger = WandbLogger(project="trial", save_dir=tmp_path, offline=True)
    fit = trainer(tmp_path, GradientHistogram(detail=detail), logger=[CSVLogger(tmp_path, "run"), logger])
    fit.fit(Recurrent(), batches([3.0, 0.0, 0.004]))
    (record,) = read_gradients(tmp_path / "run" / "version_0")
    (row,) = (row for row in read_history(tmp_path) if "gru_layer_1/gradient/before" in row)
    keys = [key for key in row if key.startswith("gru") and "gradient" in key]
    assert sorted(keys) == sorted(gru_keys() if detail == "gate" else gru_keys()[:2])
    weights = [key for key in row if key.startswith("gru") and "weight" in key.split("/")]
    assert len(weights) == (1 + 2 * 3 * 3 if detail == "gate" else 1)
    count = sum(part.numel() for part in Recurrent().gru.parameters())
    assert sum(row["gru_layer_1/weight"]["values"]) == count
    parts = {name: summary for name, summary in record.before.items() if name.startswith("gru")}
    total = np.sum([folded(summary) for summary in parts.values()], 0)
    assert row["gru_layer_1/gradient/before"]["values"] == total.tolist()
    if detail == "gate":
        backward = "gru_layer_1/backward/z/gradient"
        weight = folded(parts["gru.weight_hh_l0_reverse:z"])
        assert row[f"{backward}/recurrent/before"]["values"] == weight
        biases = [folded(parts[f"gru.bias_{kind}_l0_reverse:z"]) for kind in ("ih", "hh")]
        assert row[f"{backward}/bias/before"]["values"] == np.sum(biases, 0).tolist()
        # The third row of each matrix is the first of gate z; its second row got nothing.
        assert weight == (2 * np.histogram([-2.4], record.bins.edges)[0]).tolist()


def test_tensorboard_holds_what_the_local_file_holds(tmp_path):
    logger = TensorBoardLogger(tmp_path, name="board")
    records = fit(tmp_path, logger)
    events = EventAccumulator(logger.log_dir, size_guidance={"histograms": 0, "images": 0})
    events.Reload()
    assert {"model/gradient/before", "model/gradient/second/after"} <= set(events.Tags()["histograms"])
    kept = {event.step: event.histogram_value for event in events.Histograms("model/gradient/second/before")}
    for record in records:
        counts = folded(record.before["second"])
        if sum(counts):
            (value,) = np.flatnonzero(counts)
            assert kept[record.step].num == 1
            assert kept[record.step].min == pytest.approx(record.bins.edges[value])
            assert kept[record.step].max == pytest.approx(record.bins.edges[value + 1])
        else:
            assert record.step not in kept
    assert [event.step for event in events.Images("gradients")] == [3]


def test_layers_pool_their_parameters_in_tensorboard(tmp_path):
    logger = TensorBoardLogger(tmp_path, name="board")
    fit(tmp_path, logger)
    events = EventAccumulator(logger.log_dir, size_guidance={"histograms": 0})
    events.Reload()
    last = events.Histograms("model/gradient/before")[-1]
    assert (last.step, last.histogram_value.num) == (3, 3)
    assert sum(last.histogram_value.bucket) == 3
    assert torch.tensor(last.histogram_value.bucket_limit).diff().min() > 0
