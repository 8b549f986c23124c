"""Histograms of weights: every finite value is counted once, gate by gate."""

import numpy as np
import pytest
import torch
from torch import nn

import zoo
from zoo.diagnostics.weight_histogram import weight_histogram, weight_histograms, weights_by_place

DETAILS = {"summary": 1, "layer": 2, "gate": 2 + 2 * 4 * 3}


@pytest.fixture
def stack():
    torch.manual_seed(0)
    return zoo.StackSpec(cell="lstm", hidden_size=5, num_layers=2).build(3)


def test_it_is_that_of_numpy():
    values = torch.randn(100, 7)
    found = weight_histogram([values[:40], values[40:]])
    counts, edges = np.histogram(values.numpy(), bins=len(found.counts))
    assert np.abs(np.array(found.counts) - counts).sum() <= 2, "a value on an edge may fall to either side"
    assert found.edges == pytest.approx(edges, abs=1e-6)
    assert found.deviation == pytest.approx(float(values.std(unbiased=False)), rel=1e-5)


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_equal_weights_are_in_one_bin_that_has_a_width(value):
    found = weight_histogram([torch.full((4,), value)])
    assert sum(found.counts) == max(found.counts) == 4
    assert found.low < value < found.high
    assert found.deviation == 0


def test_what_is_not_finite_is_counted_apart():
    found = weight_histogram([torch.tensor([1.0, -1.0, torch.nan, torch.inf])])
    assert (sum(found.counts), found.nonfinite) == (2, 2)
    assert weight_histogram([torch.tensor([torch.nan])]).nonfinite == 1


@pytest.mark.parametrize("detail", DETAILS)
def test_every_weight_is_in_the_histograms_of_each_detail(stack, detail):
    found = weight_histograms(stack, detail)
    assert len(found) == DETAILS[detail]
    count = sum(part.numel() for part in stack.parameters())
    whole = [each for key, each in found.items() if key.count("/") < 2]
    assert sum(sum(each.counts) for each in whole) == count
    if detail == "gate":
        forget = found["layer_2/forward/f/weight/recurrent"]
        rows = stack.cells()[1].weight_hh.detach()[5:10]
        assert (forget.low, forget.high) == pytest.approx((float(rows.min()), float(rows.max())))


def test_what_is_not_trained_is_left_out(stack):
    stack.cells()[0].weight_hh.requires_grad_(False)
    kept = {(place.layer, place.block) for place in weights_by_place(stack)}
    assert ("layer 1", "recurrent") not in kept
    assert ("layer 2", "recurrent") in kept


def test_torchs_own_layers_have_gates_too():
    found = weight_histograms(nn.GRU(2, 4, bidirectional=True), "gate")
    assert "layer_1/backward/z/weight/recurrent" in found
