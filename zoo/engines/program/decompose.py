"""Functions written such that their derivatives hold for all numbers, too.

torch takes these apart into choices between two values, and the derivative of a choice is a factor of 0 or 1
for each: where the value that is not taken has an infinite derivative, 0 times that is NaN. Here it is kept
finite. At the corners the derivatives are those that torch's own kernels have.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def elu(x: Tensor, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Tensor:
    """Also selu."""
    below = torch.expm1(x.clamp_max(0.0) * input_scale)
    return torch.where(x > 0, x * scale, below * (alpha * scale))


def celu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """elu of x / α, times α."""
    return elu(x, alpha, 1.0, 1 / alpha)


def softplus(x: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(βx)) / β; x beyond the threshold of βx."""
    # where exp overflows, as from 11.1 on in half precision, the two have long been the same number
    threshold, scaled = min(threshold, math.log(torch.finfo(x.dtype).max) - 0.1), x * beta
    return torch.where(scaled > threshold, x, torch.log1p(torch.exp(scaled.clamp_max(threshold))) / beta)


def mish(x: Tensor) -> Tensor:
    """x tanh(softplus(x))."""
    return x * torch.tanh(softplus(x))


def hardtanh(x: Tensor, low: float = -1.0, high: float = 1.0) -> Tensor:
    """Also relu6."""
    return torch.where(x <= low, low, torch.where(x >= high, high, x))


def hardsigmoid(x: Tensor) -> Tensor:
    """(x + 3) / 6 between 0 and 1."""
    return torch.where(x <= -3, 0.0, torch.where(x >= 3, 1.0, (x + 3) / 6))


def hardswish(x: Tensor) -> Tensor:
    """x times its hardsigmoid."""
    inner = torch.where(x.abs() >= 3, 0.0, x)
    return torch.where(x <= -3, 0.0, torch.where(x >= 3, x, inner * (inner + 3) / 6))


def logit(x: Tensor, eps: float | None = None) -> Tensor:
    """log(x / (1 - x)), of x kept eps away from 0 and 1."""
    if eps is not None:
        x = torch.where(x < eps, eps, torch.where(x > 1 - eps, 1 - eps, x))
    return torch.log(x) - torch.log1p(-x)


def sinc(x: Tensor) -> Tensor:
    """sin(πx) / πx, and 1 at 0."""
    angle = x * math.pi
    is_small = angle.abs() < 0.05
    square = torch.where(is_small, angle, 0.0) ** 2
    series = 1 - square / 6 * (1 - square / 20 * (1 - square / 42))
    large = torch.where(is_small, 1.0, angle)
    return torch.where(is_small, series, torch.sin(large) / large)


DECOMPOSED: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (elu, celu, softplus, mish, hardtanh, hardsigmoid, hardswish, logit, sinc)
}
"""Name of an operation of torch -> the same, of simpler ones."""
