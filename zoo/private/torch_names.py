"""Private names of torch."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, fx
from torch.autograd import forward_ad
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

__all__ = [
    "TorchDispatchMode",
    "clamp_all_",
    "decompositions",
    "has_hooks",
    "has_side_effects",
    "is_in_forward_mode",
    "is_traced",
    "is_transformed",
    "multiply_all_",
    "norms_of",
    "scan_graph",
    "tree_leaves",
]
# `TorchDispatchMode` sees each operation that runs under it; torch teaches it from this module. `tree_leaves`
# flattens what an operation is given; `torch.utils.pytree` will do once all releases have it.


def is_traced() -> bool:
    """Whether `torch.jit.trace` or `torch.onnx` is recording.

    `torch.jit.is_tracing` says the same, and may go with torch.jit, which torch has deprecated.
    """
    tracing: bool = torch._C._is_tracing()
    return tracing


def is_transformed() -> bool:
    """Whether a transformation of `torch.func` is at work; torch has no public way to ask."""
    active: bool = torch._C._are_functorch_transforms_active()
    return active


def is_in_forward_mode() -> bool:
    """Whether a level of forward-mode differentiation is open; torch has no public way to ask."""
    level: int = forward_ad._current_level
    return level >= 0


def has_side_effects(operation: Any) -> bool:
    """Whether an operation changes its arguments, by its schema; torch has no public way to ask."""
    mutable: bool = operation._schema.is_mutable
    return mutable


def decompositions() -> Mapping[Any, Callable[..., Any]]:
    """What operations are made of, of those that do not say so themselves.

    `torch.export.default_decompositions` is public, and leaves many of them out.
    """
    from torch._decomp import decomposition_table  # takes half a second to import, and few cells need it

    table: Mapping[Any, Callable[..., Any]] = decomposition_table
    return table


def scan_graph(
    graph: fx.GraphModule, state: list[Tensor], sequences: list[Tensor], constants: tuple[Tensor, ...]
) -> list[Tensor]:
    """Runs (*state, *step of each sequence, *constants) -> (*state, output) over the first axis.

    To `torch.export` it is one loop. The operation is a prototype; `torch.scan` is to take its place.
    """
    from torch._higher_order_ops.scan import scan_op  # only exporting needs it

    found: list[Tensor] = scan_op(graph, state, sequences, constants)
    return list(found)


def norms_of(tensors: Sequence[Tensor], dtype: torch.dtype | None = None) -> list[Tensor]:
    """The Euclidean norm of each, in few launches; `torch.linalg.vector_norm` for each is the slow way."""
    return list(torch._foreach_norm(list(tensors), 2, dtype=dtype))


def multiply_all_(tensors: Sequence[Tensor], factor: Tensor) -> None:
    """Multiplies each by a number, in place and in few launches; `Tensor.mul_` for each is the slow way."""
    torch._foreach_mul_(list(tensors), factor)


def clamp_all_(tensors: Sequence[Tensor], low: Sequence[Tensor], high: Sequence[Tensor]) -> None:
    """Clamps each to its limits, in place and in few launches; `Tensor.clamp_` for each is the slow way."""
    torch._foreach_clamp_max_(list(tensors), list(high))
    torch._foreach_clamp_min_(list(tensors), list(low))


def has_hooks(module: torch.nn.Module) -> bool:
    """Whether somebody watches or changes what goes into a module, or comes out of it."""
    return bool(module._forward_hooks or module._forward_pre_hooks)
