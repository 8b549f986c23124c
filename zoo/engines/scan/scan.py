"""h_t = A_t h_{t-1} + b_t for all t, with A_t unit by unit, as one operation of torch's autograd."""

from collections.abc import Sequence
from typing import Any, TypeAlias, cast

import torch
from torch import Tensor

from zoo.engines.scan.block_scan import Matrix, Planes, fill

Pattern: TypeAlias = tuple[tuple[bool, ...], ...]
"""Which factors of a matrix there are."""


def linear_scan(a: Matrix, b: Planes, start: Planes) -> Planes:
    """The states of a linear recurrence, those before the first step included.

    It is differentiable any number of times, also in forward mode, and under `torch.func`; `torch.vmap` turns
    into one more dimension of the batch, but `is_grads_batched` of `torch.autograd.grad` fails. States of
    half precision are kept in single precision inside.

    Args:
        a: n rows of n factors, each broadcasting to (T, ...).
        b: n summands (T, ...), of the same type of numbers as the factors.
        start: n states before the first step (...), of that type.

    Returns:
        n tensors (T + 1, ...): `start`, and the states after each step.
    """
    shape, dtype = b[0].shape, b[0].dtype
    # a long product of factors near 1 loses its digits in half precision
    inner = torch.promote_types(dtype, torch.float32)
    # expanded, not copied; autograd sums the gradient up to the factor's own shape
    flat = [part.to(inner).expand(shape) for row in a for part in row if part is not None]
    pattern = tuple(tuple(part is not None for part in row) for row in a)
    return [
        plane.to(dtype) for plane in _scan(pattern, False, *flat, *(part.to(inner) for part in (*b, *start)))
    ]


def _scan(pattern: Pattern, is_reverse: bool, *given: Tensor) -> tuple[Tensor, ...]:
    # by `apply` in the backward pass, too, so that it can be differentiated again
    found = LinearScan.apply(pattern, is_reverse, *given)  # type: ignore[no-untyped-call]
    return cast("tuple[Tensor, ...]", found)


class LinearScan(torch.autograd.Function):
    """The scan, forward or backward in time; the one is the other's derivative.

    Forward, out[0] = start and out[t + 1] = a[t] out[t] + b[t]; in reverse, out[T] = start and
    out[t] = a[t] out[t + 1] + b[t].
    """

    @staticmethod
    def forward(pattern: Pattern, is_reverse: bool, *given: Tensor) -> tuple[Tensor, ...]:
        """Fills the states in. Given are the factors that there are, the summands and the first states."""
        size = len(pattern)
        a, b, start = _matrix(pattern, given), given[-2 * size : -size], given[-size:]
        out = [part.new_empty(len(part) + 1, *part.shape[1:]) for part in b]
        for plane, part in zip(out, start, strict=True):
            plane[-1 if is_reverse else 0] = part
        fill(a, b, out, is_reverse)
        return tuple(out)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Keeps the factors and the states."""
        ctx.pattern, ctx.is_reverse, *given = inputs
        kept = *given[: -2 * len(ctx.pattern)], *output
        ctx.save_for_backward(*kept)
        ctx.save_for_forward(*kept)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        """The same scan against time, with transposed factors."""
        a, states = _kept(ctx)
        first, new, old = _ends(ctx.is_reverse)
        last, size = -1 - first, len(a)
        turned = [[row[i] for row in a] for i in range(size)]
        back = _scan(
            tuple(zip(*ctx.pattern, strict=True)),
            not ctx.is_reverse,
            *(part for row in turned for part in row if part is not None),
            *(slope[old] for slope in slopes),
            *(slope[last] for slope in slopes),
        )
        # h_t = a_t h_{t-1} + b_t gives d b_t = g_t and d a_t = g_t h_{t-1}, with g what comes back to h
        d_a = [
            back[i][new] * states[j][old] if needed else None
            for (i, j), needed in zip(_places(ctx.pattern), ctx.needs_input_grad[2 : -2 * size], strict=True)
        ]
        return None, None, *d_a, *(part[new] for part in back), *(part[first] for part in back)

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        """The same scan, driven by the change of the summands and of the factors times the states."""
        a, states = _kept(ctx)
        first, new, old = _ends(ctx.is_reverse)
        size = len(a)
        d_a, d_b, d_start = tangents[2 : -2 * size], tangents[-2 * size : -size], tangents[-size:]
        moved = [
            torch.zeros_like(plane[new]) if part is None else part
            for plane, part in zip(states, d_b, strict=True)
        ]
        for (i, j), tangent in zip(_places(ctx.pattern), d_a, strict=True):
            moved[i] = moved[i] if tangent is None else moved[i] + tangent * states[j][old]
        moved += [
            torch.zeros_like(plane[first]) if part is None else part
            for plane, part in zip(states, d_start, strict=True)
        ]
        return _scan(
            ctx.pattern, ctx.is_reverse, *(part for row in a for part in row if part is not None), *moved
        )

    @staticmethod
    def vmap(info: Any, in_dims: Any, pattern: Pattern, is_reverse: bool, *given: Tensor) -> Any:
        """The mapped dimension goes behind time."""
        size = len(pattern)
        places = [1] * (len(given) - size) + [0] * size
        moved = [
            part.unsqueeze(place).expand(*part.shape[:place], info.batch_size, *part.shape[place:])
            if dim is None
            else part.movedim(dim, place)
            for part, dim, place in zip(given, in_dims[2:], places, strict=True)
        ]
        return _scan(pattern, is_reverse, *moved), (1,) * size


def _matrix(pattern: Pattern, given: Sequence[Tensor]) -> list[list[Tensor | None]]:
    left = iter(given)
    return [[next(left) if there else None for there in row] for row in pattern]


def _kept(ctx: Any) -> tuple[list[list[Tensor | None]], tuple[Tensor, ...]]:
    """The factors, and all states."""
    size = len(ctx.pattern)
    return _matrix(ctx.pattern, ctx.saved_tensors), ctx.saved_tensors[-size:]


def _places(pattern: Pattern) -> list[tuple[int, int]]:
    """Row and column of each factor that there is."""
    return [(i, j) for i, row in enumerate(pattern) for j, there in enumerate(row) if there]


def _ends(is_reverse: bool) -> tuple[int, slice, slice]:
    """Where among all states the first lies, those after each step, and those before it."""
    late, early = slice(1, None), slice(0, -1)
    return (-1, early, late) if is_reverse else (0, late, early)
