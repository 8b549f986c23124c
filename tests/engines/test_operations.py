"""Each operation of the kernels gives in C what it gives in torch, also for NaN, infinities and zeros."""

from math import inf, nan
from typing import Any

import pytest
import torch
from torch import Tensor

from engines.steps import Form, Own
from engines.subjects import Size, module_of, results, run_of, sequences_of
from zoo.engines import Product, Sequences, State, run_reference
from zoo.engines.program.ir import PRIMITIVES
from zoo.engines.program.trace import trace

VALUES = [nan, inf, -inf, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.7, 1e-8, -30.0, 30.0, 710.0]
UNARY = [
    "abs", "cos", "detach", "erf", "exp", "expm1", "floor", "log", "log1p", "neg", "reciprocal", "relu",
    "rsqrt", "sigmoid", "sign", "sin", "sqrt", "tanh",
]  # fmt: skip
BINARY = ["add", "div", "maximum", "minimum", "mul", "pow", "rsub", "sub"]
COMPARISONS = ["eq", "ge", "gt", "le", "lt", "ne"]
LOGIC = ["bitwise_and", "bitwise_or", "logical_and", "logical_or"]
OTHERS = [
    "bitwise_not", "clamp_max", "clamp_min", "logical_not", "where", "sigmoid_backward", "tanh_backward",
    "threshold_backward",
]  # fmt: skip


def unary(a: Tensor, b: Tensor) -> list[Tensor]:
    return [getattr(torch, name)(a) for name in UNARY]


def binary(a: Tensor, b: Tensor) -> list[Tensor]:
    return [getattr(torch, name)(a, b) for name in BINARY if name not in ("maximum", "minimum")]


def larger_and_smaller(a: Tensor, b: Tensor) -> list[Tensor]:
    return [torch.maximum(a, b), torch.minimum(a, b)]


def comparisons(a: Tensor, b: Tensor) -> list[Tensor]:
    with_number = [getattr(torch, name)(a, 0.5) for name in COMPARISONS]
    return [
        torch.where(part, a, b) for part in [getattr(torch, name)(a, b) for name in COMPARISONS] + with_number
    ]


def logic(a: Tensor, b: Tensor) -> list[Tensor]:
    p, q = a > b, a != 0.5
    chosen = [getattr(torch, name)(p, q) for name in LOGIC] + [~p, torch.logical_not(q), torch.logical_not(a)]
    return [torch.where(part, a, b) for part in chosen] + [-torch.where(p, 1.5, b), -torch.where(q, a, 1.5)]


def derivatives(a: Tensor, b: Tensor) -> list[Tensor]:
    aten = torch.ops.aten
    return [aten.sigmoid_backward(a, b), aten.tanh_backward(a, b), aten.threshold_backward(a, b, 0.5)]


def with_numbers(a: Tensor, b: Tensor) -> list[Tensor]:
    added = [a + 2, 2 - a, a / 4, 4 / a, a**2, 2**a, a - 0.25, torch.add(a, b, alpha=-0.5)]
    return [*added, torch.sub(a, b, alpha=0.25), a.square(), a**-1, a.clamp(-0.5, 0.25)]


GROUPS = {group.__name__: group for group in (unary, binary, comparisons, logic, derivatives, with_numbers)}


def applied(group: str, dtype: torch.dtype) -> tuple[Own, Sequences]:
    """A step whose output is what the operations of a group make of all pairs of values."""
    pairs = torch.cartesian_prod(*[torch.tensor(VALUES, dtype=dtype)] * 2)
    count = len(GROUPS[group](pairs[:, :1], pairs[:, 1:]))

    def step(pre: Tensor, state: State, product: Product, _: Any) -> tuple[Tensor, State]:
        a, b = pre.chunk(2, dim=-1)
        return torch.cat(GROUPS[group](a, b), dim=-1), state

    module = Own(Form(step, 2, (), output=count), 1, 2, bias=False).to(dtype)
    sequences = Sequences(pairs.unsqueeze(0), (torch.zeros(len(pairs), 1, dtype=dtype),), (), None, None)
    return module, sequences


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("group", GROUPS)
def test_operations_in_c_equal_those_of_torch(group: str, dtype: torch.dtype) -> None:
    module, sequences = applied(group, dtype)
    a, b = sequences.x[0].split(1, dim=-1)
    wanted = torch.cat(GROUPS[group](a, b), dim=-1)
    recurrence = projecting_nothing(module)
    # no step of torch's functions calls a derivative: only the C has them
    for engine in ("c",) if group == "derivatives" else ("c", "eager"):
        run = run_of(engine, recurrence)
        with torch.no_grad():
            outputs, _ = run(recurrence, sequences)
        rtol = 1e-12 if dtype == torch.float64 else 2e-6
        torch.testing.assert_close(outputs[0], wanted, rtol=rtol, atol=rtol, equal_nan=True)


def projecting_nothing(module: Own) -> Any:
    """The recurrence whose input product is the input: a product would make NaN of its neighbours."""
    recurrence = module.recurrence()
    return type(recurrence)(**(vars(recurrence) | {"project": lambda x: x.clone()}))


def test_every_operation_is_in_a_group() -> None:
    assert {*UNARY, *BINARY, *COMPARISONS, *LOGIC, *OTHERS} == PRIMITIVES
    met = set()
    for group in GROUPS:
        module, _ = applied(group, torch.float32)
        met |= {op.name.split(".")[0] for op in trace(projecting_nothing(module)).ops}
    assert set(PRIMITIVES) - met == {"maximum", "minimum"}


@pytest.mark.parametrize("engine", ["c", "eager"])
@pytest.mark.parametrize("bad", [nan, inf, -inf], ids=str)
def test_a_bad_number_spreads_as_in_the_reference(bad: float, engine: str) -> None:
    """NaN where the reference has NaN, and nowhere else: other sequences and other steps stay as they are."""
    for name in ("lstm", "gru", "mgu", "decay"):
        module = module_of(name)
        found = []
        for run in (run_of(engine, module.recurrence()), run_reference):
            sequences = sequences_of(module.recurrence(), Size(5, 4))
            with torch.no_grad():
                sequences.x[2, 1, 0] = bad
            found.append(results(run, module, sequences))
        for key, part in found[1].items():
            torch.testing.assert_close(found[0][key], part, rtol=1e-9, atol=1e-9, equal_nan=True)
