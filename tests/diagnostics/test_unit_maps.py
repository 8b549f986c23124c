"""What each unit does at each step, against torch's own LSTM and its gradients."""

import numpy as np
import pytest
import torch

import zoo
from zoo.diagnostics import watch
from zoo.diagnostics.unit_maps import unit_maps


def watched(lengths=None, direction="forward", cell="lstm"):
    torch.manual_seed(0)
    stack = zoo.StackSpec(cell=cell, hidden_size=4, direction=direction).build(3).double()
    x = torch.randn(2, 6, 3).double()
    with watch(stack) as traces:
        output, _ = stack(x, lengths=lengths)
        output[:, -1 if lengths is None else 0].square().sum().backward()
    return stack, x, output.detach(), traces


def test_outputs_and_gradients_are_those_of_the_first_sequence():
    stack, x, output, traces = watched()
    found = unit_maps(traces, scale=2.0)["layer_1/forward"]
    assert found.outputs == pytest.approx(output[0].numpy())
    cell, h, c, states = stack.cells()[0], torch.zeros(1, 4).double(), torch.zeros(1, 4).double(), []
    for step in range(6):  # first principles: h of each step is a leaf of the graph behind it
        h, c = torch.nn.functional.pad(h, (0, 0)), c
        gates = x[:1, step] @ cell.weight_ih.T + h @ cell.weight_hh.T + cell.bias
        i, f, g, o = gates.chunk(4, -1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        h.retain_grad()
        states.append(h)
    h.square().sum().backward()
    expected = np.stack([state.grad[0].abs().numpy() for state in states])
    assert found.gradients * 2 == pytest.approx(expected)


def test_gates_are_within_their_ranges_and_only_there_where_asked_for():
    *_, traces = watched()
    assert unit_maps(traces)["layer_1/forward"].gates == {}
    gates = unit_maps(traces, with_gates=True)["layer_1/forward"].gates
    assert list(gates) == ["i", "f", "g", "o"]
    assert all(values.shape == (6, 4) for values in gates.values())
    assert all((gates[gate] > 0).all() and (gates[gate] < 1).all() for gate in "ifo")
    assert (gates["g"] < 0).any()


def test_padding_is_left_out_and_a_sequence_without_a_step_has_no_map():
    *_, traces = watched(torch.tensor([2, 6]), "backward")
    assert unit_maps(traces)["layer_1/backward"].outputs.shape == (2, 4)
    *_, traces = watched(torch.tensor([0, 6]))
    assert unit_maps(traces) == {}


def test_a_cell_that_cannot_be_taken_apart_has_units_without_gates():
    *_, traces = watched(cell="layernorm_lstm")
    assert unit_maps(traces, with_gates=True)["layer_1/forward"].outputs.shape == (6, 4)
