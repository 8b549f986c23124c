"""A run that is killed and goes on ends with the very weights of one that was not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.callbacks.fits import differences

CHARACTERS = """\
seed_everything: 3
model:
  class_path: LanguageModel
  init_args:
    network: {encoder: {cell: gru, hidden_size: 8, num_layers: 2, dropout: 0.3}, embedding_size: 4}
    optimizer: {name: Adam, lr: 0.01}
    schedule: {name: ReduceLROnPlateau, options: {patience: 0, threshold: 10.0, factor: 0.5}}
data:
  class_path: PythonDocs
  init_args: {batch_size: 8, steps: 6, num_workers: 2}
trainer:
  max_epochs: 1
  limit_train_batches: 4
  limit_val_batches: 1
  limit_test_batches: 2
  accelerator: cpu
"""
"""State is carried from batch to batch, two processes load the data, and the schedule looks at validation."""
FIT = ("fit", "--config", "small.yaml", "--trainer.max_epochs=3")
EVERY_THIRD = ("--trainer.callbacks+=ModelCheckpoint", "--trainer.callbacks.every_n_train_steps=3")


def killed(step):
    """Runs the small recipe in a process of its own, which is killed after a step."""
    happening = ("--trainer.callbacks+=happens.At", "--trainer.callbacks.what=the_run_is_killed")
    line = ("-m", "zoo", "--allow-import=happens", *FIT, *EVERY_THIRD, *happening)
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, *line, f"--trainer.callbacks.step={step}"],
        # sums are the same to the last bit only on as many threads as here
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": str(torch.get_num_threads())},
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == -9, done.stderr


def trained(folder, version):
    """What is in the one checkpoint that a run has left."""
    (path,) = (folder / f"runs/small/version_{version}/checkpoints").glob("*.ckpt")
    checkpoint = torch.load(path, weights_only=True)
    kept = ("state_dict", "optimizer_states", "lr_schedulers", "epoch", "global_step")
    return {key: checkpoint[key] for key in kept}


@pytest.mark.parametrize(("recipe", "step"), [(None, 5), (None, 7), (CHARACTERS, 11)])
def test_a_run_is_killed_and_goes_on(zoo, folder, monkeypatch, recipe, step):
    monkeypatch.setattr("torch.utils.data._utils.MP_STATUS_CHECK_INTERVAL", 0.2)
    if recipe is not None:
        (folder / "small.yaml").write_text(recipe)
    killed(step)
    assert trained(folder, 0)["global_step"] == (step - 1) // 3 * 3
    resumed = zoo(*FIT, *EVERY_THIRD, "--ckpt_path=last")
    assert resumed.code == 0, resumed.err
    assert zoo(*FIT, *EVERY_THIRD).code == 0
    assert trained(folder, 1)["global_step"] == 12
    assert differences(trained(folder, 1), trained(folder, 2)) == []


def test_that_would_be_noticed(zoo, folder):
    """Without the states of the generators the run ends with other weights."""
    killed(7)
    (path,) = (folder / "runs/small/version_0/checkpoints").glob("*.ckpt")
    checkpoint = torch.load(path, weights_only=True)
    checkpoint["exact_resume"]["random"] = []
    torch.save(checkpoint, path)
    assert zoo(*FIT, *EVERY_THIRD, "--ckpt_path", path).code == 0
    assert zoo(*FIT, *EVERY_THIRD).code == 0
    places = differences(trained(folder, 1), trained(folder, 2))
    assert any(place.startswith("/state_dict") for place in places)
