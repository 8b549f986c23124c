"""A first model that is sensible for so much data, in the zoo's own terms.

Rules of thumb: a state of 32 to 256 units by the number of sequences, some 3,000 steps of training, a stop
when validation gets no better.
"""

from typing import Any

STEPS = 3000
WIDTHS = {1_000: 32, 10_000: 64, 100_000: 128}
"""Below so many sequences -> units of a layer."""


def width_for(sequences: int) -> int:
    """Units of a layer for so many training sequences."""
    return next((width for most, width in WIDTHS.items() if sequences < most), 256)


def batch_for(sequences: int) -> int:
    """Sequences of a batch: at least ten batches in an epoch."""
    return max(4, min(64, sequences // 10))


def epochs_for(sequences: int, batch_size: int) -> int:
    """Epochs of some 3,000 steps together, from 3 to 60."""
    return max(3, min(60, round(STEPS * batch_size / max(1, sequences))))


def trainer(epochs: int, monitor: str = "val/loss", patience: int = 5) -> dict[str, Any]:
    """A Trainer that clips, watches gradients, and stops when validation gets no better."""
    return {
        "max_epochs": epochs,
        "callbacks": [
            {"class_path": "GradientClipping", "init_args": {"max_norm": 1.0}},
            {"class_path": "GradientHistogram"},
            {"class_path": "EarlyStopping", "init_args": {"monitor": monitor, "patience": patience}},
        ],
    }


STOPS = "training ends when val/loss has not fallen for this many epochs; the best epoch is tested"


def classifier(sequences: int, pooling: str) -> dict[str, Any]:
    """A bidirectional GRU over features, for a class of each sequence."""
    return _pooled("SequenceClassifier", sequences, pooling)


def regressor(sequences: int, pooling: str) -> dict[str, Any]:
    """A bidirectional GRU over features, for a number of each sequence."""
    return _pooled("SequenceRegressor", sequences, pooling)


def _pooled(task: str, sequences: int, pooling: str) -> dict[str, Any]:
    encoder = {"cell": "gru", "hidden_size": max(64, width_for(sequences)), "direction": "bidirectional"}
    network = {"encoder": encoder, "pooling": pooling, "output_dropout": 0.3}
    return {
        "class_path": task,
        "init_args": {"network": network, "optimizer": {"name": "Adam", "lr": 0.003}},
    }
