"""A program as one reads it: what was taken apart for the machine is put together again."""

from collections.abc import Sequence
from dataclasses import replace
from typing import final

from zoo.engines.program.ir import Block, Op, Program, Ref


def readable(program: Program) -> Program:
    """The program with softplus, silu, softmax and normalisations as operations of their own.

    What they were made of is still there, and is needed no more.
    """
    return replace(program, ops=tuple(_Reading(program).ops))


@final
class _Reading:
    """Looks at each operation of a program with those that it is made of."""

    def __init__(self, program: Program) -> None:
        self.first, self.ops = program.num_inputs, list[Op]()
        for op in program.ops:
            self.ops.append(self._seen(op))

    def _seen(self, op: Op) -> Op:
        for look in (self._softplus, self._silu, self._softmax, self._normalised):
            if (found := look(op)) is not None:
                return found
        return op

    def _made(self, block: Block, name: str) -> Sequence[Block] | None:
        """The arguments of the operation that a value comes of, where it has this name."""
        if not isinstance(block, Ref) or block.index < self.first:
            return None
        op = self.ops[block.index - self.first]
        return op.args if op.name.partition(".")[0] == name else None

    def _softplus(self, op: Op) -> Op | None:
        """x beyond 20, else log(1 + exp(x)), kept from overflow."""
        if op.name != "where.self" or not (inner := self._made(op.args[2], "div")):
            return None
        if inner[1] == 1.0 and self._made(inner[0], "log1p"):
            return Op("softplus", (op.args[1],))
        return None

    def _silu(self, op: Op) -> Op | None:
        if op.name != "mul.Tensor":
            return None
        for value, gate in (op.args, op.args[::-1]):
            if (inner := self._made(gate, "sigmoid")) and inner[0] == value:
                return Op("silu", (value,))
        return None

    def _softmax(self, op: Op) -> Op | None:
        if op.name != "div.Tensor" or not (powers := self._made(op.args[0], "exp")):
            return None
        less = self._made(powers[0], "sub")
        if less and self._made(less[1], "row_max") and self._made(op.args[1], "row_sum") == (op.args[0],):
            return Op("softmax", (less[0],))
        return None

    def _normalised(self, op: Op) -> Op | None:
        """(x - mean) / sqrt(var + ε), in the ways in which cells write it."""
        pair = op.args if op.name in ("mul.Tensor", "div.Tensor") else None
        if pair is None:
            return None
        for centred, scale in (pair, pair[::-1]):
            taken = self._made(centred, "sub")
            if (
                taken
                and isinstance(scale, Ref)
                and self._is_mean(taken[1])
                and self._is_spread(scale, centred)
            ):
                return Op("N", (taken[0],))
        return None

    def _is_mean(self, block: Block) -> bool:
        """Whether a value is a part of a sum over units, of one block or of several together."""
        scaled = self._made(block, "mul") or self._made(block, "div")
        return scaled is not None and any(self._is_sum(each) for each in scaled)

    def _is_sum(self, block: Block) -> bool:
        added = self._made(block, "add") or ()
        return self._made(block, "row_sum") is not None or any(self._is_sum(each) for each in added)

    def _is_spread(self, scale: Block, centred: Block) -> bool:
        """Whether a root of squares of the centred values is in what this comes of."""
        waiting, seen, names, squares = [scale], set[int](), set[str](), False
        while waiting:
            block = waiting.pop()
            if not isinstance(block, Ref) or block.index < self.first or block.index in seen:
                continue
            seen.add(block.index)
            op = self.ops[block.index - self.first]
            names.add(op.name.partition(".")[0])
            squares |= op.name.startswith(("mul", "pow")) and centred in op.args
            waiting += op.args
        return squares and bool(names & {"rsqrt", "sqrt"})
