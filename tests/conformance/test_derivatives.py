"""First and second derivatives against finite differences, and `torch.func` through the reference loop."""

import contextlib
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.func import functional_call, grad, vmap

from conformance.cases import (
    EACH_ENGINE,
    INPUT,
    USUAL,
    VARIANTS,
    Case,
    assert_close,
    has_structure,
    random_state,
    randomised,
    tensors,
)
from zoo.engines.program.trace import trace
from zoo.engines.recurrence import Refusal
from zoo.stack import BothStates, Stack, StackSpec

TIME, HIDDEN = 3, 3
LENGTHS = torch.tensor([TIME, 2, 0])
RESETS = torch.tensor([[False, True, False], [False, False, False], [False, False, False]])
EACH_VARIANT = pytest.mark.parametrize("variant", USUAL)


def width_of(variant: str) -> int:
    """Three units, or as many more as the heads can share out."""
    step = VARIANTS[variant].width_step
    return -(-HIDDEN // step) * step


def needs_slopes_of_its_values(variant: str) -> None:
    """Leaves out cells that cut gradients, which oracles know and finite differences do not."""
    recurrence = VARIANTS[variant].build(INPUT, width_of(variant)).recurrence()
    with contextlib.suppress(Refusal):
        if any(op.name == "detach.default" for op in trace(recurrence).ops):
            pytest.skip("it takes another derivative than that of its values")


def small(variant: str, engine: str, direction: str) -> Stack:
    """One layer of a few units: the finite differences of a larger one would take minutes."""
    spec = StackSpec(
        cell=VARIANTS[variant],
        hidden_size=width_of(variant),
        direction=direction,
        wiring="highway",
        engine=engine,
    )
    return randomised(spec.build(INPUT).double())


def as_function(stack: Stack) -> tuple[Callable[..., tuple[Tensor, ...]], list[Tensor]]:
    """The stack as a function of input, initial state and parameters, and a point to take slopes at."""
    names = [name for name, _ in stack.named_parameters()]
    state = random_state(stack, 3)
    parts = tensors(state)
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(3, TIME, INPUT, dtype=torch.float64, generator=generator)
    point = [x, *parts, *stack.parameters()]

    def function(x: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        given, parameters = list(rest[: len(parts)]), dict(zip(names, rest[len(parts) :], strict=True))
        outputs, final = functional_call(stack, parameters, (x, formed(state, given), LENGTHS, RESETS))
        return outputs, *tensors(final)

    return function, [part.detach().clone().requires_grad_() for part in point]


def formed(state: tuple, given: list[Tensor]) -> tuple:
    """The tensors of a state in its own form again."""
    left = list(given)

    def fill(entry: tuple) -> tuple:
        if isinstance(entry, BothStates):
            return BothStates(*(fill(part) for part in entry))
        return type(entry)(*(left.pop(0) for _ in entry))

    return tuple(fill(entry) for entry in state)


@EACH_ENGINE
def test_gradients_equal_finite_differences(case: Case) -> None:
    needs_slopes_of_its_values(case.variant)
    function, point = as_function(small(case.variant, case.engine, case.direction))
    assert torch.autograd.gradcheck(function, point, fast_mode=True)


@EACH_VARIANT
def test_second_derivatives_of_the_reference_equal_finite_differences(variant: str) -> None:
    needs_slopes_of_its_values(variant)
    for direction in ("forward", "bidirectional") if has_structure(variant) else ("forward",):
        function, point = as_function(small(variant, "reference", direction))
        assert torch.autograd.gradgradcheck(function, point, fast_mode=True)


@EACH_VARIANT
def test_gradients_per_example_by_vmap_of_grad(variant: str) -> None:
    """torch.func over the reference loop: the gradients of each example alone, all at once."""
    stack = Case(variant, "bidirectional", "residual").stack()
    parameters = {name: part.detach() for name, part in stack.named_parameters()}
    generator = torch.Generator().manual_seed(6)
    x = torch.randn(5, 4, INPUT, dtype=torch.float64, generator=generator)

    def loss(parameters: dict[str, Tensor], sequence: Tensor) -> Tensor:
        outputs, final = functional_call(stack, parameters, (sequence.unsqueeze(0),))
        return outputs.square().sum() + sum(part.sum() for part in tensors(final))

    at_once = vmap(grad(loss), in_dims=(None, 0))(parameters, x)
    for b in range(len(x)):
        assert_close({name: part[b] for name, part in at_once.items()}, grad(loss)(parameters, x[b]))
