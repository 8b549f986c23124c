"""Which layer and parameter NaN or infinity came from first, in words."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from torch import Tensor
from torch.optim import Optimizer

from zoo.callbacks.gradients import left_to_scaler
from zoo.callbacks.nonfinite.finite import is_finite, leaves
from zoo.callbacks.nonfinite.microbatch_losses import Culprit
from zoo.callbacks.nonfinite.rollback import capture, put_back
from zoo.callbacks.nonfinite.skip_update import gradients_in_order
from zoo.callbacks.nonfinite.watch import Watch
from zoo.diagnostics.parameter_paths import layer_of


def locate_nonfinite(
    watch: Watch, trainer: Trainer, module: LightningModule, optimizer: Optimizer, loss: float
) -> str:
    """What is not finite, from its origin on; "" if nothing is or the gradient scaler sees to it.

    Args:
        watch: The batch in progress; its buffers get back what they held before a loss was not finite.
        trainer: Whose fit it is.
        module: What is trained.
        optimizer: The one about to step.
        loss: The sum of the losses since the last update, over all processes.
    """
    suspects = [watch.batch, *watch.losses.batches]
    if math.isfinite(loss):
        parts = [say_gradients(gradients_in_order(module, optimizer), None)]
        if not parts[0] or bool(left_to_scaler(trainer, module.device)):
            return ""
    else:
        culprit = watch.losses.culprit(loss, trainer.world_size)
        # All processes run the last calls again, which may wait for each other.
        output = watch.calls.first_output(trainer, module)
        output = output if culprit.last else None
        gradients = say_gradients(gradients_in_order(module, optimizer), output)
        parts, suspects = [say_loss(culprit), say_output(output), gradients], culprit.batch
    # First, or running means that this batch has spoilt would pass for overflowed weights.
    put_back(watch.buffers)
    overflowed = say_weights(watch.overflowed(capture(trainer)))
    return ", ".join(part for part in [overflowed, *parts, say_batch(suspects)] if part)


def say_loss(culprit: Culprit) -> str:
    """What is wrong with a loss, and where."""
    return f"the loss is {'NaN' if math.isnan(culprit.loss) else 'infinite'}{culprit.place}"


def say_output(name: str | None) -> str:
    """Which output is the first that is not finite, as `Calls.first_output` names it."""
    if name is None:
        return ""
    if not name:
        return "the outputs of all layers are finite"
    return f"the first output that is not finite is that of {layer_of_module(name)} ({name})"


def layer_of_module(name: str) -> str:
    """The layer that a module is, or is in."""
    return layer_of(f"{name}.weight")


def say_gradients(gradients: Mapping[str, Tensor], origin: str | None) -> str:
    """Which gradient was the first that is not finite, or "" where all are.

    Backpropagation goes from the last layer to the first, and what it meets on its way is in all layers
    after that. So the first is in the last layer that has such a gradient.

    Args:
        gradients: The gradients by parameter, in the order in which the network runs.
        origin: The module whose output was the first that is not finite, if one was.
    """
    bad = [name for name, gradient in gradients.items() if not is_finite(gradient)]
    if not bad:
        return ""
    broken = {layer_of(name) for name in bad}
    # A layer's wiring comes after all layers, so the order is that in which layers are met first.
    layer = [layer for layer in dict.fromkeys(map(layer_of, gradients)) if layer in broken][-1]
    if origin and layer_of_module(origin) in broken:
        layer = layer_of_module(origin)
    name = next(name for name in bad if layer_of(name) == layer)
    kind = "NaN" if bool(gradients[name].isnan().any()) else "infinite"
    others = f"; {len(bad)} of {len(gradients)} parameters have such a gradient" if len(bad) > 1 else ""
    return f"the gradient of {layer} is {kind} (parameter {name}{others})"


def say_weights(names: Iterable[str]) -> str:
    """Which weight an earlier update has made NaN or infinite, or "" where none is."""
    name = next(iter(names), "")
    if not name:
        return ""
    return f"{layer_of(name)} holds NaN or infinity since the update before ({name})"


def say_batch(batch: Any) -> str:
    """Whether the data are to blame."""
    good = all(is_finite(value) for value in leaves(batch))
    return "" if good else "the batch itself holds NaN or infinity"
