"""Adaptive clipping of units, against the paper's equation."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from oracles.clipping import by_unit

from zoo.callbacks.clipping.units import clip_units, unit_norms

SHAPES = [(6, 3), (4, 1), (1, 5), (5,), (), (0,), (0, 3), (3, 0), (2, 3, 2)]


def draw(seed, exponent, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return [
        (torch.randn(shape, generator=generator, dtype=torch.float64) * 10**exponent).to(dtype)
        for shape in SHAPES
    ]


@given(st.integers(0, 9), st.floats(-8, 8), st.floats(-8, 8), st.floats(-4, 1))
def test_units_of_all_shapes_are_clipped_as_equation_3_says(seed, exponent, weight_exponent, ratio):
    gradients, weights, ratio = draw(seed, exponent), draw(seed + 10, weight_exponent), 10**ratio
    expected = [by_unit(g.numpy(), w.numpy(), ratio) for g, w in zip(gradients, weights, strict=True)]
    before = [gradient.clone() for gradient in gradients]
    clip = clip_units(gradients, weights, ratio)
    for got, want in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(got.numpy(), want, rtol=1e-12)
    assert bool(clip.acted) == any(not torch.equal(a, b) for a, b in zip(gradients, before, strict=True))
    assert float(clip.after) == pytest.approx(
        float(torch.cat([g.flatten() for g in gradients]).norm()), rel=1e-12
    )


@given(
    st.integers(0, 9),
    st.floats(-20, 20),
    st.floats(-20, 20),
    st.sampled_from([torch.float32, torch.bfloat16]),
)
def test_no_unit_is_longer_than_its_share_in_any_type(seed, exponent, weight_exponent, dtype):
    gradients, weights = draw(seed, exponent, dtype), draw(seed + 10, weight_exponent, dtype)
    before = [gradient.clone() for gradient in gradients]
    clip_units(gradients, weights, 0.02)
    for got, was, weight in zip(gradients, before, weights, strict=True):
        after, length, own = unit_norms([tensor.double() for tensor in (got, was, weight)])
        most = 0.02 * own.clamp(min=1e-3)
        assert bool((after <= most * (1 + 4 * torch.finfo(dtype).eps)).all())
        short = length < most * (1 - 1e-6)
        if was.ndim > 1 and was.numel():
            assert torch.equal(got[short], was[short])
        elif short.all():
            assert torch.equal(got, was)


def test_each_row_has_a_coefficient_and_rows_without_weights_are_left_alone():
    gradient, exempt = torch.tensor([[3.0, 4.0], [0.0, 0.1]]), torch.tensor([[30.0, 40.0]])
    clip = clip_units([gradient, exempt], [torch.tensor([[0.0, 10.0], [1.0, 0.0]]), None], 0.25)
    torch.testing.assert_close(gradient, torch.tensor([[1.5, 2.0], [0.0, 0.1]]))
    assert exempt.tolist() == [[30.0, 40.0]]
    assert clip.coefficients.tolist() == [0.5, 1.0, 1.0]
    assert float(clip.before) == pytest.approx(math.sqrt(25 + 0.01 + 2500))


def test_what_begins_at_zero_may_leave_it():
    gradient = torch.tensor([[3.0, 4.0]])
    clip_units([gradient], [torch.zeros(1, 2)], 0.5, eps=0.01)
    assert float(gradient.norm()) == pytest.approx(0.005)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_one_bad_entry_stops_the_clipping_of_all(bad):
    gradients = [torch.tensor([[3.0, 4.0], [bad, 0.0]]), torch.tensor([5.0])]
    kept = [gradient.clone() for gradient in gradients]
    clip = clip_units(gradients, [torch.ones(2, 2), None], 0.01)
    assert not clip.finite
    assert not clip.acted
    torch.testing.assert_close(gradients, kept, rtol=0, atol=0, equal_nan=True)
