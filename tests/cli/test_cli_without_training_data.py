"""A trained model is tested and used where its training data is not."""

from pathlib import Path

import pytest
import torch

from zoo.cli import main

RECIPE = """
seed_everything: 1
model:
  class_path: LanguageModel
  init_args:
    network: {encoder: {cell: gru, hidden_size: 4}}
data:
  class_path: TextFile
  init_args: {train: train.txt, val: train.txt, test: test.txt, unit: words, batch_size: 2, steps: 4}
trainer: {max_epochs: 1, accelerator: cpu}
"""


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    """The checkpoint of a run whose training text is gone."""
    monkeypatch.chdir(tmp_path)
    Path("recipe.yaml").write_text(RECIPE)
    Path("train.txt").write_text("one two three four five\n" * 20)
    Path("test.txt").write_text("five four three two one\n" * 5)
    assert main(["fit", "--config", "recipe.yaml"]) == 0
    Path("train.txt").unlink()
    return "runs/recipe/version_0/checkpoints/last.ckpt"


def test_a_model_is_tested_without_its_training_text(checkpoint, capsys):
    assert main(["test", "--config", "recipe.yaml", "--ckpt_path", checkpoint]) == 0
    assert "test/perplexity" in capsys.readouterr().out


def test_a_model_predicts_without_its_training_text(checkpoint):
    assert main(["predict", "--config", "recipe.yaml", "--ckpt_path", checkpoint, "--output=raw.pt"]) == 0
    predictions = torch.load("raw.pt", weights_only=True)
    assert predictions[0].shape[-1] == 7  # five words, <unk> and <eos>
