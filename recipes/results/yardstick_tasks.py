"""The tasks of `yardsticks.py`: their data, what is measured on it, and one training loop for all."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, count, islice
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from yardstick_networks import Network, Sizes

import zoo

Batch = dict[str, Tensor]
Measures = Callable[[Tensor, Batch], dict[str, Tensor]]
"""Means over a batch by name, of scores (B, T, O); first that of the loss."""

IGNORED, COPIED = -100, 10


@dataclass(frozen=True, kw_only=True)
class YardstickTask:
    """What contenders are trained for."""

    data: Callable[[int], zoo.SequenceData]
    """Makes sequences of a length."""
    measures: Measures
    """What is trained and reported."""
    length: int
    """Of the training sequences."""
    others: tuple[int, ...]
    """Lengths that are tested, too."""
    updates: int
    """Training steps."""
    budget: int = 32_000
    """Parameters of each contender."""


def last_class(scores: Tensor, batch: Batch) -> dict[str, Tensor]:
    """One class for a sequence, said at its last step."""
    loss = F.cross_entropy(scores[:, -1], batch["y"])
    return {"loss": loss, "accuracy": (scores[:, -1].argmax(-1) == batch["y"]).float().mean()}


def copied(scores: Tensor, batch: Batch) -> dict[str, Tensor]:
    """A class for each step; the accuracy is that of the symbols to recall, without blanks before them."""
    right = scores[:, -COPIED:].argmax(-1) == batch["y"][:, -COPIED:]
    return {"loss": next_token(scores, batch)["loss"], "accuracy": right.float().mean()}


def next_token(scores: Tensor, batch: Batch) -> dict[str, Tensor]:
    """The token after each step."""
    loss = F.cross_entropy(scores.flatten(0, 1), batch["y"].flatten(), ignore_index=IGNORED)
    return {"loss": loss, "bits_per_character": loss / math.log(2)}


def digits(length: int) -> zoo.SequenceData:
    """Scanned digits, pixel by pixel; they have one length."""
    assert length == 64
    return zoo.Digits(order="pixels", batch_size=16)


def copying(length: int) -> zoo.SequenceData:
    """Ten symbols to recall after a gap of this length."""
    return zoo.CopyMemory(length=length, batch_size=8, val_size=256, test_size=512)


def text(root: Path | None, length: int) -> zoo.SequenceData:
    """The characters of a file, or of Python's documentation, in pieces that are read each by itself."""
    if root is None:
        return zoo.PythonDocs(batch_size=8, steps=length, test_batch_size=16)
    return zoo.TextFile(root=root, batch_size=8, steps=length, test_batch_size=16)


def tasks(root: Path | None) -> dict[str, YardstickTask]:
    """The tasks by name.

    Args:
        root: A text to model; None takes Python's documentation.
    """
    return {
        "digits": YardstickTask(data=digits, measures=last_class, length=64, others=(), updates=1200),
        "copy": YardstickTask(
            data=copying, measures=copied, length=100, others=(200,), updates=3000, budget=10_000
        ),
        "text": YardstickTask(
            data=partial(text, root), measures=next_token, length=128, others=(256, 1024), updates=2000
        ),
    }


def sizes_of(data: zoo.SequenceData) -> Sizes:
    """What a network for this data reads and answers."""
    tokens = "vocab_size" in data.sizes
    names = ("vocab_size", "vocab_size") if tokens else ("input_size", "num_classes")
    inputs, outputs = (data.sizes[name] for name in names)
    steps = next(iter(data.val_dataloader()))["x"].shape[1]
    return Sizes(inputs=inputs, outputs=outputs, steps=steps, tokens=tokens)


def batches(data: zoo.SequenceData) -> Iterator[Batch]:
    """Training batches without end."""
    loader = data.train_dataloader()

    def epoch(number: int) -> Iterator[Batch]:
        loader.sampler.set_epoch(number)
        return iter(loader)

    return chain.from_iterable(map(epoch, count()))


def train(network: Network, task: YardstickTask, data: zoo.SequenceData, rate: float) -> None:
    """Adam, a rate that rises for a tenth of the updates and then falls to 0, gradients clipped at norm 1."""
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate, total_steps=task.updates, pct_start=0.1, cycle_momentum=False
    )
    for batch in islice(batches(data), task.updates):
        update(network, optimizer, task.measures, batch)
        schedule.step()


def update(network: Network, optimizer: torch.optim.Optimizer, measures: Measures, batch: Batch) -> None:
    """One training step."""
    loss, *_ = measures(network(batch["x"]), batch).values()
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()


@torch.no_grad()
def measured(network: Network, measures: Measures, loader: Iterable[Batch]) -> dict[str, float]:
    """What is measured, the mean over all targets."""
    network.eval()
    totals, targets = Counter[str](), 0
    for batch in loader:
        number = int((batch["y"] != IGNORED).sum())
        targets += number
        for name, value in measures(network(batch["x"]), batch).items():
            totals[name] += float(value) * number
    return {name: total / targets for name, total in totals.items()}
