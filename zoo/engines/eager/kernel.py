"""Runs a program by torch operations: no compiler needed, on any device, in any type of numbers.

Between its products a step is element-wise, so that all its partial derivatives can be had in bulk, for many
steps at once, after the forward loop. The loop backwards is then only multiply-adds with those partials and
one product for each product of the step. Both loops are written out as Python for each program.
"""

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor

from zoo.engines.autograd.buffers import Buffers, Gradients, Kernel
from zoo.engines.eager.backward import Backward
from zoo.engines.eager.views import STEPS, by_step, defined, input_views
from zoo.engines.program.ir import PRIMITIVES, Block, Op, Program, Ref, blocks_of
from zoo.engines.program.simplify import needed


class EagerKernel(Kernel):
    """A program without row sums, by torch operations.

    Sequences run on freely in their padding, where nothing reads them: lengths cost nothing at a step.
    """

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._backward = Backward(program)

    @cached_property
    def _loop(self) -> Callable[..., None]:
        return defined(forward_lines(self.program))

    def __reduce__(self) -> Any:
        # a loop that was written out cannot be pickled, and the program says all of it
        return type(self), (self.program,)

    def forward(self, buffers: Buffers) -> tuple[Tensor, ...]:
        assert not buffers.backward
        renewing = self._renewing(buffers)
        for first in range(0, len(buffers.pre), STEPS):
            last = min(first + STEPS, len(buffers.pre))
            self._loop(forward_views(self.program, buffers, first, last), first, last, renewing)
        self._show_state(buffers, renewing)
        if buffers.lengths is None:
            # copies: the caller may write into them, and the states are kept for the backward pass
            return tuple(part[-1].clone() for part in buffers.states)
        rows = torch.arange(len(buffers.lengths), device=buffers.lengths.device)
        final = tuple(part[buffers.lengths, rows] for part in buffers.states)
        steps = torch.arange(len(buffers.pre) + 1, device=rows.device)[:, None]
        beyond = (steps >= buffers.lengths).unsqueeze(-1)
        # what ran on freely may have grown to infinity; the input products have taken in products with it
        filled = (buffers.pre, buffers.outputs, *buffers.states, *buffers.products, *buffers.operands)
        for part in filled:
            if part.numel():
                part.masked_fill_(beyond[: len(part)], 0)
        return final

    def backward(self, buffers: Buffers, gradients: Gradients) -> None:
        self._backward.run(buffers, gradients)

    def _renewing(self, buffers: Buffers) -> dict[int, Callable[[], None]]:
        """Step -> what puts the reset state in place before it, for the steps that need it."""
        if buffers.resets is None:
            return {}
        # the host waits once, and steps without a reset cost the loop nothing
        steps = buffers.resets.any(1).nonzero().flatten().tolist()
        return {t: partial(self._renew, buffers, t) for t in steps}

    def _renew(self, buffers: Buffers, t: int) -> None:
        assert buffers.resets is not None
        shown = self.program.output_state
        if shown is not None and t > 0:
            # the output of the step before is about to be overwritten as a state
            buffers.outputs[t - 1] = buffers.states[shown][t]
        for part, reset_state in zip(buffers.states, buffers.reset_state, strict=True):
            torch.where(buffers.resets[t].unsqueeze(-1), reset_state, part[t], out=part[t])

    def _show_state(self, buffers: Buffers, renewed: dict[int, Callable[[], None]]) -> None:
        """Copies the output out of the state, where it is the state and has memory of its own."""
        shown = self.program.output_state
        if shown is None or (buffers.lengths is None and buffers.resets is None):
            return
        state = buffers.states[shown][1:]
        if not renewed:
            buffers.outputs.copy_(state)
            return
        # the others were copied by `_renew`, before a reset overwrote their state
        steps = [t for t in range(len(state)) if t + 1 not in renewed]
        buffers.outputs[steps] = state[steps]


def forward_views(program: Program, buffers: Buffers, first: int, last: int) -> dict[str, Any]:
    """What the forward loop reads and writes at some steps, by the names that `forward_lines` gives it.

    `x` are inputs, `y` the output; of each product `c` is the result, `a` the operand, `o` the blocks of an
    operand that is computed, `u` the weight (width, rows) and `beta` whether it is added to what is there.
    """
    now, after = slice(first, last), slice(first, last + 1)
    found: dict[str, Any] = {}
    for number, block in input_views(program, buffers).items():
        found[f"x{number}"] = block if block.dim() == 1 else by_step(block[after])
    for k, matmul in enumerate(program.matmuls):
        state, start = program.operand_state(matmul), (matmul.into or 0) * program.width
        result = buffers.products[k] if matmul.into is None else buffers.pre
        operand = buffers.operands[k] if state is None else buffers.states[state]
        found[f"c{k}"] = by_step(result[now, :, start : start + matmul.rows * program.width])
        found |= {
            f"a{k}": by_step(operand[now]),
            f"u{k}": buffers.weights[k].T,
            f"beta{k}": buffers.biases[k] is not None,
        }
        if state is None:
            blocks = blocks_of(operand[now], program.width)
            found |= {f"o{k}_{place}": by_step(block) for place, block in enumerate(blocks)}
    for place, block in enumerate(blocks_of(buffers.outputs[now], program.width)):
        found[f"y{place}"] = by_step(block)
    return found


def forward_lines(program: Program) -> list[str]:
    """The forward loop as Python."""
    writer = LoopWriter(program)
    for k, matmul in enumerate(program.matmuls):
        if program.operand_state(matmul) is None:
            writer.store({f"o{k}_{place}[i]": block for place, block in enumerate(matmul.operand)})
        # with beta 0 the buffer is not read, so that it may hold NaN
        beta = "1" if matmul.into is not None else f"beta{k}"
        writer.body.append(f"torch.addmm(c{k}[i], a{k}[i], u{k}, beta={beta}, out=c{k}[i])")
    places = {
        f"x{number}[i + 1]": block
        for numbers, part in zip(program.state, program.new_state, strict=True)
        for number, block in zip(numbers, part, strict=True)
    }
    if program.output_state is None:
        places |= {f"y{place}[i]": block for place, block in enumerate(program.output)}
    writer.store(places)
    names = sorted(loop_names(program))
    return [
        "def loop(views, first, last, renewing):",
        *(f"    {name} = views['{name}']" for name in names),
        *(f"    {name} = torch.{name}" for name in sorted(writer.functions)),
        "    for t in range(first, last):",
        "        i = t - first",
        "        if t in renewing:",
        "            renewing[t]()",
        *(f"        {line}" for line in writer.body),
    ]


def loop_names(program: Program) -> set[str]:
    """The names that the forward loop uses."""
    names = {f"x{number}" for number in program.inputs}
    for k, matmul in enumerate(program.matmuls):
        names |= {f"c{k}", f"a{k}", f"u{k}", f"beta{k}"}
        if program.operand_state(matmul) is None:
            names |= {f"o{k}_{place}" for place in range(len(matmul.operand))}
    return names | {f"y{place}" for place in range(len(program.output))}


def writes_out(op: Op | None) -> bool:
    """Whether torch's function for this operation can write into given memory."""
    if op is None or (op.name.startswith("where.") and len(op.sources) < 3):
        return False
    # torch gives these no `out`
    return op.name.split(".")[0] in PRIMITIVES - {"detach", "relu", "rsub"}


BESIDE_A_NUMBER = {"maximum": "clamp_min", "minimum": "clamp_max"}


def is_number(block: Block) -> bool:
    """Whether a block is the same number in every unit."""
    return not isinstance(block, Ref)


class LoopWriter:
    """Writes the operations of a step as Python, each once.

    Attributes:
        body: The lines so far.
        functions: The torch functions that they call.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.body: list[str] = []
        self.functions: set[str] = set()
        self._made: set[int] = set()

    def store(self, places: dict[str, Block]) -> None:
        """Computes blocks and writes each into its place, without a copy where that can be."""
        program = self.program
        ops: list[Op | None] = [None] * program.num_inputs + list(program.ops)
        direct: dict[int, str] = {}
        for place, block in places.items():
            if isinstance(block, Ref) and block.index not in self._made and writes_out(ops[block.index]):
                direct.setdefault(block.index, place)
        for number in sorted(needed(ops, list(places.values())) - self._made):
            op = ops[number]
            if op is not None:
                self._write(number, op, direct.get(number))
                self._made.add(number)
        for place, block in places.items():
            if not isinstance(block, Ref):
                self.body.append(f"{place}.fill_({block!r})")
            elif direct.get(block.index) != place:
                self.body.append(f"{place}.copy_({self.name(block)})")

    def _write(self, number: int, op: Op, place: str | None) -> None:
        function, args = op.name.split(".")[0], list(op.args)
        if function in BESIDE_A_NUMBER and len(op.sources) == 1:
            # torch takes the larger and the smaller of tensors only
            function, args = BESIDE_A_NUMBER[function], sorted(args, key=is_number)
        if function in PRIMITIVES:
            self.functions.add(function)
        else:
            function = f"torch.ops.aten.{op.name}"
        options = [] if op.alpha == 1 else [f"alpha={op.alpha!r}"]
        options += [] if place is None else [f"out={place}"]
        self.body.append(f"v{number} = {function}({', '.join([*map(self.name, args), *options])})")

    def name(self, block: Block) -> str:
        """A block in Python."""
        if not isinstance(block, Ref):
            return repr(block)
        if block.index >= self.program.num_inputs:
            return f"v{block.index}"
        return f"x{block.index}" + ("" if block.index in self.program.vectors else "[i]")
