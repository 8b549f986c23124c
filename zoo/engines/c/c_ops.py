"""Writes operations on blocks as C: loops over the units of one row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, isnan

from zoo.engines.program.ir import ROW_NUMBERS, ROW_OPS, Block, Op, Ref

C_EXPRESSIONS = {
    "abs": "FABS({0})",
    "add": "{0} + {1}",
    "bitwise_and": "{0} && {1}",
    "bitwise_not": "!{0}",
    "bitwise_or": "{0} || {1}",
    # choices are written such that NaN comes through, as in torch: compared with NaN all is false
    "clamp_max": "{0} > {1} ? {1} : {0}",
    "clamp_min": "{0} < {1} ? {1} : {0}",
    "cos": "COS({0})",
    "detach": "{0}",
    "div": "{0} / {1}",
    "eq": "{0} == {1}",
    "erf": "ERF({0})",
    "exp": "EXP({0})",
    "expm1": "EXPM1({0})",
    "floor": "FLOOR({0})",
    "ge": "{0} >= {1}",
    "gt": "{0} > {1}",
    "le": "{0} <= {1}",
    "log": "LOG({0})",
    "log1p": "LOG1P({0})",
    "logical_and": "{0} && {1}",
    "logical_not": "!{0}",
    "logical_or": "{0} || {1}",
    "lt": "{0} < {1}",
    "maximum": "{0} != {0} || {0} > {1} ? {0} : {1}",
    "minimum": "{0} != {0} || {0} < {1} ? {0} : {1}",
    "mul": "{0} * {1}",
    "ne": "{0} != {1}",
    "neg": "-{0}",
    "pow": "POW({0}, {1})",
    "reciprocal": "1 / {0}",
    "relu": "{0} < 0 ? 0 : {0}",
    "rsqrt": "1 / SQRT({0})",
    "rsub": "{1} - {0}",
    "sigmoid": "SIGMOID({0})",
    "sigmoid_backward": "{0} * {1} * (1 - {1})",
    "sign": "(real)(({0} > 0) - ({0} < 0))",
    "sin": "SIN({0})",
    "sqrt": "SQRT({0})",
    "sub": "{0} - {1}",
    "tanh": "TANH({0})",
    "tanh_backward": "{0} * (1 - {1} * {1})",
    "threshold_backward": "{1} <= {2} ? 0 : {0}",
    "where": "{0} ? {1} : {2}",
}
"""Operation -> its value in C."""

TRUTHS = {"eq", "ne", "lt", "le", "gt", "ge", "bitwise_and", "bitwise_or", "bitwise_not"} | {
    f"logical_{name}" for name in ("and", "or", "not")
}
"""Operations whose value is true or false."""


SEQUENCES = {
    # NaN is the largest of all, as in torch
    "row_max": ("real v{n} = -INFINITY;", "v{n} = {x} > v{n} || {x} != {x} ? {x} : v{n};"),
    "row_cumsum": ("real v{n} = 0;", "s{n}[j] = v{n} += {x};"),
    "row_flip": ("", "s{n}[H - 1 - j] = {x};"),
}
"""Operations on a row, unit after unit: what comes before the loop, and what is in it."""


def ops_without_c(ops: Iterable[Op]) -> list[str]:
    """The operations that have no C."""
    return sorted({op.name for op in ops if op.name not in ROW_OPS and _base(op) not in C_EXPRESSIONS})


def _base(op: Op) -> str:
    return op.name.split(".")[0]


@dataclass(frozen=True)
class Store:
    """Where a block goes: an assignment such as "y[j] =" or "sum[j] +="."""

    block: Block
    place: str


@dataclass(frozen=True)
class Pass:
    """Operations over the H units of one row, in as many loops as sums over the units ask for.

    Attributes:
        ops: All operations there are.
        sources: Number of an input -> the C expression of its entry j.
        stores: What is wanted, and where.
    """

    ops: Sequence[Op]
    sources: Mapping[int, str]
    stores: Sequence[Store]

    def lines(self) -> list[str]:
        """The C of the pass."""
        stages, rows = self._stages()
        last = max([stages[ref.index] for store in self.stores if isinstance(ref := store.block, Ref)] + [0])
        late = self._read_late(stages, rows)
        lines = [f"real s{number}[H];" for number in sorted(late)]
        for stage in range(last + 1):
            lines += self._stage(stage, last, stages, rows, late)
        return lines

    def _stages(self) -> tuple[dict[int, int], set[int]]:
        """Value -> the loop that computes it, for all values needed; and the values that are one per row."""
        needed = self._needed()
        stages = {number: 0 for number in needed if number in self.sources}
        rows: set[int] = set()
        for number in sorted(needed - set(self.sources)):
            op = self._op(number)
            stages[number] = max([stages[source] for source in op.sources] + [0])
            if op.name in ROW_OPS:
                # a row operation is known only after its loop: who reads it is in the next one
                stages[number] += 1
            if op.name in ROW_NUMBERS or (op.name not in ROW_OPS and set(op.sources) <= rows):
                rows.add(number)
        return stages, rows

    def _needed(self) -> set[int]:
        ahead = [store.block.index for store in self.stores if isinstance(store.block, Ref)]
        found: set[int] = set()
        while ahead:
            number = ahead.pop()
            if number not in found and number not in self.sources:
                ahead += self._op(number).sources
            found.add(number)
        return found

    def _op(self, number: int) -> Op:
        return self.ops[number - self._first]

    @property
    def _first(self) -> int:
        """The number of the first operation's value."""
        return max(self.sources, default=-1) + 1

    def _read_late(self, stages: Mapping[int, int], rows: set[int]) -> set[int]:
        """Values of one loop that a later loop reads again, or that one writes unit by unit."""
        own = [number for number in stages if number not in self.sources]
        sequences = {number for number in own if self._op(number).name in SEQUENCES}
        read = {
            source
            for number in own
            for source in self._op(number).sources
            if number in sequences or stages[source] < self._reads(number, stages)
        }
        return (read - set(self.sources) | sequences) - rows

    def _reads(self, number: int, stages: Mapping[int, int]) -> int:
        """The loop in which an operation reads its arguments."""
        return stages[number] - (self._op(number).name in ROW_OPS)

    def _stage(
        self, stage: int, last: int, stages: Mapping[int, int], rows: set[int], late: set[int]
    ) -> list[str]:
        own = [n for n in sorted(stages) if n not in self.sources and self._reads(n, stages) == stage]
        sums = [number for number in own if self._op(number).name == "row_sum"]
        sequences = [number for number in own if self._op(number).name in SEQUENCES]
        alone = [number for number in own if number in rows and number not in (*sums, *sequences)]
        inner = [number for number in own if number not in rows and number not in sequences]
        stores = [store for store in self.stores if self._when(store, stages) == stage]
        read = {source for number in [*inner, *sums] for source in self._op(number).sources}
        read |= {store.block.index for store in stores if isinstance(store.block, Ref)}
        loads = [
            f"const real v{n} = {self.sources.get(n, f's{n}[j]')};"
            for n in sorted(read - rows)
            if n in self.sources or stages[n] < stage or self._op(n).name in SEQUENCES
        ]
        body = [*loads, *(self._value(number) for number in inner)]
        body += [f"s{number}[j] = v{number};" for number in inner if number in late]
        body += [f"v{number} += {_name(self._op(number).args[0])};" for number in sums]
        body += [f"{store.place} {_name(store.block)};" for store in stores]
        reduction = f" reduction(+: {', '.join(f'v{number}' for number in sums)})" if sums else ""
        return [
            *(self._value(number) for number in alone),
            *(f"real v{number} = 0;" for number in sums),
            f"#pragma omp simd{reduction}",
            "for (i64 j = 0; j < H; ++j) {",
            *(f"  {line}" for line in body),
            "}",
            *(line for number in sequences for line in self._sequence(number, rows)),
        ]

    def _sequence(self, number: int, rows: set[int]) -> list[str]:
        """An operation on a row, unit after unit."""
        (block,) = self._op(number).args
        before, each = SEQUENCES[self._op(number).name]
        x = _name(block)
        if isinstance(block, Ref) and block.index not in rows:
            x = self.sources.get(block.index, f"s{block.index}[j]")
        return [
            before.format(n=number),
            f"for (i64 j = 0; j < H; ++j) {{ {each.format(n=number, x=x)} }}",
        ]

    def _when(self, store: Store, stages: Mapping[int, int]) -> int:
        return stages[store.block.index] if isinstance(store.block, Ref) else 0

    def _value(self, number: int) -> str:
        op = self._op(number)
        names = [_name(arg) for arg in op.args]
        if op.alpha != 1:
            names[1] = f"({op.alpha!r} * {names[1]})"
        kind = "int" if _base(op) in TRUTHS else "real"
        return f"const {kind} v{number} = {C_EXPRESSIONS[_base(op)].format(*names)};"


def _name(block: Block) -> str:
    if isinstance(block, Ref):
        return f"v{block.index}"
    # `repr` gives every digit, but C has other names for what is not finite
    value = float(block)
    if isfinite(value):
        return f"((real){value!r})"
    return "((real)NAN)" if isnan(value) else f"((real){'-' if value < 0 else ''}INFINITY)"
