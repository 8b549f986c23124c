"""Times the contenders of `yardsticks.py`: a training step, and a step of a stream after so many others.

All of a task are timed in one process on one thread, in turns, and medians are kept. A stream has batch size
1. The zoo's stacks carry their state, the TCN the steps that its convolutions still need, the Transformer the
keys and values of all that it has read: `kept` is how many numbers that is.
"""

import csv
import time
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median

import torch
from torch.nn.utils import parametrize
from yardstick_contenders import built, parameters
from yardstick_networks import Network, State
from yardstick_tasks import Batch, YardstickTask, batches, sizes_of, update

FILE = Path(__file__).resolve().parent / "yardsticks_time.csv"
ROUNDS = 20
STREAMED = (100, 1_000, 10_000)
"""Steps of a stream after which one is timed."""
WINDOW = 100
"""Steps of which the median is taken."""


def training(networks: dict[str, Network], task: YardstickTask, shown: Iterator[Batch]) -> dict[str, float]:
    """Seconds of a training step by contender; the first one, which may compile, is not counted."""
    optimizers = {name: torch.optim.Adam(network.parameters()) for name, network in networks.items()}
    taken: dict[str, list[float]] = {name: [] for name in networks}
    for batch in islice(shown, ROUNDS + 1):
        for name, network in networks.items():
            start = time.perf_counter()
            update(network, optimizers[name], task.measures, batch)
            taken[name].append(time.perf_counter() - start)
    return {name: median(each[1:]) for name, each in taken.items()}


class Stream:
    """A network that reads a stream x (B, T, ...) in a circle, and how long its last steps took."""

    def __init__(self, network: Network, x: torch.Tensor) -> None:
        self.network, self.x = network.eval(), x
        self.state: State = network.initial_state(1)
        self.read = 0
        self.taken = deque[float](maxlen=WINDOW)

    def read_until(self, steps: int) -> None:
        """Goes on until so many steps have been read."""
        while self.read < steps:
            x = self.x[:1, self.read % self.x.shape[1]]
            start = time.perf_counter()
            _, self.state = self.network.step(x, self.state)
            self.taken.append(time.perf_counter() - start)
            self.read += 1

    def kept(self) -> int:
        """How many numbers it carries on."""
        return sum(part.numel() for layer in self.state for part in layer)


@torch.no_grad()
def streamed(networks: dict[str, Network], x: torch.Tensor) -> list[tuple[str, int, float, int]]:
    """Contender, steps read, seconds of a step then, numbers kept.

    Each reads on by itself, so that what one keeps does not drive what others keep out of the cache.
    """
    streams, found = {name: Stream(network, x) for name, network in networks.items()}, []
    with parametrize.cached():  # weights are normalised once, as whoever uses them would do
        for steps in STREAMED:
            for name, stream in streams.items():
                stream.read_until(steps)
                found.append((name, steps, median(stream.taken), stream.kept()))
    return found


def rows_of(task_name: str, task: YardstickTask, contenders: list[str]) -> Iterator[dict[str, str]]:
    """The rows of a task."""
    data = task.data(task.length)
    data.setup()
    sizes = sizes_of(data)
    networks = {name: built(name, sizes, task.budget) for name in contenders}
    told = {
        name: {"task": task_name, "contender": name, "parameters": str(parameters(network))}
        for name, network in networks.items()
    }
    for name, taken in training(networks, task, batches(data)).items():
        row = {"what": "training", "steps": str(sizes.steps), "ms": f"{taken * 1e3:.4g}", "kept": ""}
        yield told[name] | row
    x = next(iter(data.val_dataloader()))["x"]
    for name, steps, taken, kept in streamed(networks, x):
        row = {"what": "streaming", "steps": str(steps), "ms": f"{taken * 1e3:.4g}", "kept": str(kept)}
        yield told[name] | row


def write_times(tasks: dict[str, YardstickTask], contenders: list[str]) -> None:
    """Times the contenders of these tasks, and writes the file anew."""
    rows = [row for name, task in tasks.items() for row in rows_of(name, task, contenders)]
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(FILE.read_text(encoding="utf-8"))
