"""Reservoir: fading memory, fixed weights, and what is around it."""

import pytest
import torch
from torch import nn

from conformance.cases import VARIANTS
from zoo.cells import IndRNNSpec, LSTMPSpec, ReservoirSpec
from zoo.stack import StackSpec
from zoo.tasks.optimisation import OptimizerSpec


@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
def test_states_that_started_apart_come_together(cell: str) -> None:
    torch.manual_seed(0)
    stack = StackSpec(cell=ReservoirSpec(cell=cell), hidden_size=30).build(2).double()
    x = torch.randn(1, 400, 2, dtype=torch.float64).expand(2, -1, -1)
    start = tuple(torch.randn(2, size, dtype=torch.float64) for size in stack.cells()[0].state_sizes)
    outputs, _ = stack(x, (stack.cells()[0].state_type(*start),))
    assert (outputs[0, 0] - outputs[1, 0]).abs().max() > 0.1
    assert (outputs[0, -1] - outputs[1, -1]).abs().max() < 1e-6


def test_each_recurrent_matrix_has_the_spectral_radius_and_inputs_their_scale() -> None:
    torch.manual_seed(0)
    cell = ReservoirSpec(cell="gru", spectral_radius=0.7, input_scale=0.1).build(3, 8)
    for rows in cell.weight_hh.split(8):
        assert torch.linalg.eigvals(rows).abs().max().item() == pytest.approx(0.7, rel=1e-5)
    assert cell.weight_ih.abs().max() < 0.1


def test_an_optimiser_leaves_it_alone_and_trains_the_rest() -> None:
    torch.manual_seed(0)
    stack, head = (
        StackSpec(cell=("reservoir", "elman"), num_layers=2, hidden_size=4).build(3),
        nn.Linear(4, 1),
    )
    before = {name: part.clone() for name, part in stack.named_parameters()}
    optimizer = OptimizerSpec(lr=0.1).build([*stack.parameters(), *head.parameters()], stack.spared())
    head(stack(torch.randn(2, 5, 3))[0]).square().sum().backward()
    optimizer.step()
    for name, part in stack.named_parameters():
        assert torch.equal(part, before[name]) == ("inner." in name), name


@pytest.mark.parametrize("name", ["reservoir", "multiplicative", "fast_slow"])
def test_what_is_inside_is_spared_from_weight_decay_and_constrained(name: str) -> None:
    spec = type(VARIANTS[name])(cell="indrnn" if name != "multiplicative" else "layernorm_lstm")
    stack = StackSpec(cell=spec, hidden_size=4).build(3)
    (cell,) = stack.cells()
    spared = {id(part) for part in stack.spared()}
    own = [cell.inner.get_parameter(part) for part in cell.inner.card.no_decay]
    assert own
    assert {id(part) for part in own} <= spared


def test_a_constraint_inside_is_kept() -> None:
    cell = ReservoirSpec(cell=IndRNNSpec(longest=10)).build(3, 4)
    vectors = [part for part in cell.inner.vectors if part is not None]
    with torch.no_grad():
        for part in vectors:
            part.fill_(50.0)
    cell.constrain()
    assert any(part.abs().max() < 50 for part in vectors)


def test_recurrent_matrices_that_are_not_square_are_refused() -> None:
    with pytest.raises(ValueError, match="expected square ones"):
        ReservoirSpec(cell=LSTMPSpec(projection=2)).build(3, 4)
