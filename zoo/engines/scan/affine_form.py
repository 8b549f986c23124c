"""Whether a step is linear in its state, and with which coefficients, as its operations say."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias, cast

import torch

from zoo.engines.program.evaluate import CHOICE
from zoo.engines.program.ir import Block, Op, Program, Ref


@dataclass(frozen=True)
class Affine:
    """A value as `shift + Σ_j slopes[j] ∘ (block j of the old state)`.

    Attributes:
        shift: What does not depend on the state.
        slopes: The factor of each block of the state that it depends on.
    """

    shift: Block
    slopes: dict[int, Block] = field(default_factory=dict)


@dataclass(frozen=True)
class LinearForm:
    """A step whose new state is `new_i = shifts[i] + Σ_j slopes[i][j] ∘ old_j`, block by block.

    Attributes:
        program: The step, with the operations that compute slopes and shifts behind its own.
        slopes: Factor of each block of the old state (columns) in each block of the new one (rows); 0.0 where
            it does not occur.
        shifts: What each block of the new state has besides.
    """

    program: Program
    slopes: tuple[tuple[Block, ...], ...]
    shifts: tuple[Block, ...]


def linear_form(program: Program) -> LinearForm | None:
    """The linear form of a step, or None where it has none.

    It has one where each block of the new state is a sum of blocks of the old one, each times a factor that
    does not depend on the state, and no recurrent product feeds it. Products that only feed the output are
    no hindrance.

    Args:
        program: A step that is not folded.
    """
    algebra = Algebra(program)
    news = [algebra.affine(block) for part in program.new_state for block in part]
    found = [new for new in news if new is not None]
    if len(found) < len(news):
        return None
    slopes = tuple(tuple(new.slopes.get(j, 0.0) for j in range(len(news))) for new in found)
    return LinearForm(replace(program, ops=tuple(algebra.ops)), slopes, tuple(new.shift for new in found))


AffineRule: TypeAlias = Callable[["Algebra", Op, list[Affine]], Affine | None]
"""What becomes of an operation on values of which at least one depends on the state; None: nothing linear."""


class Algebra:
    """Follows the operations of a program on values that are affine in the state.

    Attributes:
        ops: Those of the program, and behind them those that compute slopes and shifts.
    """

    def __init__(self, program: Program) -> None:
        self.ops = list(program.ops)
        self._first = program.num_inputs
        self._made = {op: Ref(self._first + k) for k, op in enumerate(program.ops)}
        self._values: list[Affine | None] = [Affine(Ref(number)) for number in program.inputs]
        for j, number in enumerate(number for part in program.state for number in part):
            self._values[number] = Affine(0.0, {j: 1.0})
        for number in (number for matmul in program.matmuls for number in matmul.result):
            # a product mixes units: behind it nothing is linear unit by unit
            self._values[number] = None
        for number, op in enumerate(program.ops, start=self._first):
            self._values.append(self._result(number, op))

    def affine(self, block: Block) -> Affine | None:
        """A block as an affine function of the state, or None where it is none."""
        return self._values[block.index] if isinstance(block, Ref) else Affine(block)

    def _result(self, number: int, op: Op) -> Affine | None:
        args = [self.affine(arg) for arg in op.args]
        known = [arg for arg in args if arg is not None]
        if len(known) < len(args):
            return None
        if not any(arg.slopes for arg in known):
            return Affine(Ref(number))
        rule = AFFINE_RULES.get(op.name.split(".")[0])
        return None if rule is None else rule(self, op, known)

    def emit(self, name: str, *args: Block) -> Block:
        """The result of an operation, computed at once where it takes constants only."""
        op = Op(name, args)
        if not op.sources:
            first, *others = args
            return cast("float", op(torch.tensor(first, dtype=torch.float64), *others).item())
        if op not in self._made:
            self._made[op] = Ref(self._first + len(self.ops))
            self.ops.append(op)
        return self._made[op]

    def add(self, a: Block, b: Block) -> Block:
        """a + b."""
        if 0.0 in (a, b):
            return b if a == 0.0 else a
        return self.emit("add.Tensor", *_value_first(a, b))

    def mul(self, a: Block, b: Block) -> Block:
        """a b."""
        if 0.0 in (a, b):
            # even of infinity: it stands for a block that does not occur
            return 0.0
        if 1.0 in (a, b):
            return b if a == 1.0 else a
        if -1.0 in (a, b):
            return self.emit("neg.default", b if a == -1.0 else a)
        return self.emit("mul.Tensor", *_value_first(a, b))

    def div(self, a: Block, b: Block) -> Block:
        """a / b."""
        return 0.0 if a == 0.0 else self.emit("div.Tensor", a, b)

    def where(self, condition: Block, a: Block, b: Block) -> Block:
        """a where the condition holds, b elsewhere."""
        if a == b or not isinstance(condition, Ref):
            return a if condition else b
        return self.emit("where.self" if Op("", (a, b)).sources else CHOICE, condition, a, b)

    def scaled(self, value: Affine, factor: Block) -> Affine:
        """A value times a factor that does not depend on the state."""
        slopes = {j: self.mul(factor, slope) for j, slope in value.slopes.items()}
        return Affine(self.mul(factor, value.shift), slopes)

    def sum(self, a: Affine, b: Affine) -> Affine:
        """The sum of two values."""
        slopes = {j: self.add(a.slopes.get(j, 0.0), b.slopes.get(j, 0.0)) for j in {**a.slopes, **b.slopes}}
        return Affine(self.add(a.shift, b.shift), slopes)


def _value_first(a: Block, b: Block) -> tuple[Block, Block]:
    return (a, b) if isinstance(a, Ref) else (b, a)


def _add(algebra: Algebra, op: Op, args: list[Affine]) -> Affine:
    return algebra.sum(args[0], algebra.scaled(args[1], op.alpha))


def _sub(algebra: Algebra, op: Op, args: list[Affine]) -> Affine:
    return algebra.sum(args[0], algebra.scaled(args[1], -op.alpha))


def _rsub(algebra: Algebra, op: Op, args: list[Affine]) -> Affine:
    return algebra.sum(args[1], algebra.scaled(args[0], -op.alpha))


def _neg(algebra: Algebra, op: Op, args: list[Affine]) -> Affine:
    return algebra.scaled(args[0], -1.0)


def _mul(algebra: Algebra, op: Op, args: list[Affine]) -> Affine | None:
    left, right = args
    if left.slopes and right.slopes:
        return None
    return algebra.scaled(right, left.shift) if right.slopes else algebra.scaled(left, right.shift)


def _div(algebra: Algebra, op: Op, args: list[Affine]) -> Affine | None:
    above, below = args
    if below.slopes:
        return None
    slopes = {j: algebra.div(slope, below.shift) for j, slope in above.slopes.items()}
    return Affine(algebra.div(above.shift, below.shift), slopes)


def _where(algebra: Algebra, op: Op, args: list[Affine]) -> Affine:
    condition, a, b = args
    assert not condition.slopes  # no comparison with a state has a rule
    choose = condition.shift
    slopes = {
        j: algebra.where(choose, a.slopes.get(j, 0.0), b.slopes.get(j, 0.0)) for j in {**a.slopes, **b.slopes}
    }
    return Affine(algebra.where(choose, a.shift, b.shift), slopes)


AFFINE_RULES: dict[str, AffineRule] = {
    "add": _add,
    "sub": _sub,
    "rsub": _rsub,
    "neg": _neg,
    "mul": _mul,
    "div": _div,
    "where": _where,
}
"""Operations that keep a value affine. A sum over units does not: it ties them together."""
