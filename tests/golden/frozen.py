"""Keeps a run of this version of the zoo, which all later versions must load, test and go on with.

Once before each release, from the folder of the project; what is kept is never written anew:

    PYTHONPATH=. python tests/golden/frozen.py
"""

import json
import os
import shutil
import tempfile
from pathlib import Path

import torch
import yaml

import zoo
from zoo.cli import main

HERE = Path(__file__).parent
RECIPE = {
    "model": {
        "class_path": "SequenceClassifier",
        "init_args": {
            "network": {
                "encoder": {"cell": "lstm", "hidden_size": 4},
                "pooling": "max",
            },
            "optimizer": {"name": "SGD", "lr": 0.1, "options": {"momentum": 0.9}},
            "schedule": {"name": "StepLR", "options": {"step_size": 2}},
        },
    },
    "data": {"class_path": "Digits", "init_args": {"batch_size": 32}},
    "trainer": {
        "max_epochs": 2,
        "limit_train_batches": 4,
        "limit_val_batches": 1,
        "limit_test_batches": 4,
        "accelerator": "cpu",
    },
}


def predictions(checkpoint: Path) -> torch.Tensor:
    """What a model of the recipe says to two sequences that are the same everywhere."""
    task = zoo.SequenceClassifier.load_from_checkpoint(checkpoint).eval()
    with torch.no_grad():
        return task(torch.linspace(-1, 1, 2 * 8 * 8).view(2, 8, 8))


def freeze(folder: Path) -> None:
    """Runs the recipe, and keeps its last checkpoint, its whole recipe and what the model says."""
    folder.mkdir()
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        Path("frozen.yaml").write_text(yaml.safe_dump(RECIPE), encoding="utf-8")
        assert main(["fit", "--config", "frozen.yaml"]) == 0
        run = Path("runs/frozen/version_0")
        (folder / "checkpoints").mkdir()
        shutil.copy(run / "checkpoints/last.ckpt", folder / "checkpoints")
        shutil.copy(run / "config.yaml", folder)
        said = {"predictions": predictions(run / "checkpoints/last.ckpt").tolist()}
        (folder / "expected.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
        os.chdir(HERE)


if __name__ == "__main__":
    freeze(HERE / f"zoo_{zoo.__version__}")
