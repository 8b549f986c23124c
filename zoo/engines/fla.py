"""The engine `fla`: matrix states by the kernels of flash-linear-attention, where it is installed.

An optional package (`pip install fla-core`), whose kernels run on a GPU in single precision or less.
Reference: https://github.com/fla-org/flash-linear-attention, here of version 0.6.
"""

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, final

from torch import Tensor, float64

from zoo.engines.base import Engine, ForwardRun, PreparedRun
from zoo.engines.chunkwise import chunks, run_memory
from zoo.engines.recurrence import MatrixMemory, MatrixTerms, Recurrence, Refusal, Sequences, State

KERNELS = {
    "scalar": "fla.ops.simple_gla:chunk_simple_gla",
    "row": "fla.ops.gla:chunk_gla",
    "delta": "fla.ops.gated_delta_rule:chunk_gated_delta_rule",
}
"""For one decay a head, one for each row of its matrix, and one a head with the delta rule."""
WIDEST = 256
"""The largest key that the kernels hold."""


@final
class FlaEngine(Engine):
    """Matrix states, by somebody else's kernels."""

    reason: ClassVar[str] = "its state is a matrix, for which flash-linear-attention has a kernel"

    def prepare(self, recurrence: Recurrence, device: str = "cpu") -> PreparedRun:
        memory = recurrence.memory
        if memory is None:
            raise Refusal("its state is no matrix that outer products alone change")
        if device != "cuda":
            raise Refusal(f"flash-linear-attention runs on CUDA, not on {device}")
        if recurrence.gradient_clip:
            raise Refusal("it goes over many steps at once, and cannot clip between them")
        if recurrence.like.dtype == float64:
            raise Refusal("flash-linear-attention does not compute in float64")
        if memory.key_size > WIDEST:
            raise Refusal(f"keys are {memory.key_size} wide; flash-linear-attention takes at most {WIDEST}")
        try:
            kernels = {kind: kernel(kind) for kind in KERNELS}
        except ImportError as error:
            raise Refusal(f"flash-linear-attention is not there, {error}: pip install fla-core") from None
        return FlaRun(kernels)


@final
class FlaRun(ForwardRun):
    """Runs recurrences that have a matrix memory.

    Args:
        kernels: Kind, as in `KERNELS` -> function.
    """

    def __init__(self, kernels: dict[str, Callable[..., Any]]) -> None:
        self._through = partial(through_fla, kernels)

    def forward(self, recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
        return run_memory(_one_chunk, self._through, recurrence, sequences)


def kernel(kind: str) -> Callable[..., Any]:
    """One of the package's functions.

    Raises:
        ImportError: it is not installed.
    """
    module, _, name = KERNELS[kind].partition(":")
    found: Callable[..., Any] | None = vars(importlib.import_module(module)).get(name)
    if found is None:
        raise ImportError(f"{module} has no {name}")
    return found


def _one_chunk(terms: MatrixTerms) -> MatrixTerms:
    """All steps, for the kernels make chunks of their own."""
    return chunks(terms, len(terms.q))


def through_fla(
    kernels: dict[str, Callable[..., Any]], memory: MatrixMemory, terms: MatrixTerms, state: Tensor
) -> tuple[Tensor, Tensor]:
    """What is found (1, B, N, T, V), and the matrix (B, N, K, V) behind the last step."""
    # theirs is (B, T, N, .)
    q, k, v, log_decay = (
        part[0].transpose(1, 2) for part in (terms.q, terms.k, terms.v, terms.log_decay.expand_as(terms.q))
    )
    options: dict[str, Any] = {
        "q": q,
        "k": k,
        "v": v,
        "g": log_decay,
        "scale": 1.0,
        "initial_state": state.reshape(len(state), memory.heads, memory.key_size, memory.value_size),
        "output_final_state": True,
    }
    kind = "row" if terms.log_decay.shape[-1] > 1 else "scalar"
    if kind == "scalar":
        options["g"] = log_decay[..., 0]
    if terms.beta is not None:
        if kind == "row":
            raise ValueError("the delta rule has a decay for each row; expected one a head, for engine fla")
        kind = "delta"
        options["beta"] = terms.beta[0, ..., 0].transpose(1, 2)
    found, last = kernels[kind](**options)
    return found.transpose(1, 2).unsqueeze(0), last
