"""Errors on their way back through a run: all steps at once, one lag after the other."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Bool
from torch import Tensor

from zoo.diagnostics.replay import all_steps, product_of
from zoo.engines import LayerTrace, State

PIECE = 32
"""Steps that are differentiated at once; pieces that no error has reached are left out."""


def travels(trace: LayerTrace, max_lag: int | None) -> Iterator[tuple[list[Tensor], dict[str, Tensor]]]:
    """For each lag the errors, and the gradients that they leave at the weights."""
    if max_lag is not None and max_lag < 0:
        raise ValueError(f"max_lag is {max_lag}; expected 0 or more, or None for all lags")
    check_reached(trace)
    weights: dict[str, Tensor] = {}
    pieces = _pieces(trace, weights)
    errors = _entering(trace)
    reached = torch.stack([(part != 0).flatten(1).any(1) for part in errors]).any(0).tolist()
    for lag in range(min(count_lags(trace), trace.steps if max_lag is None else max_lag + 1)):
        found = {gates: torch.zeros_like(weight) for gates, weight in weights.items()}
        earlier = [torch.zeros_like(part) for part in errors]
        for piece in pieces:
            if any(reached[lag:][piece.steps]):
                with trace.unmixed():
                    parts = piece.back(errors, earlier)
                for gates, part in parts.items():
                    found[gates] += part
        yield errors, found
        errors = earlier


@dataclass(frozen=True)
class _Piece:
    """Some steps of a run side by side, each from the state that it began with.

    Attributes:
        steps: Which.
        before: The state before each step, as leaves.
        results: Output and new state of each step, (T, B, width).
        inside: Whether the state before a step came from the step before it, (T, B, 1).
        weights: The weights of each product, as leaves.
    """

    steps: slice
    before: State
    results: State
    inside: Bool[Tensor, "T B 1"]
    weights: dict[str, Tensor]

    def back(self, errors: list[Tensor], earlier: list[Tensor]) -> dict[str, Tensor]:
        """The gradients of the weights from these errors, which it also takes one step earlier."""
        leaves = [*self.before, *self.weights.values()]
        pairs = [pair for pair in zip(self.results, errors, strict=True) if pair[0].requires_grad]
        if not pairs:
            return {}
        made, slopes = zip(*((result, error[self.steps]) for result, error in pairs), strict=True)
        found = torch.autograd.grad(
            made, leaves, slopes, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        for error, part in zip(earlier[1:], found, strict=False):
            carried = torch.where(self.inside, part, 0)[0 if self.steps.start else 1 :]
            error[max(self.steps.start - 1, 0) :][: len(carried)] = carried
        return dict(zip(self.weights, found[len(self.before) :], strict=True))


def _pieces(trace: LayerTrace, weights: dict[str, Tensor]) -> list[_Piece]:
    """The run in pieces; `weights` takes in the weights of each product."""
    product = product_of(trace.recurrence, weights)
    inside, resets = trace.valid, trace.sequences.resets
    inside = (inside if resets is None else inside & ~resets).unsqueeze(-1)
    pieces = []
    for first in range(0, trace.steps, PIECE):
        steps = slice(first, first + PIECE)
        before, results = all_steps(trace, product, steps)
        pieces.append(
            _Piece(steps=steps, before=before, results=results, inside=inside[steps], weights=weights)
        )
    return pieces


def _entering(trace: LayerTrace) -> list[Tensor]:
    """The errors where they enter: at the outputs, and at the final state."""
    like, steps, count = trace.recurrence.like, trace.steps, trace.batch_size
    widths = (trace.recurrence.output_size, *trace.recurrence.state_sizes)
    errors = [like.new_zeros(steps, count, width) for width in widths]
    if trace.d_outputs is not None:
        errors[0] = torch.where(trace.valid[..., None], trace.d_outputs.to(like), 0)
    last = (trace.lengths - 1).clamp(min=0)
    rows = torch.arange(count, device=last.device)
    some = (trace.lengths > 0)[:, None]
    for error, part in zip(errors[1:], trace.d_final, strict=True):
        if part is not None and steps:
            error[last, rows] = torch.where(some, part.to(like), 0)
    return errors


def count_lags(trace: LayerTrace) -> int:
    """The valid steps of the longest sequence."""
    return int(trace.lengths.max()) if trace.batch_size else 0


def check_reached(trace: LayerTrace) -> None:
    """Refuses a trace that no gradient has reached.

    Raises:
        ValueError: there was no backward pass.
    """
    nowhere = trace.d_outputs is None and all(part is None for part in trace.d_final)
    if nowhere and trace.outputs.numel():
        raise ValueError(
            "no gradient has come back to this trace; expected one that watch() gave after the backward "
            "pass of a loss that depends on this layer"
        )
