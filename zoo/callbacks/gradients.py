"""What the callbacks that look at gradients share: which gradients, how scaled, and where not to look."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Bool, Float
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.plugins import MixedPrecision
from lightning.pytorch.strategies import DeepSpeedStrategy, FSDPStrategy, ModelParallelStrategy
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from zoo.diagnostics.gate_slices import blocks, gate_rows
from zoo.private.lightning_names import unscales_itself

SHARDED = (DeepSpeedStrategy, FSDPStrategy, ModelParallelStrategy)


def refuse_shards(callback: str, trainer: Trainer) -> None:
    """Raises ValueError where a process holds only a part of each gradient."""
    if isinstance(trainer.strategy, SHARDED):
        raise ValueError(
            f"{callback} needs whole gradients, got {type(trainer.strategy).__name__}, which splits them "
            "over processes; expected strategy auto or ddp"
        )


def parameters_of(optimizer: Optimizer) -> list[nn.Parameter]:
    """The parameters that an optimiser updates and that have a gradient, each once."""
    groups = (parameter for group in optimizer.param_groups for parameter in group["params"])
    return [parameter for parameter in dict.fromkeys(groups) if parameter.grad is not None]


def gradient_of(parameter: nn.Parameter) -> Tensor:
    """The gradient as a dense tensor that shares its memory: of a sparse one, the stored entries."""
    assert parameter.grad is not None
    if not parameter.grad.is_sparse:
        return parameter.grad
    # Until coalesced, a row that was looked up twice is stored as two halves of its gradient.
    parameter.grad = parameter.grad.coalesce()
    return parameter.grad.values()


def named_gradients(module: LightningModule, optimizer: Optimizer) -> dict[str, Tensor]:
    """The gradients of an optimiser by the names that the module gives its parameters."""
    names = {parameter: name.replace("_orig_mod.", "") for name, parameter in module.named_parameters()}
    return {
        names.get(parameter, f"unnamed.{index}"): gradient_of(parameter)
        for index, parameter in enumerate(parameters_of(optimizer))
    }


def named_blocks(module: LightningModule, optimizer: Optimizer) -> dict[str, Tensor]:
    """The same with gates apart: "weight_hh:f" holds the rows of gate f (`zoo.diagnostics.gate_slices`)."""
    return dict(blocks(named_gradients(module, optimizer), gate_rows(module)))


def index_of(trainer: Trainer, optimizer: Optimizer) -> int:
    """Which of the Trainer's optimisers this is."""
    return next(index for index, known in enumerate(trainer.optimizers) if known is optimizer)


def loss_scale(trainer: Trainer, optimizer: Optimizer) -> Float[Tensor, ""] | float:
    """What the gradients are still multiplied by when the step begins.

    Under 16-bit precision Lightning divides the gradients by the loss scale before any callback sees them,
    except for optimisers (the fused ones) that do so inside their step.
    """
    scaler = scaler_of(trainer)
    if scaler is None or not unscales_itself(optimizer):
        return 1.0
    return scale_of(scaler, parameters_of(optimizer)[0].device)


def scaler_of(trainer: Trainer) -> torch.amp.GradScaler | None:
    """The gradient scaler of 16-bit mixed precision, which skips updates that are not finite."""
    precision = trainer.precision_plugin
    return precision.scaler if isinstance(precision, MixedPrecision) else None


def scale_of(scaler: torch.amp.GradScaler, device: torch.device) -> Float[Tensor, ""]:
    """What a scaler multiplies the loss by, on a device, for which the host does not wait."""
    # `get_scale` would wait.
    scale = scaler.scale(torch.ones((), device=device))
    assert isinstance(scale, Tensor)
    return scale


def left_to_scaler(trainer: Trainer, device: torch.device) -> Bool[Tensor, ""] | None:
    """Whether a gradient scaler sees to gradients that are not finite; None where there is no scaler.

    It skips the update, as it often has to, and lowers its scale. At a scale of 1 or less the scale is not
    to blame any more.
    """
    scaler = scaler_of(trainer)
    return None if scaler is None else scale_of(scaler, device) > 1


def call_before_update(optimizer: Optimizer, action: Callable[[], None]) -> RemovableHandle:
    """Calls `action` at each step when the gradients are final and the parameters still unchanged.

    Lightning hands the backward pass and all clipping to `Optimizer.step` as its closure, and the moment is
    when that closure is done: before the step it has not come yet, and after the step it is too late, for
    an optimiser may use the gradients as scratch space. Under a gradient scaler there is no closure.

    Returns:
        What removes the call.
    """

    def hook(
        optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        # `args` begins with the optimiser itself.
        closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
        if closure is None:
            action()
            return args, kwargs

        def closure_then_action() -> Any:
            loss = closure()
            action()
            return loss

        return args[:1], kwargs | {"closure": closure_then_action}

    return optimizer.register_step_pre_hook(hook)
