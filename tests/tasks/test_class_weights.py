"""Classes that are rare, and targets that are not to be believed altogether."""

import numpy as np
import pytest
import torch
from lightning import pytorch as pl
from sklearn.utils.class_weight import compute_class_weight

import zoo
from zoo.tasks.classes import balanced_weights

NETWORK = {"encoder": {"cell": "gru", "hidden_size": 4}, "pooling": "last"}


def fitted(folder, x, y, epochs=1, **options):
    pl.seed_everything(1, verbose=False)
    task = zoo.SequenceClassifier(NETWORK, {"name": "Adam", "lr": 0.02}, **options)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = pl.Trainer(max_epochs=epochs, accelerator="cpu", default_root_dir=folder, **quiet)
    trainer.fit(task, zoo.Arrays(x, y, batch_size=20))
    return task


def rare(count=200):
    """One in twenty is of the second class, which noise hides."""
    draw = np.random.default_rng(0)
    y = (np.arange(count) % 20 == 0).astype(int)
    x = draw.normal(size=(count, 4, 1)) + 0.5 * y[:, None, None]
    return x.astype("float32"), y


def test_balanced_weights_are_scikit_learns():
    y = torch.tensor([0, 0, 0, 1, 1, 2, 0, -100])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=y[:-1].numpy())
    assert balanced_weights([y[:3], y[3:]], 3).tolist() == pytest.approx(expected.tolist())
    assert balanced_weights([y], 4)[3] == 0


def test_a_rare_class_is_found_once_it_counts_as_much(tmp_path):
    x, y = rare()
    found = {}
    for weights in ("none", "balanced"):
        task = fitted(tmp_path / weights, x, y, epochs=15, class_weights=weights)
        said = task(torch.tensor(x)).argmax(-1).numpy()
        found[weights] = (said[y == 1] == 1).mean()
    assert found["none"] < 0.3
    assert found["balanced"] > 0.7


def test_the_training_loss_is_torchs_and_others_are_plain(tmp_path):
    x, y = rare(40)
    task = fitted(tmp_path, x, y, class_weights="balanced", label_smoothing=0.1)
    batch = {"x": torch.tensor(x), "y": torch.tensor(y)}
    losses = {}
    task.log = lambda name, value, **_: losses.__setitem__(name, value)
    for stage in ("train", "val"):
        task._step(batch, stage)
    logits = task(batch["x"])
    weights = torch.tensor([40 / (2 * 38), 40 / (2 * 2)])
    smooth = torch.nn.functional.cross_entropy(logits, batch["y"], task._weights, label_smoothing=0.1)
    torch.testing.assert_close(losses["train/loss"], smooth.detach())
    plain = torch.nn.functional.cross_entropy(logits, batch["y"])
    torch.testing.assert_close(losses["val/loss"], plain.detach())
    assert task._weights[1] / task._weights[0] > 5
    assert weights[1] > weights[0]


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="label_smoothing"):
        zoo.SequenceClassifier(NETWORK, label_smoothing=1.5)
