"""Cells whose products and states have other widths than H run in blocks of what these widths share."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engines.subjects import Size, assert_close, expected, results, run_of, sequences_of
from zoo.cells import CELLS, Cell, LSTMPSpec
from zoo.engines import ENGINES, Product, Recurrence, State, pick
from zoo.stack import StackSpec

WIDTHS: list[tuple[str, int, int, dict[str, Any]]] = [
    ("mogrifier_lstm", 4, 8, {}),
    ("mogrifier_lstm", 8, 12, {"rounds": 3}),
    ("mogrifier_lstm", 6, 4, {}),
    ("mogrifier_lstm", 16, 2, {}),
    ("lstmp", 3, 8, {"projection": 4}),
    ("lstmp", 3, 4, {"projection": 12}),
    ("scrn", 3, 8, {"context": 2}),
    ("hyper_lstm", 3, 8, {"hyper": 4}),
    ("hyper_lstm", 3, 8, {"hyper": 4, "embedding": 2}),
    ("lmu", 3, 4, {"order": 6}),
    ("lmu", 3, 8, {"order": 4}),
]
"""Cell, I, H and options."""
SIZES = (Size(5, 3), Size(5, 3, True, True), Size(6, 2, True, False, True))


def cell_of(name: str, width_in: int, width: int, **options: Any) -> Cell:
    cell = CELLS[name].spec_class(**options).build(width_in, width).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.uniform_(-0.7, 0.7, generator=generator)
    return cell


@pytest.mark.parametrize(("name", "width_in", "width", "options"), WIDTHS)
def test_value_and_gradient_equal_the_reference(name: str, width_in: int, width: int, options: Any) -> None:
    cell = cell_of(name, width_in, width, **options)
    recurrence = cell.recurrence()
    assert pick("auto", recurrence).name == "c"
    able = [engine for engine in ("c", "eager") if ENGINES[engine].refusal(recurrence) is None]
    assert able == (["c"] if name == "lmu" else ["c", "eager"])  # lmu sums over its units
    for size in SIZES:
        sequences = sequences_of(recurrence, size)
        wanted = expected(cell, sequences)
        for engine in able:
            assert_close(results(run_of(engine, recurrence), cell, sequences), wanted)


@pytest.mark.parametrize(
    ("width_in", "width", "shared", "least"), [(3, 8, 1, 2), (4, 36, 4, 5), (8, 72, 8, 9), (5, 7, 1, 2)]
)
def test_widths_that_share_too_little_go_to_the_loop(
    width_in: int, width: int, shared: int, least: int
) -> None:
    recurrence = cell_of("mogrifier_lstm", width_in, width).recurrence()
    choice = pick("auto", recurrence)
    assert choice.name == "reference"
    said = f"widths of {width_in} and H = {width} share {shared}, and at least {least} are asked for"
    assert said in choice.reason


def test_a_whole_network_of_unequal_widths() -> None:
    """Layers with 4 and with 16 inputs, and states of 8 and 16 units."""
    spec = StackSpec(cell=LSTMPSpec(projection=8), hidden_size=16, num_layers=2, direction="bidirectional")
    found = []
    for engine in ("c", "reference"):
        torch.manual_seed(1)
        stack = replace(spec, engine=engine).build(4).double()
        x = torch.randn(3, 6, 4, dtype=torch.float64, requires_grad=True)
        outputs, _ = stack(x)
        assert outputs.shape == (3, 6, 16)
        found.append([outputs, *torch.autograd.grad(outputs.square().sum(), [x, *stack.parameters()])])
    for part, wanted in zip(*found, strict=True):
        torch.testing.assert_close(part, wanted, rtol=0, atol=1e-10)


class Careless(nn.Module):
    """A step of unequal widths that draws random numbers and counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 8))
        self.register_buffer("calls", torch.zeros(()))

    def recurrence(self, habit: str) -> Recurrence:
        def step(pre: Tensor, state: State, product: Product) -> tuple[Tensor, State]:
            h = torch.tanh(pre + torch.cat([product("a", state[0])] * 2, dim=-1))
            if habit == "random":
                return h, (h + torch.rand_like(h),)
            self.calls.add_(1)
            return h, (h * self.calls,)

        return Recurrence(
            step=step,
            project=lambda x: x,
            recurrent=lambda gates: (self.weight, None),
            width=8,
            input_size=8,
            output_size=8,
            state_sizes=(8,),
            vectors=(),
            like=self.weight,
        )


@pytest.mark.parametrize("habit", ["random", "counts"])
def test_to_look_for_widths_leaves_random_numbers_and_buffers_alone(habit: str) -> None:
    module = Careless()
    torch.manual_seed(3)
    wanted = torch.rand(3)
    torch.manual_seed(3)
    assert pick("auto", module.recurrence(habit)).name == "reference"
    assert torch.equal(torch.rand(3), wanted)
    assert not module.calls
