"""The scan itself: both ways of filling it in, forward and against time, with all derivatives."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from zoo.engines.scan import block_scan
from zoo.engines.scan.scan import linear_scan

PATTERNS = {
    "diagonal": [[True]],
    "coupled": [[True, True], [True, True]],
    "triangular": [[True, False], [True, True]],
    "swapped": [[False, True], [True, False]],
    "forgetful": [[False, False], [True, False]],
    "three": [[True, True, False], [False, True, True], [True, False, True]],
}
"""Which states feed which: rows new, columns old."""


def drawn(pattern: Any, time: int, shape: tuple[int, ...] = (2, 3), seed: int = 0) -> Any:
    generator = torch.Generator().manual_seed(seed)

    def draw(*sizes: int) -> Tensor:
        return torch.randn(*sizes, generator=generator, dtype=torch.float64).mul_(0.7).requires_grad_()

    a = [[draw(time, *shape) if there else None for there in row] for row in pattern]
    return a, [draw(time, *shape) for _ in pattern], [draw(*shape) for _ in pattern]


def looped(a: Any, b: Any, start: Any) -> list[Tensor]:
    """The definition, by autograd's own operations."""
    states = [list(start)]
    for t in range(len(b[0])):
        old = states[-1]
        fed = [[part[t] * h for part, h in zip(row, old, strict=True) if part is not None] for row in a]
        states.append([sum(terms, summand[t]) for terms, summand in zip(fed, b, strict=True)])
    return [torch.stack(plane) for plane in zip(*states, strict=True)]


def flat(a: Any, b: Any, start: Any) -> list[Tensor]:
    return [*(part for row in a for part in row if part is not None), *b, *start]


@pytest.fixture(params=["step by step", "in blocks"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_scan, "NARROW_BELOW", 0 if request.param == "step by step" else 10**9)
    monkeypatch.setattr(block_scan, "BLOCK", 4)


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("time", [0, 1, 8, 9, 12, 75])
@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
def test_values_and_both_derivatives_equal_a_plain_loop(pattern: Any, time: int) -> None:
    given = drawn(pattern, time)
    found, expected = linear_scan(*given), looped(*given)
    for _ in range(3):
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
        found, expected = (
            list(
                torch.autograd.grad(
                    sum((part**2).sum() for part in parts),
                    flat(*given),
                    create_graph=True,
                    allow_unused=True,
                    materialize_grads=True,
                )
            )
            for parts in (found, expected)
        )


@given(st.sampled_from([*PATTERNS]), st.integers(65, 700), st.booleans(), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_blocks_equal_steps_in_either_direction(name: str, time: int, is_reverse: bool, seed: int) -> None:
    a, b, start = drawn(PATTERNS[name], time, (3,), seed)
    planes = []
    for run in (block_scan.step_by_step, block_scan.in_blocks):
        out = [torch.full((time + 1, 3), torch.nan, dtype=torch.float64) for _ in b]
        for plane, part in zip(out, start, strict=True):
            plane[-1 if is_reverse else 0] = part.detach()
        with torch.no_grad():
            run(a, b, out, is_reverse)
        planes.append(out)
    torch.testing.assert_close(planes[1], planes[0], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("width", "expected"),
    [(block_scan.NARROW_BELOW, "step_by_step"), (block_scan.NARROW_BELOW - 1, "in_blocks")],
)
def test_narrow_and_long_runs_go_in_blocks(
    width: int, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []
    for name in ("step_by_step", "in_blocks"):
        monkeypatch.setattr(block_scan, name, lambda *args, name=name: taken.append(name))
    linear_scan([[torch.ones(500, width)]], [torch.ones(500, width)], [torch.ones(width)])
    linear_scan([[torch.ones(9, 1)]], [torch.ones(9, 1)], [torch.ones(1)])
    assert taken == [expected, "step_by_step"]


@pytest.mark.parametrize("time", [5, 300])
def test_gates_that_are_shut_or_wide_open_stay_exact(time: int) -> None:
    """Neither logarithms nor divisions: a factor of 0 forgets to the bit, one of 1 keeps to the bit."""
    start, b = torch.full((2,), 0.1), torch.zeros(time, 2)
    (kept,) = linear_scan([[torch.ones(time, 2)]], [b], [start])
    assert torch.equal(kept[-1], start)
    (gone,) = linear_scan([[torch.zeros(time, 2)]], [b], [start])
    assert not gone[1:].any()


def test_factors_may_broadcast_and_get_gradients_of_their_own_shape() -> None:
    _, b, start = drawn([[True]], 70)
    a = torch.full((3,), 0.9, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(linear_scan([[a]], b, start), looped([[a.expand(70, 2, 3)]], b, start))
    (gradient,) = torch.autograd.grad(linear_scan([[a]], b, start)[0].sum(), a)
    (expected,) = torch.autograd.grad(looped([[a.expand(70, 2, 3)]], b, start)[0].sum(), a)
    torch.testing.assert_close(gradient, expected)


def test_half_precision_is_added_up_in_single() -> None:
    b = torch.full((1000, 4), 0.125, dtype=torch.bfloat16)
    (states,) = linear_scan([[torch.ones_like(b)]], [b], [b[0]])
    assert states.dtype == torch.bfloat16
    assert states[-1, 0] == torch.tensor(125.125).bfloat16()  # a bfloat16 sum would stop at 32


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")  # torch calls it
@pytest.mark.parametrize("pattern", [PATTERNS["diagonal"], PATTERNS["triangular"]], ids=["one", "two"])
@pytest.mark.parametrize("time", [3, 70])
def test_it_passes_torchs_own_check_of_derivatives(pattern: Any, time: int) -> None:
    a, b, start = drawn(pattern, time, (1,))
    given = flat(a, b, start)

    def scan(*parts: Tensor) -> Any:
        left = iter(parts)
        made = [[next(left) if there else None for there in row] for row in pattern]
        return tuple(linear_scan(made, [next(left) for _ in b], list(left)))

    assert torch.autograd.gradcheck(scan, given, check_forward_ad=True, fast_mode=True)
    if time == 3:
        assert torch.autograd.gradgradcheck(scan, given)


def test_vmap_maps_over_any_argument() -> None:
    (a,), (b,), (start,) = (part[0] if isinstance(part[0], list) else part for part in drawn([[True]], 70))
    many = torch.stack([a, a / 2])

    def last(a: Tensor, b: Tensor, start: Tensor) -> Tensor:
        return linear_scan([[a]], [b], [start])[0][-1]

    found = torch.vmap(last, in_dims=(0, None, None))(many, b, start)
    torch.testing.assert_close(found, torch.stack([last(part, b, start) for part in many]))
    found = torch.vmap(torch.vmap(last, in_dims=(1, 1, 0)), in_dims=(2, 2, 1), out_dims=1)(a, b, start)
    torch.testing.assert_close(found, last(a, b, start))
