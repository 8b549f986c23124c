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

from zoo.scan.backward import Backward
from zoo.scan.buffers import Buffers, Kernel, Slopes
from zoo.scan.program import PRIMITIVES, Block, Op, Program, Ref, blocks_of
from zoo.scan.trace import needed
from zoo.scan.views import by_step, defined, input_views


class EagerKernel(Kernel):
    """A program without row sums, by torch operations.

    Sequences run on freely in their padding, where nothing reads them: lengths cost nothing at a step.
    """

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._backward = Backward(program)

    @cached_property
    def _loop(self) -> Callable[[dict[str, Any], dict[int, Callable[[], None]]], None]:
        return defined(forward_lines(self.program))

    def __reduce__(self) -> Any:
        return type(self), (self.program,)

    def forward(self, buffers: Buffers) -> tuple[Tensor, ...]:
        renewing = self._renewing(buffers)
        self._loop(forward_views(self.program, buffers), renewing)
        self._show_state(buffers, renewing)
        if buffers.lengths is None:
            return tuple(part[-1].clone() for part in buffers.states)
        rows = torch.arange(len(buffers.lengths), device=buffers.lengths.device)
        final = tuple(part[buffers.lengths, rows] for part in buffers.states)
        steps = torch.arange(len(buffers.pre) + 1, device=rows.device)[:, None]
        beyond = (steps >= buffers.lengths).unsqueeze(-1)
        for part in (buffers.outputs, *buffers.states, *(part for part in buffers.operands if part.numel())):
            part.masked_fill_(beyond[: len(part)], 0)  # what ran on freely may have grown to infinity
        return final

    def backward(self, buffers: Buffers, slopes: Slopes) -> None:
        self._backward.run(buffers, slopes)

    def _renewing(self, buffers: Buffers) -> dict[int, Callable[[], None]]:
        """Step -> what puts fresh states in place before it, for the steps that need it."""
        if buffers.resets is None:
            return {}
        steps = buffers.resets.any(1).nonzero().flatten().tolist()
        return {t: partial(self._renew, buffers, t) for t in steps}

    def _renew(self, buffers: Buffers, t: int) -> None:
        assert buffers.resets is not None
        shown = self.program.output_state
        if shown is not None and t > 0:
            buffers.outputs[t - 1] = buffers.states[shown][t]
        for part, fresh in zip(buffers.states, buffers.fresh, strict=True):
            torch.where(buffers.resets[t].unsqueeze(-1), fresh, part[t], out=part[t])

    def _show_state(self, buffers: Buffers, renewed: dict[int, Callable[[], None]]) -> None:
        """Copies the output out of the state, where it is the state and has memory of its own."""
        shown = self.program.output_state
        if shown is None or (buffers.lengths is None and buffers.resets is None):
            return
        state = buffers.states[shown][1:]
        if not renewed:
            buffers.outputs.copy_(state)
            return
        steps = [t for t in range(len(state)) if t + 1 not in renewed]
        buffers.outputs[steps] = state[steps]


def product_views(program: Program, buffers: Buffers, k: int, result: Tensor) -> dict[str, Any]:
    """The k-th product: `c` its result at each step, `a` its operand, `u` its weight (width, rows)."""
    port = program.ports[k]
    state = program.operand_state(port)
    operand = buffers.operands[k] if state is None else buffers.states[state]
    first = (port.into or 0) * program.width
    rows = result[..., first : first + port.rows * program.width]
    return {f"c{k}": by_step(rows), f"a{k}": by_step(operand), f"u{k}": buffers.weights[k].T}


def forward_views(program: Program, buffers: Buffers) -> dict[str, Any]:
    """What the forward loop reads and writes, by the names that `forward_lines` gives them."""
    found: dict[str, Any] = {"T": len(buffers.pre)}
    for number, block in input_views(program, buffers).items():
        found[f"x{number}"] = block if block.dim() == 1 else by_step(block)
    for k, port in enumerate(program.ports):
        found |= product_views(
            program, buffers, k, buffers.pre if port.into is not None else buffers.products[k]
        )
        if program.operand_state(port) is None:
            blocks = blocks_of(buffers.operands[k], program.width)
            found |= {f"o{k}_{place}": by_step(block) for place, block in enumerate(blocks)}
    for place, block in enumerate(blocks_of(buffers.outputs, program.width)):
        found[f"y{place}"] = by_step(block)
    found |= {f"beta{k}": int(biased) for k, biased in enumerate(buffers.biased)}
    return found


def forward_lines(program: Program) -> list[str]:
    """The forward loop as Python."""
    writer = Writer(program)
    for k, port in enumerate(program.ports):
        if program.operand_state(port) is None:
            writer.store({f"o{k}_{place}[t]": block for place, block in enumerate(port.operand)})
        beta = "1" if port.into is not None else f"beta{k}"
        writer.body.append(f"torch.addmm(c{k}[t], a{k}[t], u{k}, beta={beta}, out=c{k}[t])")
    places = {
        f"x{number}[t + 1]": block
        for numbers, part in zip(program.state, program.new_state, strict=True)
        for number, block in zip(numbers, part, strict=True)
    }
    if program.output_state is None:
        places |= {f"y{place}[t]": block for place, block in enumerate(program.output)}
    writer.store(places)
    names = sorted(forward_names(program))
    return [
        "def loop(views, renewing):",
        *(f"    {name} = views['{name}']" for name in names),
        *(f"    {name} = torch.{name}" for name in sorted(writer.functions)),
        "    for t in range(T):",
        "        if t in renewing:",
        "            renewing[t]()",
        *(f"        {line}" for line in writer.body),
    ]


def forward_names(program: Program) -> set[str]:
    """The names that the forward loop uses."""
    names = {"T", *(f"x{number}" for number in program.inputs)}
    for k, port in enumerate(program.ports):
        names |= {f"c{k}", f"a{k}", f"u{k}", f"beta{k}"}
        if program.operand_state(port) is None:
            names |= {f"o{k}_{place}" for place in range(len(port.operand))}
    return names | {f"y{place}" for place in range(len(program.output))}


def writes_out(op: Op | None) -> bool:
    """Whether torch's function for this operation can write into given memory."""
    return op is not None and op.name.split(".")[0] in PRIMITIVES - {"relu", "rsub"}


class Writer:
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
        function = op.name.split(".")[0]
        if function in PRIMITIVES:
            self.functions.add(function)
        else:
            function = f"torch.ops.aten.{op.name}"
        options = [] if op.alpha == 1 else [f"alpha={op.alpha!r}"]
        options += [] if place is None else [f"out={place}"]
        self.body.append(f"v{number} = {function}({', '.join([*map(self.name, op.args), *options])})")

    def name(self, block: Block) -> str:
        """A block in Python."""
        if not isinstance(block, Ref):
            return repr(block)
        if block.index >= self.program.num_inputs:
            return f"v{block.index}"
        return f"x{block.index}" + ("" if block.index in self.program.vectors else "[t]")
