"""What depth leaves of the gradient at initialisation: at layer 1 over at layer L, for every wiring.

    python recipes/results/gradient_by_depth.py

The loss is a random linear read-out of what comes out of the stack at the last step. Its gradient is taken
with respect to what comes out of the wiring around a layer, which is all that layers above see of it, and its
size is the norm over all steps, sequences and units. Inputs are standard normal and as wide as the layers, so
that no wiring has widths to match; the stack is in training. A cell that a wiring refuses is left out.
"""

import csv
import itertools
import os
from contextlib import suppress
from pathlib import Path
from statistics import geometric_mean

import torch

import zoo

CELLS = ("elman", "lstm", "gru", "mingru")
DEPTHS = (2, 4, 8, 16, 32)
SEEDS = range(1, 6)
WIDTH, BATCH, TIME = 64, 16, 32
OPTIONS: dict[str, zoo.WiringSpec] = {"gated_residual, gru": zoo.GatedResidualSpec(gate="gru")}
"""Name -> wiring with options, beside all wirings as they come."""


def ratio(cell: str, wiring: str | zoo.WiringSpec, depth: int, seed: int) -> float:
    """The norm of the gradient at layer 1 over that at the last."""
    torch.manual_seed(seed)
    stack = zoo.StackSpec(cell=cell, hidden_size=WIDTH, num_layers=depth, wiring=wiring).build(WIDTH)
    passed: list[torch.Tensor] = []
    for around in (stack.wirings[0], stack.wirings[-1]):
        around.register_forward_hook(lambda module, arguments, z: passed.append(z))
    outputs, _ = stack(torch.randn(BATCH, TIME, WIDTH))
    loss = (outputs[:, -1] * torch.randn_like(outputs[:, -1])).sum()
    first, last = torch.autograd.grad(loss, passed)
    return float(first.norm() / last.norm())


def row(cell: str, name: str) -> dict[str, str]:
    """The geometric means over seeds for each depth, and the extremes of the deepest."""
    wiring = OPTIONS.get(name, name)
    found = {depth: [ratio(cell, wiring, depth, seed) for seed in SEEDS] for depth in DEPTHS}
    return {
        "cell": cell,
        "wiring": name,
        "seeds": str(len(SEEDS)),
        **{str(depth): f"{geometric_mean(values):.3g}" for depth, values in found.items()},
        f"lowest of {DEPTHS[-1]}": f"{min(found[DEPTHS[-1]]):.3g}",
        f"highest of {DEPTHS[-1]}": f"{max(found[DEPTHS[-1]]):.3g}",
        "torch": torch.__version__,
    }


def main() -> None:
    """Prints and writes the table."""
    rows = []
    for cell, name in itertools.product(CELLS, sorted([*zoo.list_wirings(), *OPTIONS])):
        with suppress(ValueError):
            rows.append(row(cell, name))
            print(*list(rows[-1].values())[:-1], sep="\t", flush=True)
    path = Path(__file__).resolve().parent / "gradient_by_depth.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    print(f"{path}: torch {torch.__version__}, {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
