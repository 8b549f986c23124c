"""The rows of each gate, against rows taken by hand."""

import numpy as np
import pytest
import torch
from conformance import own_cells
from torch import nn

import zoo
from zoo.diagnostics.gate_slices import blocks, gate_rows
from zoo.diagnostics.histogram import LogBins, summarise
from zoo.diagnostics.parameter_paths import by_layer

H, BINS = 4, LogBins()
TORCH = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
ORDERS = {
    "lstm": dict.fromkeys(("weight_ih", "weight_hh", "bias"), "ifgo"),
    "gru": dict.fromkeys(("weight_ih", "weight_hh", "bias"), "rzn") | {"bias_hh": "n"},
    "mgu": dict.fromkeys(("weight_ih", "weight_hh", "bias"), "fn"),
    "lru": {"weight_ih": "rid", "bias": "rid", "weight_hh": "ri"},
    "peephole_lstm": dict.fromkeys(("weight_ih", "weight_hh", "bias"), "ifgo"),
    "own_mgu": dict.fromkeys(("weight_ih", "weight_hh", "bias"), "fn"),
    "nn.LSTM": dict.fromkeys(TORCH, "ifgo"),
    "nn.GRU": dict.fromkeys(TORCH, "rzn"),
    "nn.RNN": dict.fromkeys(TORCH, "h"),
    "nn.LSTMCell": dict.fromkeys(TORCH, "ifgo"),
}
"""Letters of the rows of each parameter, from the papers and from torch's documentation."""


def module(name):
    match name:
        case "own_mgu":
            built = own_cells.MGU(own_cells.MGUSpec(), 3, H)
        case "nn.LSTM":
            built = nn.LSTM(3, H, num_layers=2, bidirectional=True, proj_size=2)
        case "nn.GRU" | "nn.RNN":
            built = getattr(nn, name.removeprefix("nn."))(3, H, bidirectional=True)
        case "nn.LSTMCell":
            built = nn.LSTMCell(3, H)
        case cell:
            built = zoo.StackSpec(cell=cell, hidden_size=H, num_layers=2, direction="bidirectional").build(3)
    generator = torch.Generator().manual_seed(0)
    for parameter in built.parameters():
        size = 10 ** (torch.rand(parameter.shape, generator=generator) * 10 - 8)
        parameter.grad = size * (torch.rand(parameter.shape, generator=generator) > 0.1)
    return built


def gradients(built):
    return {name: parameter.grad for name, parameter in built.named_parameters()}


def expected_blocks(name, built):
    """The gradients of all blocks, cut by hand."""
    cut = {}
    for parameter, gradient in gradients(built).items():
        leaf = parameter.rpartition(".")[2].split("_l")[0]
        order = ORDERS[name].get(leaf, "")
        cut |= {f"{parameter}:{gate}": gradient[k * H : k * H + H].numpy() for k, gate in enumerate(order)}
        cut |= {} if order else {parameter: gradient.numpy()}
    return cut


@pytest.mark.parametrize("name", ORDERS)
def test_the_histogram_of_a_gate_is_that_of_its_rows(name):
    built = module(name)
    found = summarise(dict(blocks(gradients(built), gate_rows(built))), BINS)
    expected = expected_blocks(name, built)
    assert found.keys() == expected.keys()
    for block, values in expected.items():
        exponents = np.log10(np.abs(values[values != 0]))
        np.testing.assert_array_equal(found[block].counts, np.histogram(exponents, BINS.edges)[0])
        assert found[block].zero == np.sum(values == 0)
        assert found[block].norm == pytest.approx(np.linalg.norm(values), rel=1e-6)


@pytest.mark.parametrize("name", ORDERS)
def test_the_gates_of_a_parameter_sum_to_it_and_the_blocks_of_a_layer_to_the_layer(name):
    built = module(name)
    whole = summarise(gradients(built), BINS)
    apart = summarise(dict(blocks(gradients(built), gate_rows(built))), BINS)
    for parameter, summary in whole.items():
        own = [part for block, part in apart.items() if block.partition(":")[0] == parameter]
        assert vars(sum(own[1:], own[0])) == vars(summary) | {"norm": pytest.approx(summary.norm, rel=1e-6)}
    assert {layer: summary.counts for layer, summary in by_layer(apart).items()} == {
        layer: summary.counts for layer, summary in by_layer(whole).items()
    }


class Odd(nn.Module):
    """Knows its gates, and not all of its rows; and a parameter that is a number."""

    def __init__(self):
        super().__init__()
        self.partly = nn.Parameter(torch.ones(5))
        self.gap = nn.Parameter(torch.ones(5))
        self.number = nn.Parameter(torch.ones(()))
        self.empty = nn.Parameter(torch.ones(0, 3))

    def gate_rows(self, parameter):
        return {"a": slice(0, 2), "b": slice(3 if parameter == "gap" else 2, 5 if parameter == "gap" else 4)}


def test_what_the_gates_do_not_fill_stays_whole():
    odd = Odd()
    parameters = dict(odd.named_parameters())
    assert dict(blocks(parameters, gate_rows(odd))) == parameters
    rows = {"number": {"a": slice(0, 1)}, "empty": {"a": slice(0, 0)}}
    assert list(dict(blocks(parameters, rows))) == ["partly", "gap", "number", "empty:a"]


def test_gates_are_found_in_compiled_tied_and_shared_modules():
    cell = zoo.StackSpec(cell="gru", hidden_size=H).build(3)
    tied = nn.ModuleDict({"one": nn.GRU(3, H), "two": nn.GRU(3, H), "again": cell})
    tied["two"].weight_hh_l0 = tied["one"].weight_hh_l0
    whole = nn.ModuleDict({"compiled": torch.compile(tied, backend="eager"), "shared": cell})
    names = {name.replace("_orig_mod.", ""): parameter for name, parameter in whole.named_parameters()}
    found = dict(blocks({name: parameter.detach() for name, parameter in names.items()}, gate_rows(whole)))
    assert {name.partition(":")[0] for name in found if ":" in name} == set(names)
