"""A linear recurrence, h_t = a_t h_{t-1} + b_t, by a parallel scan within chunks of time.

Tested through Triton's interpreter on the CPU, but neither run nor measured on a GPU.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.engines.triton.build import load_kernels
from zoo.engines.triton.launches import COMPUTE_TYPES

SCAN_STEPS = 64
"""Steps that are scanned at once: with more of them there is more work, and less waiting for the carry."""

COLUMNS = 32
"""Recurrences in a tile: neighbours in memory, a whole warp's load_kernels."""

SOURCE = '''
import triton
import triton.language as tl


@triton.jit
def after(a, b, later_a, later_b):
    """Two steps h -> a h + b in one."""
    return later_a * a, later_a * b + later_b


@triton.jit(do_not_specialize=["T", "N"])
def scan(
    a, b, start, h, T, N, REVERSED: tl.constexpr, REAL: tl.constexpr, BT: tl.constexpr, BN: tl.constexpr
):
    """h[t] = a[t] h[t - 1] + b[t] after `start`; or, REVERSED, h[t] = a[t + 1] h[t + 1] + b[t] before 0."""
    steps = tl.arange(0, BT).to(tl.int64)[:, None]
    columns = (tl.program_id(0) * BN + tl.arange(0, BN)).to(tl.int64)[None, :]
    if REVERSED:
        carry = tl.zeros((1, BN), REAL)
    else:
        carry = tl.load(start + columns, mask=columns < N, other=0).to(REAL)
    for first in range(0, T, BT):
        step = first + steps
        t = step
        factor = t
        if REVERSED:
            t = T - 1 - step
            factor = t + 1
        here = (step < T) & (columns < N)
        a_t = tl.load(a + factor * N + columns, mask=here & (factor < T), other=1).to(REAL)
        b_t = tl.load(b + t * N + columns, mask=here, other=0).to(REAL)
        gain, found = tl.associative_scan((a_t, b_t), 0, after)
        found += gain * carry
        tl.store(h + t * N + columns, found, mask=here)
        carry = tl.sum(tl.where(steps == BT - 1, found, 0), axis=0, keep_dims=True)
'''


def diagonal_scan(a: Tensor, b: Tensor, h0: Tensor) -> Float[Tensor, "T B H"]:
    """h_t = a_t h_{t-1} + b_t for all t, from h_{-1} = h0, differentiable in all three, any number of times.

    All have one type of numbers and one device; it sums in float32, or in float64 where that is the type.

    Args:
        a: Factors (T, B, H).
        b: Summands (T, B, H).
        h0: The value before the first (B, H).

    Raises:
        ValueError: the shapes differ.
    """
    if a.shape != b.shape or a.shape[1:] != h0.shape:
        raise ValueError(
            f"linear_scan got a {tuple(a.shape)}, b {tuple(b.shape)} and h0 {tuple(h0.shape)}; "
            "expected (T, B, H), (T, B, H) and (B, H)"
        )
    h: Tensor = DiagonalScan.apply(a, b, h0)  # type: ignore[no-untyped-call]
    return h


class DiagonalScan(torch.autograd.Function):
    """The scan with its gradient, which is the same scan from the end."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, h0: Tensor) -> Tensor:
        h = _scan(a, b, h0)
        ctx.save_for_backward(a, h0, h)
        return h

    @staticmethod
    def backward(ctx: Any, d_h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        a, h0, h = ctx.saved_tensors
        if not len(a):
            return torch.zeros_like(a), d_h, torch.zeros_like(h0)
        if torch.is_grad_enabled():
            behind = torch.cat([a[1:], torch.zeros_like(a[:1])])
            slope = diagonal_scan(behind.flip(0), d_h.flip(0), torch.zeros_like(h0)).flip(0)
        else:
            slope = _scan(a, d_h, None)
        before = torch.cat([h0.unsqueeze(0), h[:-1]])
        return slope * before, slope, slope[0] * a[0]


def _scan(a: Tensor, b: Tensor, start: Tensor | None) -> Tensor:
    """The kernel; from the end, with each factor one step later, where there is no start."""
    a, b = a.contiguous(), b.contiguous()
    h = torch.empty_like(b)
    count = b[0].numel() if len(b) else 0
    if count:
        module = load_kernels(SOURCE)
        sizes = {"BT": SCAN_STEPS, "BN": COLUMNS, "REAL": vars(module.tl)[COMPUTE_TYPES[b.dtype]]}
        first = None if start is None else start.contiguous()
        with torch.cuda.device_of(b):  # type: ignore[no-untyped-call]
            module.scan[(-(-count // COLUMNS),)](
                a, b, first, h, len(b), count, start is None, **sizes, enable_fp_fusion=True
            )
    return h
