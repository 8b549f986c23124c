"""Histograms of gradients against numpy's."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from zoo.diagnostics import histogram
from zoo.diagnostics.histogram import LogBins, Summary, summarise

BINS = LogBins()
DTYPES = [torch.float32, torch.float64, torch.bfloat16, torch.float16]


def by_hand(tensor, bins):
    """A summary by numpy, in the precision in which it is measured."""
    wide = torch.promote_types(tensor.dtype, torch.float32)
    values = tensor.to(wide).abs().numpy().ravel()
    finite = values[np.isfinite(values)]
    position = np.log10(finite[finite > 0])
    return {
        "norm": math.sqrt(float((finite.astype(np.float64) ** 2).sum())),
        "counts": tuple(
            np.histogram(position, np.append(bins.edges[:-1], np.nextafter(bins.edges[-1], 0)))[0]
        ),
        "under": int((position < bins.min_exponent).sum()),
        "over": int((position >= bins.max_exponent).sum()),
        "zero": int((finite == 0).sum()),
        "nonfinite": int(values.size - finite.size),
    }


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_kind_of_entry_is_counted_once(dtype):
    generator = torch.Generator().manual_seed(0)
    spread = 10 ** (torch.rand(2000, generator=generator, dtype=torch.float64) * 24 - 16)
    values = torch.cat([spread, torch.zeros(5), torch.tensor([math.nan, math.inf, -math.inf])]).to(dtype)
    summary = summarise({"w": -values.view(8, -1)}, BINS)["w"]
    expected = by_hand(values, BINS)
    assert vars(summary) == expected | {"norm": pytest.approx(expected["norm"], rel=1e-6)}
    assert summary.finite + summary.nonfinite == values.numel()


@given(
    st.lists(st.floats(width=32), max_size=30),
    st.integers(-14, -2),
    st.integers(1, 6),
    st.integers(1, 5),
)
def test_any_values_in_any_bins_add_up(values, low, decades, per_decade):
    bins = LogBins(min_exponent=low, max_exponent=low + decades, bins_per_decade=per_decade)
    tensor = torch.tensor(values, dtype=torch.float32)
    summary = summarise({"w": tensor}, bins)["w"]
    assert len(summary.counts) == bins.count == len(bins.edges) - 1
    assert summary.finite + summary.nonfinite == len(values)
    assert summary.zero == sum(value == 0 for value in values)
    assert summary.nonfinite == sum(not math.isfinite(value) for value in values)
    assert summary.norm == pytest.approx(by_hand(tensor, bins)["norm"], rel=1e-5)


def test_gradients_are_kept_apart_whatever_their_shape_and_type():
    gradients = {
        "a": torch.full((2, 3), 0.02),
        "empty": torch.zeros(0, 4),
        "scalar": torch.tensor(-5.0),
        "brief": torch.full((4,), 0.5, dtype=torch.bfloat16),
        "wide": torch.full((1,), 1e-3, dtype=torch.float64),
    }
    found = summarise(gradients, BINS)
    assert list(found) == list(gradients)
    assert [summary.finite for summary in found.values()] == [6, 0, 1, 4, 1]
    assert found["empty"].rms is None
    assert [found[name].rms for name in ("a", "scalar", "brief", "wide")] == pytest.approx(
        [0.02, 5, 0.5, 1e-3]
    )


def test_measuring_in_pieces_gives_the_same(monkeypatch):
    gradients = {str(index): torch.randn(50 + index) for index in range(7)}
    whole = summarise(gradients, BINS)
    monkeypatch.setattr(histogram, "CHUNK", 120)
    assert summarise(gradients, BINS) == whole


def test_scaled_gradients_are_unscaled_and_left_as_they_are():
    gradient = torch.tensor([1024.0, 2048.0])
    found = summarise({"w": gradient}, BINS, torch.tensor(1024.0))
    assert found == summarise({"w": torch.tensor([1.0, 2.0])}, BINS)
    assert gradient.tolist() == [1024.0, 2048.0]


def test_huge_gradients_have_a_finite_norm():
    summary = summarise({"w": torch.full((100,), 1e30)}, BINS)["w"]
    assert summary.norm == pytest.approx(1e31)
    assert summary.over == 100
    widest = summarise({"w": torch.full((2,), 1e300, dtype=torch.float64)}, BINS)["w"]
    assert math.isfinite((widest + widest).norm) or widest.norm > 1e307


def test_sums_of_summaries_are_summaries_of_the_whole():
    one, other = torch.randn(30), torch.tensor([0.0, 1e-20, math.inf, 1e9])
    parts = summarise({"one": one, "other": other}, BINS)
    whole = summarise({"all": torch.cat([one, other])}, BINS)["all"]
    pooled = parts["one"] + parts["other"]
    assert vars(pooled) == vars(whole) | {"norm": pytest.approx(whole.norm, rel=1e-6)}


def test_nothing_is_measured_of_nothing():
    assert summarise({}, BINS) == {}
    assert Summary(norm=0.0, counts=(), under=0, over=0, zero=0, nonfinite=2).rms is None
