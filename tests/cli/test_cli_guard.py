"""Runs that meet NaN, through the command line."""

import sys

import pytest
import torch

from zoo.runs.events import read_events

FIT = ("fit", "--config", "small.yaml", "--test_after_fit", "false", "--trainer.callbacks+=non_finite_guard")
BREAKS = """
import torch
from lightning.pytorch import Callback


class Break(Callback):
    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if trainer.global_step == 5:
            batch["x"][0] = torch.nan
"""


@pytest.fixture
def broken(zoo, folder, monkeypatch):
    """Fits with a guard, and a batch that holds NaN in the sixth step."""
    (folder / "breaks.py").write_text(BREAKS)
    monkeypatch.setattr("sys.path", [*sys.path])

    def run(*options):
        return zoo(
            *("--allow-import", "breaks", *FIT, *options),
            *("--trainer.callbacks+=breaks.Break", "--trainer.max_epochs", "3"),
        )

    return run


def last(folder):
    return torch.load(folder / "runs/small/version_0/checkpoints/last.ckpt", weights_only=True)


def events(folder):
    return [event.kind for event in read_events(folder / "runs/small/version_0/events.jsonl")]


def test_a_bad_batch_ends_the_run_with_a_line_and_a_code(broken, folder):
    outcome = broken()
    assert outcome.code == 1
    (line,) = [line for line in outcome.err.splitlines() if line.startswith("zoo: error")]
    for words in ("step 5: the loss is NaN", "layer 1", "the batch itself holds NaN", "max_norm: 1.0"):
        assert words in line
    assert "parameter model.encoder.layers.0." in line
    assert "Traceback" not in outcome.err
    kept = last(folder)
    assert kept["global_step"] == 4
    assert all(value.isfinite().all() for value in kept["state_dict"].values())
    assert events(folder) == ["nonfinite", "stop"]


@pytest.mark.parametrize("action", ["skip", "rollback"])
def test_a_bad_batch_is_said_and_survived(broken, folder, action):
    outcome = broken("--trainer.callbacks.action", action)
    assert outcome.code == 0, outcome.err
    said = {"skip": "this update was left out, 1 so far", "rollback": "last.ckpt, learning rate 0.005"}
    assert said[action] in outcome.err
    kept = last(folder)
    assert kept["global_step"] == 12
    assert all(value.isfinite().all() for value in kept["state_dict"].values())
    assert events(folder) == ["nonfinite", action]
    header = (folder / "runs/small/version_0/metrics.csv").read_text().splitlines()[0]
    assert {"skip": "guard/skipped", "rollback": "guard/rollbacks"}[action] in header


def test_an_unknown_action_is_a_mistake_with_the_known_ones(zoo, folder):
    outcome = zoo(*FIT, "--trainer.callbacks.action", "rolback")
    assert outcome.code == 2
    assert "rollback" in outcome.err


LANGUAGE = """\
seed_everything: 3
model:
  class_path: LanguageModel
  init_args:
    network: {encoder: {cell: lstm, hidden_size: 8}, embedding_size: 4}
    optimizer: {name: Adam, lr: 0.01}
data: {class_path: PythonDocs, init_args: {batch_size: 4, num_steps: 8}}
trainer: {max_epochs: 1, limit_train_batches: 6, limit_val_batches: 1, accelerator: cpu}
"""
