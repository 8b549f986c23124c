"""Functions of one number have in a compiled step the value and the derivative that they have in torch."""

from collections.abc import Callable
from math import inf, nan

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from engines.steps import Form, Own
from engines.subjects import run_of
from engines.test_operations import projecting_nothing
from zoo.engines import ENGINES, Sequences

SIZES = [
    1e-30,
    1e-8,
    1e-3,
    0.3,
    0.5,
    0.7,
    1.0,
    1.5,
    2.5,
    3.0,
    5.0,
    6.0,
    8.0,
    15.0,
    20.0,
    20.5,
    40.0,
    80.0,
    88.0,
]
SIZES += [89.0, 100.0, 104.0, 700.0, 720.0, 750.0, 1e4, 1e18, 1e30]
VALUES = [0.0, *SIZES, *(-size for size in SIZES), inf, -inf, nan]
"""Corners, where functions overflow in either type, and far beyond."""
TORCH = [
    "abs", "cos", "erf", "exp", "expm1", "floor", "log", "log1p", "neg", "reciprocal", "relu", "rsqrt",
    "sigmoid", "sign", "sin", "sinc", "sqrt", "square", "tanh",
]  # fmt: skip
FUNCTIONAL = [
    "celu", "elu", "gelu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "logsigmoid",
    "mish", "relu6", "selu", "silu", "softplus", "softshrink", "softsign", "tanhshrink",
]  # fmt: skip
FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    **{name: getattr(torch, name) for name in TORCH},
    **{name: getattr(F, name) for name in FUNCTIONAL},
    "gelu by tanh": lambda x: F.gelu(x, approximate="tanh"),
    "steep softplus": lambda x: F.softplus(x, beta=2.0, threshold=5.0),
    "low elu": lambda x: F.elu(x, 0.3),
    "scaled elu": lambda x: torch.ops.aten.elu(x, 0.3, 2.0, 0.5),
    "narrow hardtanh": lambda x: F.hardtanh(x, -0.5, 0.25),
    "logit": torch.logit,
    "bounded logit": lambda x: torch.logit(x, 2e-3),
    "third power": lambda x: x**3,
    "power of two": lambda x: 2**x,
    "clamp": lambda x: x.clamp(-0.5, 0.5),
    "x log x": lambda x: x * torch.log(x),
}
TYPES = {torch.float64: 1e-12, torch.float32: 3e-6, torch.float16: 4e-3}
"""Type -> how far values and derivatives may be off, relative to themselves or to 1."""


def through(values: Tensor, run: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """What a function makes of each value, and its derivative."""
    x = values.reshape(1, -1, 1).clone().requires_grad_()
    y = run(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    return y.detach().flatten(), slope.flatten()


def exact(name: str, values: Tensor) -> tuple[Tensor, Tensor]:
    """The same by torch, in float64; where torch keeps a constant in float32, by hand."""
    value, slope = through(values, FUNCTIONS[name])
    if name == "hardsigmoid":
        slope = (slope > 0) * torch.full_like(slope, 1 / 6)
    if name == "sinc":  # torch's own cancels next to 0
        angle = torch.pi * values
        slope = torch.where(angle.abs() < 0.01, -torch.pi * angle / 3 * (1 - angle**2 / 10), slope)
    return value, slope


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_value_and_derivative_over_the_whole_range(name: str, dtype: torch.dtype) -> None:
    module = Own(Form(lambda pre, state, product, _: (FUNCTIONS[name](pre), state), 1, ()), 1, 1, bias=False)
    recurrence = projecting_nothing(module.to(dtype))
    values = torch.tensor(VALUES, dtype=dtype)
    state = (torch.zeros(len(VALUES), 1, dtype=dtype),)
    wanted = through(values, FUNCTIONS[name])
    for kept, right in zip(wanted, exact(name, values.double()), strict=True):
        # float32 overflows where it does; elsewhere what counts is the function itself
        kept.copy_(torch.where(kept.isfinite(), right.to(dtype), kept))
    # where the value is not a number, or infinite for a finite one, its derivative is not looked at
    there = ~wanted[0].isnan() & (wanted[0].isfinite() | ~values.isfinite())
    # torch's gelu and hardswish give NaN at infinity, where they have a limit
    known = ~wanted[0].isnan() | values.isnan()
    for engine in ("c", "eager"):
        if ENGINES[engine].refusal(recurrence) is not None:
            assert dtype == torch.float16  # torch itself takes some apart only in single precision
            continue
        run = run_of(engine, recurrence)
        found = through(values, lambda x, run=run: run(recurrence, Sequences(x, state, state))[0])
        for part, right, where in zip(found, wanted, (known, there), strict=True):
            torch.testing.assert_close(
                part[where], right[where], rtol=TYPES[dtype], atol=TYPES[dtype], equal_nan=True
            )
