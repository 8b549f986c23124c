"""What `zoo inspect` looks at beside gradients: the data, and how copies of the network learn."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lightning.pytorch import LightningModule
from torch import nn

from zoo.probe.batches import HeldBatches, taken
from zoo.probe.budget import Budget
from zoo.probe.data_facts import data_facts
from zoo.probe.probe import SECONDS, STEPS, Probe
from zoo.tasks.base import Task
from zoo.verdict.judge import to_try
from zoo.verdict.measurements import Measurements


def examined(
    measured: Measurements,
    module: LightningModule,
    data: Any,
    arguments: Mapping[str, Any],
    is_trained: bool = False,
    seconds: float = SECONDS,
) -> Measurements:
    """Measurements with what is known of the data and, of the zoo's tasks, what a short training shows.

    Where the data is broken nothing is trained, for then it is known why that would fail.

    Args:
        measured: Of the module's gradients.
        module: What is looked at; it is left as it is.
        data: Its data module, which is set up.
        arguments: The Trainer's, callbacks as a list.
        is_trained: Whether its weights are not those that training would begin with.
        seconds: Of the processor, for all short trainings.
    """
    held = taken(data.train_dataloader(), STEPS)
    found = replace(measured, data=data_facts(data, held), embedding=largest_embedding(module))
    if not isinstance(module, Task) or not held or found.data is None or found.data.bad:
        return found
    probe = Probe(module, HeldBatches(held, dict(data.sizes)), arguments, is_trained, Budget(seconds))
    learning = probe.learning()
    if learning is None:
        return found
    found = replace(found, learning=learning)
    return replace(found, learning=probe.tried(learning, to_try(found)))


def largest_embedding(module: LightningModule) -> float:
    """The root mean square of the largest of its tables of vectors; NaN where it has none."""
    tables = [part.weight for part in module.modules() if isinstance(part, nn.Embedding)]
    sizes = [float(table.detach().square().mean().sqrt()) for table in tables]
    return max(sizes, default=float("nan"))
