"""One run that is exported in all forms."""

import contextlib

import pytest

from zoo.cli import main

RECIPE = """\
seed_everything: 3
model:
  class_path: SequenceClassifier
  init_args:
    network: {encoder: {cell: gru, hidden_size: 8}, pooling: last}
    optimizer: {name: Adam, lr: 0.01}
data: {class_path: Digits, init_args: {batch_size: 32}}
trainer:
  {max_epochs: 1, limit_train_batches: 4, limit_val_batches: 1, limit_test_batches: 2, accelerator: cpu}
"""


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """The folder with `runs/small`, which tests read only."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "small.yaml").write_text(RECIPE)
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.argv", ["zoo"])
        assert main(["fit", "--config", "small.yaml"]) == 0
    return folder
