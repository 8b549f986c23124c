"""What the LightningModule and the callbacks cost: time per training step against a plain PyTorch loop.

    python recipes/results/overhead.py

Both train the quickstart's model on the quickstart's batches, for as many steps as the quickstart takes, in
turns; the best of several rounds counts.
"""

import csv
import logging
import os
import tempfile
import time
import warnings
from pathlib import Path

import lightning.pytorch as pl
import torch
from torch.nn import functional as F

import zoo

EPOCHS, ROUNDS = 40, 3
NETWORK = zoo.ModelSpec(
    encoder=zoo.StackSpec(
        cell="lstm", hidden_size=64, num_layers=4, direction="bidirectional", wiring="residual", dropout=0.2
    ),
    input_size=8,
    output_size=10,
    pooling="max",
)


def plain(data: zoo.Digits) -> float:
    """Seconds per step of a loop written by hand, with gradients clipped."""
    model = NETWORK.build().train()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    loader, steps = data.train_dataloader(), 0
    start = time.perf_counter()
    for _ in range(EPOCHS):
        for batch in loader:
            loss = F.cross_entropy(model(batch["x"])[0], batch["y"])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            steps += 1
    return (time.perf_counter() - start) / steps


class Clock(pl.Callback):
    """Seconds from the first training step to the end of the last."""

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.start = time.perf_counter()

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.seconds = time.perf_counter() - self.start


def with_zoo(data: zoo.Digits, callbacks: list[pl.Callback]) -> float:
    """Seconds per step of the zoo's task under a Trainer, with its loggers and callbacks."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        trainer = pl.Trainer(
            max_epochs=EPOCHS,
            limit_val_batches=0,
            num_sanity_val_steps=0,
            enable_progress_bar=False,
            enable_model_summary=False,
            enable_checkpointing=False,
            logger=[pl.loggers.CSVLogger(folder), pl.loggers.TensorBoardLogger(folder)],
            callbacks=[clock, *callbacks],
        )
        trainer.fit(zoo.SequenceClassifier(NETWORK, zoo.OptimizerSpec(lr=0.005)), datamodule=data)
        return clock.seconds / trainer.global_step


def clipping() -> zoo.GradientClipping:
    """What clips in the quickstart."""
    return zoo.GradientClipping(max_norm=1.0)


def main() -> None:
    """Prints and writes the table."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    data = zoo.Digits(batch_size=64)
    data.setup("fit")
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, seconds in {
            "plain PyTorch loop": plain(data),
            "zoo task": with_zoo(data, []),
            "zoo task + clipping": with_zoo(data, [clipping()]),
            "zoo task + clipping + histograms": with_zoo(data, [clipping(), zoo.GradientHistogram()]),
            "zoo task + every callback": with_zoo(
                data,
                [
                    clipping(),
                    zoo.GradientHistogram(),
                    zoo.GradientThroughTime(),
                    zoo.RecurrenceHealth(),
                    zoo.NonFiniteGuard(),
                    zoo.Verdict(),
                ],
            ),
        }.items():
            best[name] = min(seconds, best.get(name, seconds))
    reference = best["plain PyTorch loop"]
    rows = [
        {"what": name, "ms_per_step": f"{seconds * 1e3:.2f}", "ratio": f"{seconds / reference:.3f}"}
        for name, seconds in best.items()
    ]
    path = Path(__file__).resolve().parent / f"overhead_{'gpu' if torch.cuda.is_available() else 'cpu'}.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    print(path.read_text() + f"torch {torch.__version__}, {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
