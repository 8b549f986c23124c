"""The gradient of the state, clipped at each step of the backward pass."""

import math
from typing import Any, NoReturn, cast

import torch
from torch import Tensor

from zoo.engines.recurrence import State


def clip_gradient(state: State, limit: float) -> State:
    """The same state, whose gradient is clipped to [-limit, limit], entry by entry; 0 clips nothing.

    NaN stays NaN. Forward mode, which differentiates the values, sees no clipping.
    """
    if limit == 0 or not torch.is_grad_enabled():
        return state
    return tuple(_applied(ClipGradient, part, limit_in(part.dtype, limit)) for part in state)


def limit_in(dtype: torch.dtype, limit: float) -> float:
    """The limit as this type of numbers has it: infinite where it is beyond the largest."""
    return limit if limit <= torch.finfo(dtype).max else math.inf


class ClipGradient(torch.autograd.Function):
    """A tensor as it is, with a clipped gradient."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, limit: float) -> Tensor:
        """The tensor itself."""
        return x.view_as(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, float], output: Tensor) -> None:
        """Keeps the limit."""
        _, ctx.limit = inputs

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None]:
        """Clips."""
        return _applied(Clipped, slope, ctx.limit), None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, _: None) -> Tensor:
        """The tangent as it is."""
        return tangent.view_as(tangent)


class Clipped(torch.autograd.Function):
    """A gradient within limits.

    It has no derivative: autograd would clip on its way back through the values too, so that a second
    derivative would be that of nothing.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(slope: Tensor, limit: float) -> Tensor:
        """max(-limit, min(limit, slope)), entry by entry."""
        return slope.clamp(-limit, limit)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, float], output: Tensor) -> None:
        """Keeps nothing."""

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> NoReturn:
        """Refuses.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(
            "a second derivative was asked for through a recurrence whose gradient is clipped at each step; "
            "expected recurrent_gradient_clip 0 there"
        )

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, _: None) -> NoReturn:
        """Refuses, as `backward` does."""
        Clipped.backward(ctx, tangent)


def _applied(function: type[torch.autograd.Function], x: Tensor, limit: float) -> Tensor:
    return cast("Tensor", function.apply(x, limit))  # type: ignore[no-untyped-call]
