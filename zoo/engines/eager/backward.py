"""The derivative of a program by torch operations: partials in bulk, then a short loop backwards."""

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor

from zoo.engines.autograd.buffers import Buffers, Gradients
from zoo.engines.eager.columns import GradientColumns
from zoo.engines.eager.views import STEPS, by_step, defined, input_views
from zoo.engines.program.derivative import partials
from zoo.engines.program.ir import Block, Program, Ref, run_ops

CACHED_NUMBERS = 2**16
"""Numbers in a block (steps, B, H) of partial derivatives: more would not stay in the cache."""


class Backward:
    """Runs the derivative of a program without row sums."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.ops, table = partials(program)
        self.columns = GradientColumns(program, table)
        self.partials = {(result, self.columns.place[leaf]): block for (result, leaf), block in table.items()}
        self.lines = Lines(program, self.columns, self.partials)

    @cached_property
    def _loop(self) -> Callable[..., None]:
        return defined(self.lines.all())

    def run(self, buffers: Buffers, gradients: Gradients) -> None:
        """Fills the gradients."""
        program, columns = self.program, self.columns
        time, batch_size, _ = buffers.pre.shape
        padding = None
        if buffers.lengths is not None:
            steps = torch.arange(time, device=buffers.lengths.device)[:, None]
            padding = (steps >= buffers.lengths).unsqueeze(-1)
            # outputs are 0 in the padding whatever happens: what comes back there belongs to nothing
            gradients.outputs = gradients.outputs.masked_fill(padding, 0)
        found = buffers.pre.new_empty(time, batch_size, columns.count, program.width)
        # no result depends on these inputs, so that the loop never writes their columns
        for column in columns.dead:
            found[:, :, column] = 0
        fixed = self._fixed_views(buffers, gradients)
        ending = self._ending(buffers, gradients, fixed)
        renewing = self._renewing(buffers, gradients, fixed)
        named = input_views(program, buffers)
        inputs = [named[number] for number in program.inputs]
        # from the end: the loop carries the state's gradient across chunks
        chunk = max(1, min(STEPS, CACHED_NUMBERS // max(1, batch_size * program.width)))
        for last in range(time, 0, -chunk):
            first = max(0, last - chunk)
            now = slice(first, last)
            values = run_ops(self.ops, [block if block.dim() == 1 else block[now] for block in inputs])
            hidden = None if padding is None else padding[now]
            views = fixed | self._views(gradients.outputs[now], found[now])
            views |= {name: by_step(part) for name, part in self._runs(values, found[now], hidden).items()}
            self._loop(views, first, last, ending, renewing)
        # a sequence of no step hands the gradient of its final state to its initial one
        if 0 in ending:
            ending[0]()
        gradients.states[:] = [fixed[f"d{k}"] for k in range(len(program.state))]
        self._hand_over(gradients, found)

    def _fixed_views(self, buffers: Buffers, gradients: Gradients) -> dict[str, Any]:
        """What the loop uses at every step, by the names that `Lines` gives it."""
        program, width = self.program, self.program.width
        views: dict[str, Any] = {"limit": gradients.limit}
        for k, part in enumerate(gradients.states):
            # with lengths each sequence gets its own at its own last step, see `_ending`
            gradient = part if buffers.lengths is None else torch.zeros_like(part)
            views[f"d{k}"] = gradient
            views |= {f"d{k}_{place}": block for place, block in enumerate(_rows(gradient, width))}
        for k, (matmul, weight) in enumerate(zip(program.matmuls, buffers.weights, strict=True)):
            views[f"w{k}"] = weight
            if program.operand_state(matmul) is None:
                views[f"do{k}"] = gradient = buffers.operands[k].new_empty(buffers.operands[k].shape[1:])
                views |= {f"do{k}_{place}": block for place, block in enumerate(_rows(gradient, width))}
        return views

    def _views(self, d_outputs: Tensor, found: Tensor) -> dict[str, Any]:
        """What the loop reads and writes at some steps; `found` has the columns."""
        program = self.program
        views: dict[str, Any] = {"dy": by_step(d_outputs)}
        for place, block in enumerate(_rows(d_outputs, program.width)):
            views[f"dy{place}"] = by_step(block)
        for k, numbers in enumerate(program.state):
            if numbers[0] in self.columns.place:
                views[f"g{k}"] = by_step(found[:, :, self.columns.range(numbers)].flatten(2))
        for k in range(len(program.matmuls)):
            columns = self.columns.range(program.targets(k))
            views[f"dc{k}"] = by_step(found[:, :, columns].flatten(2))
        for name, columns in self.lines.ranges.items():
            views[name] = by_step(found[:, :, columns])
        return views

    def _runs(self, values: list[Any], found: Tensor, hidden: Tensor | None) -> dict[str, Tensor]:
        """The partial derivatives of some steps, those of neighbouring columns side by side."""
        made = {}
        for name, blocks in self.lines.runs.items():
            parts = [values[block.index] if isinstance(block, Ref) else block for block in blocks]
            whole = found.new_empty(*found.shape[:2], len(parts), found.shape[-1])
            for k, part in enumerate(parts):
                whole[:, :, k] = part
            # a step that runs on in the padding may have infinite partials, and 0 times those is NaN
            made[name] = whole if hidden is None else whole.masked_fill_(hidden.unsqueeze(-1), 0)
        return made

    def _ending(
        self, buffers: Buffers, gradients: Gradients, views: dict[str, Any]
    ) -> dict[int, Callable[[], None]]:
        """Number of steps -> what adds the gradients of the final states of sequences of that length."""
        if buffers.lengths is None:
            return {}

        lengths, final = buffers.lengths, list(gradients.states)

        def end(length: int) -> None:
            for k, part in enumerate(final):
                # in place, for d{k}_0, d{k}_1, ... are views of it
                views[f"d{k}"] += torch.where((lengths == length).unsqueeze(-1), part, 0)

        # the host waits here once, and the loop works only at steps where a sequence ends
        return {length: partial(end, length) for length in set(lengths.tolist())}

    def _renewing(
        self, buffers: Buffers, gradients: Gradients, views: dict[str, Any]
    ) -> dict[int, Callable[[], None]]:
        """Step -> what gives the gradient of the states that were put in place before it to these."""
        resets = buffers.resets
        if resets is None:
            return {}

        def renew(t: int) -> None:
            at = resets[t].unsqueeze(-1)
            for k, reset_state in enumerate(gradients.reset_state):
                reset_state += torch.where(at, views[f"d{k}"], 0)
                views[f"d{k}"].masked_fill_(at, 0)

        return {t: partial(renew, t) for t in resets.any(1).nonzero().flatten().tolist()}

    def _hand_over(self, gradients: Gradients, found: Tensor) -> None:
        """Gives the columns to the gradients: as a view where they stand in order, copied where not."""
        program, columns = self.program, self.columns
        if columns.are_neighbours(program.pre):
            gradients.pre = found[:, :, columns.range(program.pre)].flatten(2)
        else:
            torch.cat([found[:, :, columns.place[number]] for number in program.pre], -1, out=gradients.pre)
        gradients.products = tuple(
            part if matmul.into is not None else found[:, :, columns.range(matmul.result)].flatten(2)
            for matmul, part in zip(program.matmuls, gradients.products, strict=True)
        )
        if program.vectors:
            gradients.vectors = found[:, :, columns.range(program.vectors)].sum((0, 1))


def _rows(gradient: Tensor, width: int) -> tuple[Tensor, ...]:
    """The blocks of a gradient (..., n H), each (..., 1, H)."""
    return gradient.reshape(*gradient.shape[:-1], gradient.shape[-1] // width, 1, width).unbind(-3)


class Lines:
    """The loop backwards as Python.

    Attributes:
        runs: Name of a bulk of partial derivatives -> its blocks, in neighbouring columns.
        ranges: Name of columns that the loop fills -> which.
    """

    def __init__(
        self, program: Program, columns: GradientColumns, derivatives: dict[tuple[int, int], Block]
    ) -> None:
        self.program, self.columns, self.derivatives = program, columns, derivatives
        self.runs: dict[str, list[Block]] = {}
        self.ranges: dict[str, slice] = {}
        self._filled: set[int] = set()
        self._names: set[str] = set()
        self._body = self._step()

    def all(self) -> list[str]:
        """The whole function."""
        names = sorted({*self.runs, *self.ranges, *self._names})
        return [
            "def loop(views, first, last, ending, renewing):",
            *(f"    {name} = views['{name}']" for name in names),
            "    for t in range(last - 1, first - 1, -1):",
            "        i = t - first",
            "        if t + 1 in ending:",
            "            ending[t + 1]()",
            *(f"        {line}" for line in self._body),
            "        if t in renewing:",
            "            renewing[t]()",
        ]

    def _step(self) -> list[str]:
        program = self.program
        lines = []
        shown = program.output_state
        if shown is not None:
            lines.append(f"{self._known(f'd{shown}')}.add_({self._known('dy')}[i])")
        else:
            for place, block in enumerate(program.output):
                lines += self._spread(block, f"dy{place}", "[i]")
        for k, part in enumerate(program.new_state):
            for place, block in enumerate(part):
                lines += self._spread(block, f"d{k}_{place}", "")
        # last to first, for the operand of a product may be made of the product before it
        for k in reversed(range(len(program.matmuls))):
            matmul = program.matmuls[k]
            if program.operand_state(matmul) is None:
                lines.append(f"torch.mm({self._known(f'dc{k}')}[i], {self._known(f'w{k}')}, out=do{k})")
                self._known(f"do{k}")
                for place, block in enumerate(matmul.operand):
                    lines += self._spread(block, f"do{k}_{place}", "")
        for k in range(len(program.state)):
            # last of all, for the lines above still read the gradient that this overwrites
            lines += self._state(k)
            if program.clips:
                limit = self._known("limit")
                lines.append(f"{self._known(f'd{k}')}.clamp_(-{limit}, {limit})")
        return lines

    def _known(self, name: str) -> str:
        self._names.add(name)
        return name

    def _spread(self, block: Block, seed: str, index: str) -> list[str]:
        """Adds what a result's seed contributes to the gradients of all that it depends on."""
        if not isinstance(block, Ref):
            return []
        reach = sorted(column for result, column in self.derivatives if result == block.index)
        if reach:
            self._known(seed)
        lines = []
        for run in self._neighbours(reach):
            name, columns = f"p{len(self.runs)}", f"f{run[0]}_{run[-1]}"
            self.runs[name] = [self.derivatives[block.index, column] for column in run]
            self.ranges[columns] = slice(run[0], run[-1] + 1)
            # the first to come writes, so that nobody has to clear the columns
            if run[0] in self._filled:
                lines.append(f"{columns}[i].addcmul_({name}[i], {seed}{index})")
            else:
                lines.append(f"torch.mul({name}[i], {seed}{index}, out={columns}[i])")
            self._filled |= set(run)
        return lines

    def _neighbours(self, reach: list[int]) -> list[list[int]]:
        """Neighbouring columns that are all to be filled or all to be added to."""
        found: list[list[int]] = []
        for column in reach:
            last = found[-1][-1] if found else None
            if last == column - 1 and (last in self._filled) == (column in self._filled):
                found[-1].append(column)
            else:
                found.append([column])
        return found

    def _state(self, k: int) -> list[str]:
        """The gradient of the state before the step: by itself, and through products."""
        program = self.program
        matmuls = [j for j, matmul in enumerate(program.matmuls) if program.operand_state(matmul) == k]
        direct = program.state[k][0] in self.columns.place
        lines: list[str] = []
        base = f"{self._known(f'g{k}')}[i]" if direct else ""
        if not matmuls:
            return [f"{self._known(f'd{k}')}.copy_({base})" if direct else f"{self._known(f'd{k}')}.zero_()"]
        for j in matmuls:
            start = f"torch.addmm({base}, " if direct or lines else "torch.mm("
            lines.append(
                f"{start}{self._known(f'dc{j}')}[i], {self._known(f'w{j}')}, out={self._known(f'd{k}')})"
            )
            base = f"d{k}"
        return lines
