"""A short training that keeps nothing but its losses."""

import math
import warnings
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from lightning.pytorch import Callback, LightningDataModule, LightningModule, Trainer
from lightning.pytorch.utilities.seed import isolate_rng
from torch import Tensor

from zoo.callbacks.gradient_clipping import GradientClipping
from zoo.probe.budget import Budget

LAST = 5
"""The loss after a training is the mean over one in so many of its steps, the last ones."""


@final
@dataclass(frozen=True, kw_only=True)
class Trained:
    """Losses of a short training, of each step that was taken."""

    losses: Sequence[float]

    def is_whole(self, steps: int) -> bool:
        """Whether all of so many steps were taken, or there was a reason to take no more."""
        return len(self.losses) == steps or not all(map(math.isfinite, self.losses))

    @property
    def end(self) -> float:
        """The loss at its end; infinite where any was not finite."""
        return self.after(len(self.losses))

    def after(self, steps: int) -> float:
        """The loss after so many steps; infinite where any before was not finite."""
        losses = self.losses[:steps]
        if not losses or not all(map(math.isfinite, losses)):
            return math.inf
        return float(np.mean(losses[-max(len(losses) // LAST, 1) :]))


@final
class ShortTraining:
    """Trains modules for a few steps each, all from the same random numbers.

    Args:
        arguments: The Trainer's, callbacks as a list; of these only what clips stays.
    """

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self.arguments = dict(arguments)

    def __call__(
        self, module: LightningModule, data: LightningDataModule, steps: int, budget: Budget
    ) -> Trained:
        """Trains a module, whose weights stay as they are then.

        Args:
            module: What is trained.
            data: On what.
            steps: How many steps at most.
            budget: Where it is spent, training stops, although there would be more.
        """
        listener = _Listener(budget)
        clipping = [deepcopy(part) for part in self.arguments["callbacks"] if _clips(part)]
        changed = {
            "callbacks": [listener, *clipping],
            "max_steps": steps,
            "max_epochs": -1,
            "limit_train_batches": 1.0,
        }
        with isolate_rng(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is wrong with the recipe was said when it was looked at
            torch.manual_seed(0)
            Trainer(**self.arguments | UNKEPT | changed).fit(module, datamodule=data)
        return Trained(losses=listener.losses)


UNKEPT = {
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "limit_val_batches": 0,
    "num_sanity_val_steps": 0,
    "accumulate_grad_batches": 1,
    "fast_dev_run": False,
    "min_steps": None,
    "min_epochs": None,
}
"""Arguments of a Trainer that keeps nothing and looks at training data alone."""


@final
class _Listener(Callback):
    """Notes losses, and stops where they are not finite, or the budget is spent."""

    def __init__(self, budget: Budget) -> None:
        self.losses: list[float] = []
        self.budget = budget

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        loss = outputs["loss"] if isinstance(outputs, Mapping) else outputs
        if isinstance(loss, Tensor):
            self.losses.append(float(loss))
            trainer.should_stop = not math.isfinite(self.losses[-1]) or self.budget.is_spent


def _clips(part: Any) -> bool:
    return isinstance(part, GradientClipping)
