"""What the command line says of a user's own data."""

import pytest

FILES = """\
data:
  class_path: LabelledText
  init_args: {train: train.csv, test: test.csv, empty: skip, batch_size: 8}
"""
OWN = """
import torch
from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader, TensorDataset


class Own(LightningDataModule):
    sizes = {"input_size": 3, "num_classes": 4}

    def train_dataloader(self):
        return DataLoader(TensorDataset(torch.randn(8, 5, 3), torch.randint(0, 4, (8,))), batch_size=4)

    val_dataloader = train_dataloader
"""


@pytest.fixture
def recipe(folder):
    """The small recipe, with other data."""

    def make(data):
        text = (folder / "small.yaml").read_text()
        start, end = text.index("data:"), text.index("trainer:")
        (folder / "own.yaml").write_text(text[:start] + data + text[end:])
        return "own.yaml"

    return make


def test_what_was_held_out_and_left_out_is_said_once(zoo, folder, recipe):
    for name, rows in (("train", "good,1\nbad,0\n" * 30 + ",1\n"), ("test", "fine,1\nbad,0\n" * 5)):
        (folder / f"{name}.csv").write_text("text,label\n" + rows)
    outcome = zoo("fit", "--config", recipe(FILES))
    assert outcome.code == 0
    assert "test/accuracy" in outcome.out
    said = [line for line in outcome.err.splitlines() if "train.csv" in line]
    assert said == [
        "zoo: there is no file for val: the share 0.1 (val_fraction) of train.csv is held out of training "
        "for validation",
        "zoo: train.csv: leaving out 1 of 61 rows, for want of a text or a label",
    ]


def test_batches_that_are_tuples_are_a_mistake_said_in_a_line(zoo, folder, recipe, monkeypatch):
    (folder / "own_module.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(folder))
    own = recipe("data: {class_path: own_module.Own}\n")
    outcome = zoo("fit", "--allow-import", "own_module", "--config", own)
    assert outcome.code == 2
    assert (
        "SequenceClassifier got a list of (4, 5, 3) float32, (4,) int64; expected a dict of x" in outcome.err
    )
    assert len(outcome.err.splitlines()) == 1
