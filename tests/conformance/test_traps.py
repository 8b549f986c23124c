"""Traps that existing libraries fell into, each shown on the smallest example; the battery has the rest."""

import math

import numpy as np
import pytest
import torch
from oracles.cells import oracle
from torch import nn

from conformance.cases import Case, assert_close, random_x
from zoo.cells import GRUSpec
from zoo.stack import StackSpec


@pytest.mark.parametrize("engine", ["native", "c", "eager", "reference"])
@pytest.mark.parametrize("cell", ["elman", "lstm", "gru"])
def test_the_final_state_of_a_shorter_sequence_has_full_gradient(cell: str, engine: str) -> None:
    """AllenNLP's AugmentedLstm gave it none."""
    stack, x = Case(cell, engine=engine).stack(), random_x(2, 5).requires_grad_()
    _, final = stack(x, None, torch.tensor([5, 2]))
    final[-1].h[1].sum().backward()
    assert x.grad[1, :2].all()
    assert not x.grad[1, 2:].any()
    assert not x.grad[0].any()


@pytest.mark.parametrize("engine", ["native", "c", "eager", "reference"])
@pytest.mark.parametrize("cell", ["elman", "lstm", "gru"])
def test_the_backward_direction_does_not_start_in_the_padding(cell: str, engine: str) -> None:
    """indrnn-pytorch's did. Biases make a state out of nothing but zeros, so a wrong start would show."""
    stack, x = Case(cell, "backward", engine=engine).stack(), random_x(1, 5)
    outputs, _ = stack(x, None, torch.tensor([2]))
    assert_close(outputs[:, :2], stack(x[:, :2])[0])


@pytest.mark.parametrize("engine", ["native", "c", "eager", "reference"])
def test_a_sequence_of_length_zero_does_not_read_the_last_step(engine: str) -> None:
    """Flax indexed step -1."""
    stack = Case("gru", engine=engine).stack()
    _, final = stack(random_x(2, 5), None, torch.tensor([0, 5]))
    assert not any(state.h[0].any() for state in final)
    assert all(state.h[1].all() for state in final)


def test_dropout_masks_differ_between_examples_layers_and_steps() -> None:
    """TensorFlow and AllenNLP drew one mask for the whole batch."""
    stack = StackSpec(cell="elman", hidden_size=50, num_layers=3, dropout=0.5).build(3)
    torch.manual_seed(0)
    seen = []
    for layer in stack.layers:
        layer.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0] == 0))
    stack(torch.randn(1, 1, 3).expand(2, 4, 3))
    assert not seen[0].any(), "the stack's own inputs are not dropped"
    for mask in seen[1:]:  # (T, B, H)
        assert 0.4 < mask.float().mean() < 0.6
        assert not torch.equal(mask[:, 0], mask[:, 1])
        assert not torch.equal(mask[0], mask[1])
    assert not torch.equal(seen[1], seen[2])
    seen.clear()
    stack.eval()(torch.randn(2, 4, 3))
    assert not any(mask.any() for mask in seen)


def test_dropout_that_would_do_nothing_is_refused() -> None:
    """torch.nn takes it at num_layers=1 and drops nothing."""
    with pytest.raises(ValueError, match="dropout acts between layers"):
        StackSpec(num_layers=1, dropout=0.2)


def test_a_residual_around_a_layer_of_another_width_projects() -> None:
    """And does not fail with a shape error from deep inside."""
    stack = StackSpec(cell="gru", hidden_size=6, wiring="residual").build(3)
    assert stack.wirings[0].match.project.weight.shape == (6, 3)
    assert StackSpec(cell="gru", hidden_size=3, wiring="residual").build(3).wirings[0].match.project is None


def test_the_candidates_second_bias_stands_where_the_equation_has_it() -> None:
    """Flax's GRU documented b_hn and added it elsewhere. It must be scaled by the reset gate."""
    cell = GRUSpec(reset="after").build(1, 1).double()
    for parameter in cell.parameters():
        nn.init.zeros_(parameter)
    with torch.no_grad():
        cell.bias_hh.fill_(2.0)  # r = z = 1/2, n = tanh(0 + r d_n) = tanh(1), h = (1 - z) n
    zero = torch.zeros(1, 1, dtype=torch.float64)
    output, _ = cell(zero, (zero,))
    assert output.item() == pytest.approx(math.tanh(1) / 2, abs=1e-15)


@pytest.mark.parametrize("reset", ["before", "after"])
def test_what_the_update_gate_keeps_is_as_documented(reset: str) -> None:
    """z = 0 keeps the state with "before", z = 1 with "after": exactly, over 1000 steps, as it is written.

    torch's kernel takes z∘(h - n) + n instead, which may differ in the last bit.
    """
    cell = GRUSpec(reset=reset).build(1, 2).double()
    with torch.no_grad():
        cell.bias[cell.rows("z")] = -1e3 if reset == "before" else 1e3
    stack = StackSpec(cell=GRUSpec(reset=reset), hidden_size=2, engine="reference").build(1).double()
    stack.cells()[0].load_state_dict(cell.state_dict())
    start = torch.tensor([[0.3, -0.8]], dtype=torch.float64)
    _, final = stack(torch.ones(1, 1000, 1, dtype=torch.float64), (type(stack.initial_state(1)[0])(start),))
    assert torch.equal(final[0].h, start)


def test_the_gru_of_the_lecture_notes_is_not_that_of_torch() -> None:
    """The same weights give different states, and the difference is where the reset gate acts."""
    generator = np.random.default_rng(0)
    weights = {f"{kind}_{gate}": generator.normal(size=(2, 2)) for kind in "WU" for gate in "rzn"}
    x, h = generator.normal(size=2), generator.normal(size=2)
    before, _ = oracle("gru", GRUSpec(reset="before")).step(weights, x, (h,))
    flipped = weights | {"W_z": -weights["W_z"], "U_z": -weights["U_z"]}
    after, _ = oracle("gru", GRUSpec()).step(flipped, x, (h,))
    assert np.abs(before - after).max() > 1e-3
