"""What the tests of the command line share: a small recipe, and running `zoo` in this process."""

from dataclasses import dataclass

import pytest

from zoo.cells import CELLS
from zoo.cli import main

RECIPE = """\
seed_everything: 3
model:
  class_path: SequenceClassifier
  init_args:
    network:
      encoder: {cell: lstm, hidden_size: 8, num_layers: 2, direction: bidirectional, wiring: residual,
                dropout: 0.1}
      pooling: max
    optimizer: {name: Adam, lr: 0.01}
data:
  class_path: Digits
  init_args: {batch_size: 32}
trainer:
  max_epochs: 1
  limit_train_batches: 4
  limit_val_batches: 1
  limit_test_batches: 2
  accelerator: cpu
"""


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    code: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder with the recipe `small.yaml`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ZOO_DEBUG", raising=False)
    monkeypatch.delenv("ZOO_ALLOW_IMPORT", raising=False)
    monkeypatch.setattr("sys.argv", ["zoo"])
    (tmp_path / "small.yaml").write_text(RECIPE)
    return tmp_path


@pytest.fixture
def zoo(folder, capsys):
    """Runs a command line and returns its exit code and what it printed."""

    def run(*arguments):
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    """Cells that a test lets in are gone after it."""
    monkeypatch.setattr(CELLS, "_parts", dict(CELLS._parts))
