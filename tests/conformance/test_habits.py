"""Torch's own habits inside a step: right under every engine, or left to the reference loop."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from conformance.cases import INPUT, assert_close, assert_identical, random_x, randomised
from zoo import registry
from zoo.cells import Card, Cell, CellSpec, FastSlowSpec, MultiplicativeSpec, ReservoirSpec, register_cell
from zoo.cells import register as cells_register
from zoo.cells.base import Hidden
from zoo.engines import ENGINES, State, run_reference
from zoo.engines.recurrence import Sequences

HIDDEN, TIME = 4, 6


class Doubled(torch.autograd.Function):
    """Twice the value, with half the gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return 2 * x

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient / 2


def counted(cell: Any, h: Tensor) -> Tensor:
    cell.calls += 1
    return h * cell.calls


def shifted_in_place(cell: Any, h: Tensor) -> Tensor:
    return (1.5 * h).add_(0.1)


HABITS: dict[str, tuple[Callable[[Any, Tensor], Tensor], str]] = {
    "plain": (lambda cell, h: h, ""),
    "training": (lambda cell, h: h * (0.5 if cell.training else 2.0), ""),
    "a schedule": (lambda cell, h: h * cell.rate, ""),
    "a list of its own": (lambda cell, h: h * cell.rates[0], ""),
    "a helper": (lambda cell, h: cell.helped(h), ""),
    "dropout": (lambda cell, h: F.dropout(h, 0.5, cell.training), "random|calls"),
    "noise": (lambda cell, h: h + torch.randn_like(h), "random"),
    "a counter": (counted, "sets calls"),
    "a number read off": (
        lambda cell, h: h * (1 + h.abs().max().item()),
        "depends on the values|not element-wise",
    ),
    "in place": (shifted_in_place, "changes its argument"),
    "detach": (lambda cell, h: h.detach() * 0.5 + h, ""),
    "straight through": (lambda cell, h: h * (h + ((h > 0).to(h.dtype) - h).detach()), ""),
    "a function of its own": (lambda cell, h: Doubled.apply(h), "derivative of its own"),
}
"""Name -> what it does to the new state, and why engines that watch a step refuse it, or nothing."""


WRAPPERS: dict[str, Callable[[CellSpec], CellSpec]] = {
    "": lambda inner: inner,
    "multiplicative": lambda inner: MultiplicativeSpec(cell=inner),
    "reservoir": lambda inner: ReservoirSpec(cell=inner),
    "fast_slow": lambda inner: FastSlowSpec(cell=inner),
}
"""Name -> the cell that is, or has inside, a cell of this spec."""


def cell_with(name: str, wrapper: str = "") -> Cell:
    """A cell of a user with this habit, or a wrapper around it, randomly initialised in float64."""
    own: registry.Registry[Any] = registry.Registry("cell")

    class HabitSpec(CellSpec):
        """None of its own."""

    class Habit(Cell):
        """An Elman cell with a habit."""

        card = Card(paper="none")
        gates = "h"
        calls, rate = 0, 0.5

        def add_parameters(self) -> None:
            self.rates = [0.5]

        def helped(self, h: Tensor) -> Tensor:
            return h * self.rate

        def step(self, pre: Tensor, state: State, product: Any) -> tuple[Tensor, State]:
            h = torch.tanh(pre + product("h", state[0]))
            h = HABITS[name][0](self, h)
            return h, Hidden(h)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells_register, "CELLS", own)
        register_cell("habit", HabitSpec)(Habit)
    return randomised(WRAPPERS[wrapper](HabitSpec()).build(INPUT, HIDDEN).double().requires_grad_())


def outcome(cell: Cell, engine: str) -> list[Tensor]:
    """Outputs and gradients of a run, from the same random numbers every time."""
    torch.manual_seed(0)
    x = random_x(2, TIME).transpose(0, 1).contiguous().requires_grad_()
    start = tuple(torch.zeros(2, size, dtype=torch.float64) for size in cell.state_sizes)
    recurrence, sequences = cell.recurrence(), Sequences(x, start, start)
    run = run_reference if engine == "reference" else ENGINES[engine].prepare(recurrence)
    outputs, _ = run(recurrence, sequences)
    return [outputs.detach(), *torch.autograd.grad(outputs.square().sum(), [x, *cell.parameters()])]


@pytest.mark.parametrize("engine", ["c", "eager"])
@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("name", HABITS)
def test_a_habit_is_right_or_refused(name: str, wrapper: str, engine: str) -> None:
    cell, reason = cell_with(name, wrapper), HABITS[name][1]
    refused = ENGINES[engine].refusal(cell.recurrence())
    if reason:
        assert refused is not None
        assert any(words in refused for words in reason.split("|"))
    else:
        assert refused is None
        assert_close(outcome(cell, engine), outcome(cell, "reference"), 1e-12)


@pytest.mark.parametrize("name", HABITS)
def test_a_stack_does_what_the_reference_loop_does_in_every_mode(name: str) -> None:
    """In training and in evaluation, after a change from outside, at the second call as at the first."""
    cell = cell_with(name)
    own = type(cell.spec)

    def run(engine: str) -> list[Tensor]:
        found = []
        from zoo.stack.layer import Direction, Layer  # a layer, for the cell's registry is its own
        from zoo.stack.window import Window

        double = own().build(INPUT, HIDDEN).double()
        double.load_state_dict(cell.state_dict())
        layer = Layer({"forward": Direction(double, False, engine)}, "concat")
        x = random_x(2, TIME).transpose(0, 1).contiguous()
        for training, rate in ((True, 0.5), (False, 0.5), (False, 3.0), (True, 3.0), (True, 3.0)):
            layer.train(training)
            double.rate, double.rates = rate, [rate]
            torch.manual_seed(0)
            x_here = x.clone().requires_grad_()
            outputs, _ = layer(x_here, None, Window(TIME))
            found += [outputs.detach(), *torch.autograd.grad(outputs.sum(), [x_here, *double.parameters()])]
        return found

    assert_close(run("auto"), run("reference"), 1e-12)


def test_watching_a_step_leaves_the_cell_and_the_random_numbers_alone() -> None:
    cell = cell_with("a counter")
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    cell.recurrence()
    assert_identical(torch.rand(3), expected)
    assert cell.calls == 0
