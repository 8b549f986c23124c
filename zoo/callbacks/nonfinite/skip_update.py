"""The update that an optimiser is about to make: whether it is finite, and how to leave it out."""

from collections.abc import Iterable

import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor
from torch.optim import Optimizer

from zoo.callbacks.gradients import gradient_of, named_gradients, parameters_of, scaler_of
from zoo.diagnostics.histogram import total_norm
from zoo.private.lightning_names import unscales_itself


def norm_and_loss(trainer: Trainer, optimizer: Optimizer, loss: Tensor | float) -> tuple[float, float]:
    """The norm of the gradients, and the loss, for which the host waits once.

    With several processes the sums over them, so that all see what one of them has seen.
    """
    norm = total_norm([gradient_of(parameter) for parameter in parameters_of(optimizer)])
    both = torch.stack([norm, torch.as_tensor(loss).to(norm)])
    if trainer.world_size > 1:
        summed = trainer.strategy.reduce(both, reduce_op="sum")
        assert isinstance(summed, Tensor)
        both = summed
    size, value = both.tolist()
    return size, value


def gradients_in_order(module: LightningModule, optimizer: Optimizer) -> dict[str, Tensor]:
    """The gradients of an optimiser in the order of the module, not in that of the optimiser's groups."""
    named = named_gradients(module, optimizer)
    order = [name.replace("_orig_mod.", "") for name, _ in module.named_parameters()]
    return {name: named[name] for name in [*order, *named] if name in named}


def leave_out(trainer: Trainer, optimizers: Iterable[Optimizer]) -> None:
    """Lets the optimisers' next step change nothing: neither parameters nor moments, nor by weight decay.

    Optimisers pass over parameters without a gradient. Where a gradient scaler has yet to look at the
    gradients, which it does inside the step of some optimisers, it is shown some that make it skip.
    """
    scaled = scaler_of(trainer) is not None
    for optimizer in optimizers:
        for parameter in parameters_of(optimizer):
            if scaled and unscales_itself(optimizer):
                gradient_of(parameter).fill_(torch.nan)
            else:
                parameter.grad = None
