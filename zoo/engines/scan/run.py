"""Runs a step that is linear in its state: coefficients in bulk, a scan, outputs in bulk."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import final

import torch
from torch import Tensor

from zoo.engines.base import ForwardRun, is_special
from zoo.engines.program.evaluate import behind, evaluate, split
from zoo.engines.program.ir import Block, Ref
from zoo.engines.program.trace import trace
from zoo.engines.recurrence import Recurrence, Refusal, Sequences, State, linear_product
from zoo.engines.reference import run_reference
from zoo.engines.scan.affine_form import LinearForm, linear_form
from zoo.engines.scan.block_scan import Planes
from zoo.engines.scan.scan import linear_scan

SHORT = 16
"""Below so many steps the reference loop is faster than setting up a scan."""


def form_of(recurrence: Recurrence) -> LinearForm:
    """The linear form of a recurrence.

    Raises:
        Refusal: no scan can run it; the message says why.
    """
    if recurrence.gradient_clip:
        raise Refusal("it takes the gradients of all steps at once and cannot clip the recurrent one at each")
    program = trace(recurrence)
    if len(program.output) * program.width != recurrence.output_size:
        raise Refusal(
            f"its output of width {recurrence.output_size} is not made of blocks of H = {program.width}"
        )
    form = linear_form(program)
    if form is None:
        raise Refusal("its new state is not linear in the old one, unit by unit")
    return form


@final
class LinearRun(ForwardRun):
    """Runs recurrences of a linear form by a scan.

    Short sequences, as in streaming, are left to the reference loop.
    """

    def __init__(self, form: LinearForm) -> None:
        self.form = form

    def forward(self, recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
        if len(sequences.x) < SHORT or is_special(sequences.x):
            return run_reference(recurrence, sequences)
        return run_linear(self.form, recurrence, sequences)


def run_linear(form: LinearForm, recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
    """Runs a recurrence that has this form; see `zoo.engines.recurrence.RunFunction`.

    Outputs and states are of the types that the reference loop gives them.
    """
    time, batch_size, _ = sequences.x.shape
    if time == 0:
        return sequences.x.new_zeros(0, batch_size, recurrence.output_size), sequences.state
    bulk = Bulk(form, recurrence, sequences)
    states = bulk.states()
    outputs = bulk.outputs(states)
    if sequences.mask is not None:
        outputs = torch.where(sequences.mask, outputs, 0)
    left = iter(plane[-1] for plane in states)
    blocks = [[next(left) for _ in part] for part in form.program.state]
    final = [part[0] if len(part) == 1 else torch.cat(part, dim=-1) for part in blocks]
    return outputs, tuple(part.to(dtype) for part, dtype in zip(final, bulk.types.state, strict=True))


@dataclass(frozen=True)
class Types:
    """The types of numbers that a step gives."""

    output: torch.dtype
    state: tuple[torch.dtype, ...]


class Bulk:
    """A run, with everything but the scan taken for all steps at once."""

    def __init__(self, form: LinearForm, recurrence: Recurrence, sequences: Sequences) -> None:
        self.form, self.program, self.sequences = form, form.program, sequences
        self.product = linear_product(recurrence.recurrent)
        pre = recurrence.project(sequences.x)
        self.types = _types(recurrence, pre, sequences.state)
        self.known = dict(zip(self.program.pre, split(pre, self.program.width), strict=True))
        self.known |= zip(self.program.vectors, self.program.fixed(recurrence.vectors), strict=True)
        self.reset_state = _blocks(sequences.reset_state, self.program.width)
        self.resets = None if sequences.resets is None else sequences.resets.unsqueeze(-1)

    def states(self) -> Planes:
        """The states (T + 1, B, H), block by block: the first, and those after each step."""
        # one scan carries all states, and so in one type; the step's own come back at the end
        dtype = reduce(torch.promote_types, self.types.state)
        size = len(self.form.shifts)
        flat = [slope for row in self.form.slopes for slope in row]
        found = [part.to(dtype) for part in self._evaluated([*flat, *self.form.shifts], self.known, dtype)]
        factors = [None if slope == 0.0 else part for slope, part in zip(flat, found, strict=False)]
        a = [factors[i * size : (i + 1) * size] for i in range(size)]
        b = found[size * size :]
        if self.resets is not None:
            _renew(a, b, self.reset_state, self.resets)
        if self.sequences.mask is not None:
            _stand_still(a, b, self.sequences.mask)
        start = _blocks(self.sequences.state, self.program.width)
        return linear_scan(a, [part.to(dtype) for part in b], [part.to(dtype) for part in start])

    def outputs(self, states: Planes) -> Tensor:
        """The outputs (T, B, output size), those in the padding too."""
        blocks = [block for part in self.program.new_state for block in part]
        new = {
            block.index: plane[1:]
            for block, plane in zip(blocks, states, strict=True)
            # the number of an input stands for that input, even where it is a new state as it is
            if isinstance(block, Ref) and block.index >= self.program.num_inputs
        }
        read = behind(self.program, self.program.output, new)
        numbers = [number for part in self.program.state for number in part]
        old = {
            number: plane[:-1] if self.resets is None else torch.where(self.resets, reset_state, plane[:-1])
            for number, plane, reset_state in zip(numbers, states, self.reset_state, strict=True)
            if number in read
        }
        found = self._evaluated(self.program.output, self.known | new | old, self.types.output)
        return (found[0] if len(found) == 1 else torch.cat(found, dim=-1)).to(self.types.output)

    def _evaluated(
        self, wanted: Sequence[Block], known: dict[int, Tensor], dtype: torch.dtype
    ) -> list[Tensor]:
        x = self.sequences.x
        # one number, expanded: only shape and type are looked at
        like = x.new_empty((), dtype=dtype).expand(*x.shape[:2], self.program.width)
        gates = [matmul.gates for matmul in self.program.matmuls]
        return evaluate(self.program, wanted, known, lambda k, part: self.product(gates[k], part), like)


def _blocks(state: State, width: int) -> list[Tensor]:
    """The blocks of all tensors of a state."""
    return [block for part in state for block in split(part, width)]


@torch.no_grad()
def _types(recurrence: Recurrence, pre: Tensor, state: State) -> Types:
    """Those of a step on an empty batch."""
    # only the step knows what promotion and autocast make of its types
    output, new = recurrence.step(
        pre[0, :0], tuple(part[:0] for part in state), linear_product(recurrence.recurrent)
    )
    return Types(output.dtype, tuple(part.dtype for part in new))


def _renew(a: list[list[Tensor | None]], b: list[Tensor], reset_state: list[Tensor], resets: Tensor) -> None:
    """Puts reset states in the place of the old ones before some steps."""
    for i, row in enumerate(a):
        # A r + b, with the reset state r, needs no state before it: all of it is b, and A is 0
        anew = b[i]
        for j, part in enumerate(row):
            if part is not None:
                anew = anew + part * reset_state[j]
                row[j] = torch.where(resets, 0, part)
        b[i] = torch.where(resets, anew, b[i])


def _stand_still(a: list[list[Tensor | None]], b: list[Tensor], mask: Tensor) -> None:
    """Lets states stay as they are in the padding."""
    for i, row in enumerate(a):
        for j, part in enumerate(row):
            if part is not None or i == j:
                row[j] = torch.where(mask, torch.zeros_like(b[i]) if part is None else part, float(i == j))
        b[i] = torch.where(mask, b[i], 0)
