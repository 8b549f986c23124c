"""How far float32 is from float64 after a long sequence, by engine, beside torch's layers.

python recipes/results/precision.py

Each stack reads T = 10,000 steps in float32 and in float64 with the same weights and inputs. Kept is
the largest difference of outputs, and of the gradients of a random sum of outputs, over the largest value.
"""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from zoo.stack import Stack, StackSpec

RESULT = Path(__file__).with_suffix(".csv")
STEPS, BATCH, WIDTH, SEED = 10_000, 4, 64, 1
ENGINES = ("c", "native", "eager", "reference")
CELLS = ("lstm", "gru", "elman", "mgu", "peephole_lstm", "mingru")
TORCH = {"lstm": nn.LSTM, "gru": nn.GRU, "elman": nn.RNN}


def outcome(run: Callable[[Tensor], Tensor], module: nn.Module, dtype: torch.dtype) -> list[Tensor]:
    """Outputs, and the gradient of each parameter."""
    generator = torch.Generator().manual_seed(SEED)
    x, g = (torch.randn(BATCH, STEPS, WIDTH, generator=generator, dtype=torch.float64) for _ in range(2))
    y = run(x.to(dtype))
    return [y.detach(), *torch.autograd.grad(y, list(module.parameters()), g.to(dtype))]


def errors(run: Callable[[Tensor], Tensor], module: nn.Module) -> tuple[float, float]:
    """Of the outputs, and the largest of the gradients."""
    single = [part.double() for part in outcome(run, module.float(), torch.float32)]
    double = outcome(run, module.double(), torch.float64)  # the same numbers, with more room
    found = [float((a - b).abs().max() / b.abs().max()) for a, b in zip(single, double, strict=True)]
    return found[0], max(found[1:])


def rows() -> Iterator[tuple[str, str, float, float]]:
    """Cell, engine, and the two errors."""
    for cell in CELLS:
        for engine in ENGINES:
            torch.manual_seed(SEED)
            try:
                stack = Stack(StackSpec(cell=cell, hidden_size=WIDTH, engine=engine), WIDTH)
            except ValueError:
                continue  # this engine does not run this cell
            yield cell, engine, *errors(lambda x, stack=stack: stack(x)[0], stack)
        if cell in TORCH:
            torch.manual_seed(SEED)
            layer = TORCH[cell](WIDTH, WIDTH, batch_first=True)
            yield cell, f"nn.{TORCH[cell].__name__}", *errors(lambda x, layer=layer: layer(x)[0], layer)


def main() -> None:
    """Measures, prints, and keeps the table."""
    with RESULT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["cell", "engine", "outputs", "gradients"])
        for cell, engine, outputs, gradients in rows():
            writer.writerow([cell, engine, f"{outputs:.1e}", f"{gradients:.1e}"])
            print(f"{cell:14} {engine:10} {outputs:.1e} {gradients:.1e}", flush=True)


if __name__ == "__main__":
    main()
