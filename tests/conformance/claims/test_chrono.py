"""Cells that start with memories of all lengths, and learn what others do not."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from zoo.cells import CELLS
from zoo.stack import StackSpec

CHRONO = [name for name in CELLS.names() if "chrono" in CELLS[name].spec_class.__dataclass_fields__]
KEEP = {"lstm": "f", "highway_lstm": "f", "gru": "z", "janet": "f", "minlstm": "f", "sru": "f"}
"""Cell -> the gate that keeps its state."""
TAKE = {"lstm": "i", "highway_lstm": "i", "mingru": "z", "minlstm": "i"}
"""Cell -> the gate that takes something in."""


def test_these_cells_have_it() -> None:
    assert set(CHRONO) == set(KEEP) | set(TAKE)


@pytest.mark.parametrize("name", CHRONO)
def test_units_remember_over_all_numbers_of_steps_up_to_the_longest(name: str) -> None:
    torch.manual_seed(1)
    cell = CELLS[name].spec_class(chrono=100).build(3, 400)
    gates = [(gate, 1) for gate in KEEP.get(name, "")] + [(gate, -1) for gate in TAKE.get(name, "")]
    found = [sign * cell.bias[cell.rows(gate)].detach() for gate, sign in gates]
    for bias in found:
        assert torch.equal(bias, found[0])
        steps = 1 + bias.exp()
        assert 2 <= steps.min() < 2.1
        assert 95 < steps.max() <= 100
        # as many units for each factor of the number of steps
        assert steps.median() == pytest.approx(1 + math.sqrt(99), rel=0.25)
    others = set(cell.gates) - {gate for gate, _ in gates}
    assert not any(cell.bias[cell.rows(gate)].any() for gate in others)


def test_the_gate_that_keeps_the_state_of_a_gru_is_another_with_reset_before() -> None:
    torch.manual_seed(1)
    cell = CELLS["gru"].spec_class(chrono=100, reset="before").build(3, 400)
    assert (cell.bias[cell.rows("z")] < 0).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"chrono": 2}, "chrono is 2; expected at least 3 steps, or null"),
        ({"chrono": True}, "chrono is True; expected at least 3 steps"),
        ({"chrono": 9.5}, "chrono is 9.5; expected at least 3 steps"),
        ({"chrono": 9, "bias": False}, "chrono is 9 with bias False; expected bias True"),
        ({"chrono": 9, "forget_bias": 2.0}, "chrono and forget_bias both start the same bias"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        CELLS["lstm"].spec_class(**options)


def loss_after_training(name: str, chrono: int | None) -> float:
    """How well the sign of the first number is known 40 steps later, in nats; log 2 is guessing."""
    torch.manual_seed(1)
    stack = StackSpec(cell=CELLS[name].spec_class(chrono=chrono), hidden_size=16).build(1)
    head = nn.Linear(16, 1)
    optimizer = torch.optim.Adam([*stack.parameters(), *head.parameters()], lr=0.03)
    losses = []
    for _ in range(150):
        x = torch.randn(32, 40, 1)
        x[:, 1:] *= 0.1
        outputs, _ = stack(x)
        loss = F.soft_margin_loss(head(outputs[:, -1])[:, 0], x[:, 0, 0].sign())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses[-10:]) / 10


@pytest.mark.parametrize("name", ["gru", "mingru", "minlstm", "sru"])
def test_with_it_a_cell_learns_what_it_otherwise_does_not(name: str) -> None:
    assert loss_after_training(name, None) > 0.65
    assert loss_after_training(name, 40) < 0.4
