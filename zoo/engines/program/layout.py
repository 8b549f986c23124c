"""In which order a program's products and operations run, forward and backward."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from zoo.engines.program.derivative import adjoint
from zoo.engines.program.ir import Block, Op, Program
from zoo.engines.program.simplify import needed


@dataclass(frozen=True)
class Wanted:
    """A gradient, and the input it belongs to."""

    block: Block
    number: int


@dataclass(frozen=True)
class Layout:
    """A program, its derivative, and the passes of a step.

    A forward pass computes the operand of one product; the last one the output and the new state. A
    backward pass computes gradients up to a product whose operand's gradient the next pass needs.

    Attributes:
        program: The folded program.
        computed: The products whose operand is computed, by their place among the matmuls.
        back_ops: Operations of the derivative, on the inputs of the program and the seeds of its results.
        back_passes: The gradients wanted of each backward pass.
    """

    program: Program
    computed: tuple[int, ...]
    back_ops: tuple[Op, ...]
    back_passes: tuple[tuple[Wanted, ...], ...]

    @classmethod
    def of(cls, program: Program) -> "Layout":
        """The layout of a folded program."""
        computed = tuple(
            k for k, matmul in enumerate(program.matmuls) if program.operand_state(matmul) is None
        )
        ops, gradients = adjoint(program)
        # without passes yet: `_pass_of` asks it for the seeds
        layout = cls(program, computed, ops, ())
        passes: list[list[Wanted]] = [[] for _ in range(len(computed) + 1)]
        for number, block in enumerate(gradients):
            passes[layout._pass_of(block)].append(Wanted(block, number))
        return cls(program, computed, ops, tuple(tuple(wanted) for wanted in passes))

    @cached_property
    def seeds(self) -> tuple[tuple[int, ...], ...]:
        """Numbers of the seeds' blocks: of the output, of each tensor of the new state, of each operand."""
        first = self.program.num_inputs
        found = []
        for part in self.program.results:
            found.append(tuple(range(first, first + len(part))))
            first += len(part)
        return tuple(found)

    def operand_seeds(self, k: int) -> tuple[int, ...]:
        """Numbers of the seeds of the k-th product's operand."""
        return self.seeds[1 + len(self.program.new_state) + k]

    def _pass_of(self, block: Block) -> int:
        """The first pass that knows all that this gradient depends on; products are undone last to first."""
        ops: Sequence[Op | None] = [None] * (self.seeds[-1][-1] + 1) + list(self.back_ops)
        used = needed(ops, [block])
        undone = list(reversed(self.computed))
        # an operand's gradient comes of its product, and is there only for the pass behind it
        known = [place + 1 for place, k in enumerate(undone) if used & set(self.operand_seeds(k))]
        return max(known, default=0)
