"""The input products of all steps, as one operation of torch's autograd; the kernel takes them."""

from typing import Any

import torch
from torch import Tensor

from zoo.engines.autograd.buffers import Projected, Source, rows_of
from zoo.engines.autograd.pages import empty
from zoo.engines.c.c_products import (
    C_TYPES,
    MANY,
    TERMS,
    TILE,
    c_arguments,
    panels,
    product_library,
    worth_threads,
)
from zoo.engines.recurrence import InputMap, Recurrence, Sequences


def projected(recurrence: Recurrence, sequences: Sequences) -> Projected:
    """`recurrence.project` of all steps; where it is a linear map, room for its products."""
    project, x = recurrence.project, sequences.x
    is_plain = x.dtype in C_TYPES and not torch.is_autocast_enabled("cpu")
    if not isinstance(project, InputMap) or not is_plain or not _fits(project, x):
        return Projected(project(x))  # which says what does not fit
    x, weight = x.contiguous(), project.weight.contiguous()
    source = Source(x, weight, None if project.bias is None else project.bias.contiguous())
    if not torch.is_grad_enabled():
        return Projected(x.new_empty(steps_at_once(x), x.shape[1], len(weight)), source)
    return Projected(InputProducts.apply(x, weight, source.bias, sequences.valid), source)  # type: ignore[no-untyped-call]


def steps_at_once(x: Tensor) -> int:
    """For how many steps of inputs (T, B, I) their products are taken at a time."""
    return max(1, min(len(x), MANY // max(1, x.shape[1])))


def _fits(project: InputMap, x: Tensor) -> bool:
    """Whether the map reads such inputs; C would not find out."""
    weight, bias = project.weight, project.bias
    kind, size = (x.dtype, x.device), len(weight)
    fits = (weight.dtype, weight.device, weight.shape[1]) == (*kind, x.shape[-1])
    return fits and (bias is None or (bias.dtype, bias.device, *bias.shape) == (*kind, size))


class InputProducts(torch.autograd.Function):
    """W x + b of the rows (T, B, I) that are given by number, or of all; 0 elsewhere."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, rows: Tensor | None) -> Tensor:
        """Room for the products (T, B, G), which the kernel fills."""
        ctx.save_for_backward(x, weight, rows)
        return empty(x, *x.shape[:2], len(weight))

    @staticmethod
    def backward(ctx: Any, d_pre: Tensor) -> Any:
        """The gradients of input, weight and bias."""
        x, weight, rows = ctx.saved_tensors
        needs_x, needs_weight, needs_bias, _ = ctx.needs_input_grad
        d_x = None
        if needs_x and torch.is_grad_enabled():  # to be differentiated again
            d_x = d_pre @ weight
        elif needs_x:
            d_x = _products(d_pre.contiguous(), weight.t(), rows)
        d_weight = None
        if needs_weight and torch.is_grad_enabled():
            d_weight = rows_of(d_pre, rows).t() @ rows_of(x, rows)
        elif needs_weight:
            d_weight = outer(d_pre.contiguous(), x, rows)
        # in the padding it is 0, for nothing there was read
        return d_x, d_weight, d_pre.sum((0, 1)) if needs_bias else None, None


def _products(x: Tensor, weight: Tensor, rows: Tensor | None) -> Tensor:
    """W x of the rows (T, B, I) given by number, or of all, for a weight (G, I), which may be turned."""
    size, width = weight.shape
    shape = (*x.shape[:2], size)
    result = empty(x, *shape) if rows is None else empty(x, *shape).zero_()
    count = x.shape[0] * x.shape[1] if rows is None else len(rows)
    packed = panels(weight)
    threads = worth_threads(count * size * width, count)
    call = product_library(C_TYPES[x.dtype]).products
    call(*c_arguments(count, size, width, x, rows, weight, *weight.stride(), packed, result, threads))
    return result


def outer(a: Tensor, b: Tensor, rows: Tensor | None) -> Tensor:
    """The sum over rows of their outer products (n, k), of a (T, B, n) and b (T, B, k).

    Args:
        a: Its rows lie equally far apart.
        b: Likewise.
        rows: The numbers of the rows that count, or None for all.
    """
    a, b = a.flatten(0, 1), b.flatten(0, 1)
    (count, size), width = a.shape, b.shape[1]
    count = count if rows is None else len(rows)
    if count == 0:
        return a.new_zeros(size, width)
    threads = worth_threads(count * size * width, size)
    result, packed = a.new_empty(size, width), a.new_empty(TERMS * (threads * TILE + size))
    call = product_library(C_TYPES[a.dtype]).outer
    call(*c_arguments(count, size, width, a, a.stride(0), b, b.stride(0), rows, packed, result, threads))
    return result
