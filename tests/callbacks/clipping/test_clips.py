"""What clipping does to the gradients, as functions."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from oracles.clipping import by_norm, by_parts, by_value

from zoo.callbacks.clipping.clips import clip_blocks, clip_norm, clip_value
from zoo.diagnostics.histogram import SMALL, total_norm


def norm(tensors):
    return math.sqrt(sum(float((tensor.double() ** 2).sum()) for tensor in tensors))


def gradients(scale, dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    shapes = [(7, 3), (0,), (), (40,)]
    return [(torch.randn(shape, generator=generator) * scale).to(dtype) for shape in shapes]


@given(st.floats(-30, 30), st.floats(-6, 6))
def test_norm_is_algorithm_1_over_sixty_orders_of_magnitude(exponent, limit_exponent):
    mine, limit = gradients(10**exponent), 10**limit_exponent
    expected = by_norm([tensor.double().numpy() for tensor in mine], limit)
    clip = clip_norm(mine, limit)
    for got, want in zip(mine, expected, strict=True):
        np.testing.assert_allclose(got.numpy(), want, rtol=1e-5, atol=1e-37)
    assert float(clip.after) == pytest.approx(norm(mine), rel=1e-5)
    assert float(clip.before) == pytest.approx(norm(gradients(10**exponent)), rel=1e-5)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4, 1e25])
def test_the_norm_after_is_the_threshold_and_not_almost(scale):
    mine = gradients(scale)
    assert bool(clip_norm(mine, 1e-3).acted)
    # torch's clip_grad_norm_ gives 1e-3 * (1 - 2e-4) for the smallest of these.
    assert norm(mine) == pytest.approx(1e-3, rel=5e-7)


def test_a_norm_at_the_threshold_counts_as_clipped_and_below_nothing_changes():
    at = [torch.tensor([3.0, 4.0])]
    assert bool(clip_norm(at, 5.0).acted)
    below = gradients(1.0)
    kept = [tensor.clone() for tensor in below]
    clip = clip_norm(below, norm(below) * 1.01)
    assert not clip.acted
    assert clip.after == clip.before
    assert all(torch.equal(mine, before) for mine, before in zip(below, kept, strict=True))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_types_lose_nothing_but_their_own_rounding(dtype):
    mine = [torch.full((10_000,), 0.01, dtype=dtype), torch.full((3,), 0.02, dtype=dtype)]
    exact = norm(mine)
    clip = clip_norm(mine, 0.1)
    assert float(clip.before) == pytest.approx(exact, rel=1e-9)
    assert norm(mine) == pytest.approx(0.1, rel=torch.finfo(dtype).eps)
    assert all(tensor.dtype == dtype for tensor in mine)


def test_the_factor_is_not_rounded_to_half_precision():
    mine = [torch.randn(20_000, generator=torch.Generator().manual_seed(0)).to(torch.bfloat16)]
    clip_norm(mine, 77.45)
    # The roundings of the entries cancel out; that of the factor, 0.4 % at worst, would not.
    assert norm(mine) == pytest.approx(77.45, rel=2e-4)


def test_half_precision_gradients_do_not_overflow_in_their_norm():
    mine = [torch.full((100,), 60_000.0, dtype=torch.float16)]
    assert float(clip_norm(mine, 10.0).before) == pytest.approx(599_900, rel=1e-3)
    assert norm(mine) == pytest.approx(10, rel=1e-3)


def test_gradients_of_several_types_are_clipped_as_one():
    mine = [torch.tensor([3.0]), torch.tensor([4.0], dtype=torch.float64)]
    clip_norm(mine, 1.0)
    assert [float(tensor) for tensor in mine] == pytest.approx([0.6, 0.8])


def test_a_norm_over_many_entries_is_exact_to_six_digits():
    for size in (SMALL, 4 * SMALL):
        tensor = torch.rand(size, generator=torch.Generator().manual_seed(0)) + 0.5
        assert float(total_norm([tensor])) == pytest.approx(float(tensor.double().norm()), rel=3e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "clip", [lambda mine: clip_norm(mine, 0.1), lambda mine: clip_value(mine, -0.1, 0.1)]
)
def test_gradients_that_are_not_finite_stay_as_they_are(bad, clip):
    mine = [torch.tensor([3.0, bad]), torch.tensor([4.0])]
    result = clip(mine)
    assert not result.finite
    assert not result.acted
    torch.testing.assert_close(mine[0], torch.tensor([3.0, bad]), equal_nan=True, rtol=0, atol=0)
    assert mine[1].item() == 4.0
    assert not math.isfinite(float(result.before))
    torch.testing.assert_close(result.after, result.before, equal_nan=True)


def test_value_clamps_each_entry():
    mine = gradients(1.0)
    expected = by_value([tensor.numpy() for tensor in mine], -0.3, 0.7)
    clip = clip_value(mine, -0.3, 0.7)
    for got, want in zip(mine, expected, strict=True):
        np.testing.assert_array_equal(got.numpy(), want.astype(np.float32))
    assert bool(clip.acted)
    assert float(clip.after) == pytest.approx(norm(mine), rel=1e-6)
    assert not clip_value(mine, -0.3, 0.7).acted
    assert not clip_value(mine, -1e3, 1e3).acted
    assert bool(clip_value(mine, -1e3, 0.6).acted)


def test_nothing_to_clip_is_no_trouble():
    assert float(total_norm([])) == 0.0
    assert float(clip_norm([torch.zeros(3)], 1.0).after) == 0.0
    assert not clip_norm([torch.zeros(0)], 1.0).acted


BLOCKS = [[(7, 3), (0,)], [(), (40,)], [(2, 2)]]


def blocks(seed, exponents, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return [
        [
            (torch.randn(shape, generator=generator, dtype=torch.float64) * 10**exponent).to(dtype)
            for shape in shapes
        ]
        for shapes, exponent in zip(BLOCKS, exponents, strict=True)
    ]


EXPONENTS = st.tuples(*[st.floats(-20, 20)] * len(BLOCKS))


@given(st.integers(0, 9), EXPONENTS, st.floats(-6, 6))
def test_each_block_is_shortened_to_the_limit_keeps_its_direction_or_is_left_alone(seed, exponents, limit):
    mine, before, limit = blocks(seed, exponents), blocks(seed, exponents), 10**limit
    clip = clip_blocks(mine, limit)
    for got, was, coefficient in zip(mine, before, clip.coefficients.tolist(), strict=True):
        assert norm(got) <= limit * (1 + 1e-6)
        if norm(was) < limit * (1 - 1e-6):
            assert coefficient == 1
            assert all(torch.equal(a, b) for a, b in zip(got, was, strict=True))
        for a, b in zip(got, was, strict=True):
            torch.testing.assert_close(a.double(), b.double() * coefficient, rtol=3e-7, atol=1e-44)
    assert float(clip.before) == pytest.approx(
        norm([tensor for block in before for tensor in block]), rel=1e-6
    )
    assert float(clip.after) == pytest.approx(norm([tensor for block in mine for tensor in block]), rel=1e-6)
    assert bool(clip.acted) == any(norm(was) >= limit for was in before)


@given(st.integers(0, 9), EXPONENTS, st.floats(-6, 6))
def test_blocks_are_clipped_as_algorithm_1_clips_each(seed, exponents, limit):
    mine = blocks(seed, exponents, torch.float64)
    named = {
        f"{i}.{j}": tensor.numpy().copy() for i, block in enumerate(mine) for j, tensor in enumerate(block)
    }
    expected = by_parts(named, {name: name[0] for name in named}, 10**limit)
    clip_blocks(mine, 10**limit)
    for name, want in expected.items():
        np.testing.assert_allclose(mine[int(name[0])][int(name[2])].numpy(), want, rtol=1e-12)


def test_one_block_that_is_not_finite_stops_the_clipping_of_all():
    mine = blocks(0, (3, 3, 3))
    mine[1][1][0] = math.nan
    kept = [[tensor.clone() for tensor in block] for block in mine]
    clip = clip_blocks(mine, 1.0)
    assert not clip.finite
    assert clip.coefficients.tolist() == [1, 1, 1]
    torch.testing.assert_close(mine, kept, rtol=0, atol=0, equal_nan=True)


def test_the_coefficient_of_clipping_by_value_is_the_ratio_of_the_norms():
    mine = [torch.tensor([3.0, 4.0])]
    clip = clip_value(mine, -3.0, 3.0)
    assert clip.coefficients.tolist() == pytest.approx([math.sqrt(18) / 5])
    assert clip_value(mine, -3.0, 3.0).coefficients.tolist() == [1]
    assert clip_value([torch.tensor([math.nan, 4.0])], -3.0, 3.0).coefficients.tolist() == [1]
