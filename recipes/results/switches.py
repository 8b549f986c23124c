"""Measures what each switch costs: the time of a training step over that of the same layer without it.

    python recipes/results/switches.py
    python recipes/results/tables.py

Writes `switches_cpu.csv`, from which docs/switches.md has its table. A step is a layer's forward and backward
pass; steps with and without are taken in turn, and the ratio is the median of theirs.
"""

import csv
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import torch

from zoo.stack import Stack, StackSpec
from zoo.switches import SWITCHES

FILE = Path(__file__).resolve().parent / "switches_cpu.csv"
CELLS = ("lstm", "gru")
SHAPES = ((256, 32, 64), (128, 32, 256))
REPEATS = 15


def seconds(stack: Stack, x: torch.Tensor) -> float:
    """Of one step."""
    start = time.perf_counter()
    stack(x)[0].sum().backward()
    return time.perf_counter() - start


def ratio(switch: str, cell: str, shape: tuple[int, int, int]) -> tuple[float, str]:
    """The time with a switch over that without, and the engine that ran it."""
    steps, batch, width = shape
    x = torch.randn(batch, steps, width)
    plain = StackSpec(cell=cell, hidden_size=width).build(width)
    switched = StackSpec(cell=cell, hidden_size=width, switches=switch).build(width)
    for stack in (plain, switched):  # compiles
        seconds(stack, x)
    found = median(seconds(switched, x) / seconds(plain, x) for _ in range(REPEATS))
    return found, switched.layers[0].ways()[0].choice("cpu").name


def rows() -> Iterator[dict[str, str]]:
    """A row for each switch that a cell takes, each with its default options."""
    for switch in SWITCHES.names():
        for cell in CELLS:
            if (switch, cell) == ("gate_start", "gru"):
                continue  # its default is a forget gate
            for shape in SHAPES:
                found, engine = ratio(switch, cell, shape)
                yield {
                    "switch": switch,
                    "cell": cell,
                    "shape": "x".join(map(str, shape)),
                    "engine": engine,
                    "ratio": f"{found:.2f}",
                }


if __name__ == "__main__":
    torch.manual_seed(0)
    found = list(rows())
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(found[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)
