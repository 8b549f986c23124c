"""What `checkpoint_every` costs and saves over long sequences: time and memory of a training step.

python recipes/results/chunks.py
"""

import csv
from pathlib import Path

from zoo.bench import Shape, load, machine, measure
from zoo.stack import StackSpec

RESULT = Path(__file__).with_name("chunks_cpu.csv")
SHAPE = Shape(steps=4096, batch_size=8, input_size=256, width=256)
CELLS, LAYERS, CHUNKS = ("lstm", "mingru"), 2, (0, 1024, 256, 64, 16)


def main() -> None:
    """Measures, prints, and keeps the table."""
    print(machine(), f"load {load()}")
    with RESULT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["cell", "layers", "steps", "checkpoint_every", "ms", "MiB"])
        for cell in CELLS:
            for every in CHUNKS:
                spec = StackSpec(
                    cell=cell, num_layers=LAYERS, hidden_size=SHAPE.width, checkpoint_every=every
                )
                timing = measure(spec, SHAPE, repeats=3)
                memory = "" if timing.memory is None else f"{timing.memory / 2**20:.0f}"
                row = [cell, LAYERS, SHAPE.steps, every, f"{timing.seconds * 1e3:.0f}", memory]
                writer.writerow(row)
                print(*row)


if __name__ == "__main__":
    main()
