"""Runs any step under autograd, with the weight gradients of all steps taken in one product at the end.

For steps that are no program of blocks, such as those that mix units by a cumulative sum.
"""

from typing import Any

import torch
from torch import Tensor

from zoo.scan import reference
from zoo.scan.engine import is_special
from zoo.scan.recurrence import Recurrence, Sequences, State


class Tape:
    """The operands of a product at each step, and the gradients of its results, by backward pass."""

    def __init__(self) -> None:
        self._entries: dict[int, list[tuple[Tensor, Tensor]]] = {}

    def note(self, operand: Tensor, slope: Tensor) -> None:
        """Notes one step of the backward pass that is under way."""
        self._entries.setdefault(torch._C._current_graph_task_id(), []).append((operand, slope))

    def gradient(self, weight: Tensor) -> Tensor:
        """The weight's gradient over all steps noted in this backward pass."""
        entries = self._entries.pop(torch._C._current_graph_task_id(), [])
        if not entries:
            return torch.zeros_like(weight)
        operands, slopes = zip(*entries, strict=True)
        return torch.cat(slopes).T @ torch.cat(operands)


class Gathered(torch.autograd.Function):
    """A weight, whose gradient is the one on the tape."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, tape: Tape) -> Tensor:
        ctx.set_materialize_grads(False)
        ctx.tape = tape
        ctx.save_for_backward(weight)
        return weight.view_as(weight)

    @staticmethod
    def backward(ctx: Any, slope: Tensor | None) -> Any:
        (weight,) = ctx.saved_tensors
        noted = ctx.tape.gradient(weight)
        return noted if slope is None else noted + slope, None  # a slope comes from a second derivative


class Deferred(torch.autograd.Function):
    """operand (B, width) times weight (rows, width) transposed; notes what the weight's gradient needs."""

    @staticmethod
    def forward(ctx: Any, operand: Tensor, weight: Tensor, tape: Tape) -> Tensor:
        ctx.tape = tape
        ctx.save_for_backward(operand, weight)
        return operand @ weight.T

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Any:
        operand, weight = ctx.saved_tensors
        ctx.tape.note(operand, slope)
        return slope @ weight, None, None


def run_general(recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
    """Runs any recurrence over a batch of sequences; see `zoo.scan.recurrence.Run`."""
    if is_special(sequences.x) or torch.is_autocast_enabled(sequences.x.device.type):
        return reference.run(recurrence, sequences)
    taken: dict[str, tuple[Tensor, Tensor | None, Tape]] = {}

    def product(gates: str, operand: Tensor) -> Tensor:
        if gates not in taken:
            weight, bias = recurrence.recurrent(gates)
            tape = Tape()
            taken[gates] = Gathered.apply(weight, tape), bias, tape  # type: ignore[no-untyped-call]
        weight, bias, tape = taken[gates]
        result: Tensor = Deferred.apply(operand, weight, tape)  # type: ignore[no-untyped-call]
        return result if bias is None else result + bias

    return reference.loop(recurrence, sequences, recurrence.project(sequences.x), product)
