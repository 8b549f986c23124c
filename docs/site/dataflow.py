"""The data flow of a step, from its traced program: boxes of formulas, junctions, and what runs between them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import final

from torch import Tensor

from docs.site.readable import readable
from zoo.cells import Cell
from zoo.engines.program.ir import Block, Op, Program, Ref
from zoo.engines.program.trace import trace

HOLE = "·"
"""Stands in a formula for what flows in."""
SHORT = 16
"""Letters of a formula of parameters that needs no letter of its own."""
LONGEST = 34
"""Letters of a formula that is put into one box."""
LONE = re.compile(r"^(\w+)\(·\)$")
"""A function of nothing but what flows in."""
UNARY = {
    "abs": "|·|",
    "bitwise_not": "not ·",
    "detach": "detach(·)",
    "exp": "exp(·)",
    "logical_not": "not ·",
    "neg": "−·",
    "reciprocal": "1 / ·",
    "relu": "relu(·)",
    "rsqrt": "1 / √·",
    "sigmoid": "σ(·)",
    "row_sum": "Σ(·)",
    "row_max": "max over H(·)",
    "row_cumsum": "cumsum(·)",
    "row_flip": "flip(·)",
}
JUNCTIONS = {"mul": "×", "add": "+", "sub": "+", "div": "÷", "where": "if", "rsub": "+", "pow": "^"}
COMPARISONS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "eq": "=", "ne": "≠"}
ROLES = {
    "sub": ("", "−"),
    "rsub": ("−", ""),
    "div": ("", "by"),
    "where": ("if", "then", "else"),
    "pow": ("", "^"),
}
"""What is written at the arrows into a junction, where they are not alike."""
ROLES_OF_THREE = ("where",)
"""Operations that are junctions even where all that flows into them is one value."""


@final
@dataclass(frozen=True)
class Vertex:
    """Something that is drawn.

    Attributes:
        kind: "state", "box", "junction" or "result".
        label: What is written into it.
        sources: Where its arrows come from, by number, and what is written at each.
    """

    kind: str
    label: str
    sources: tuple[tuple[int, str], ...] = ()


@final
@dataclass(frozen=True)
class Formula:
    """A formula, and what it takes from elsewhere.

    Attributes:
        text: With `HOLE` for what flows in, unless that is a state, which is called by its name.
        sources: The vertices that flow in.
        binding: 0 for a sum, 1 for a product, 2 for anything that needs no brackets.
    """

    text: str
    sources: tuple[int, ...] = ()
    binding: int = 2

    def within(self, binding: int) -> str:
        """The text, in brackets where it binds less."""
        return self.text if self.binding >= binding else f"({self.text})"


@final
@dataclass
class Dataflow:
    """What is drawn.

    Attributes:
        vertices: In an order in which arrows lead forward.
        constants: Long formulas of parameters alone -> the letters that stand for them.
    """

    vertices: list[Vertex] = field(default_factory=list)
    constants: dict[str, str] = field(default_factory=dict)

    def drawn(self) -> "Dataflow":
        """What leads to a result or is a state; the rest is not drawn."""
        kept = {number for number, vertex in enumerate(self.vertices) if vertex.kind in ("state", "result")}
        for number in reversed(range(len(self.vertices))):
            if number in kept:
                kept.update(source for source, _ in self.vertices[number].sources)
        place = {number: new for new, number in enumerate(sorted(kept))}
        vertices = [self.vertices[number] for number in sorted(kept)]
        return Dataflow(
            [
                replace(each, sources=tuple((place[at], role) for at, role in each.sources))
                for each in vertices
            ],
            self.constants,
        )

    def add(self, kind: str, label: str, sources: Sequence[tuple[int, str]] = ()) -> int:
        self.vertices.append(Vertex(kind, label, tuple(sources)))
        return len(self.vertices) - 1


def dataflow(cell: Cell) -> Dataflow:
    """The data flow of a step of a cell.

    Raises:
        NotBlockwise: its step is not taken apart into operations on blocks of units.
    """
    return _Drawing(cell, readable(trace(cell.recurrence()))).done().drawn()


class _Drawing:
    """Goes through a program from its inputs to its results."""

    def __init__(self, cell: Cell, program: Program) -> None:
        self.cell, self.program, self.flow = cell, program, Dataflow()
        self.formulas: dict[int, Formula] = {}
        self.drawn: dict[int, int] = {}
        self.uses = _uses(program)

    def done(self) -> Dataflow:
        for names, numbers in zip(self._state_names(), self.program.state, strict=True):
            for name, number in zip(names, numbers, strict=True):
                self.drawn[number] = self.flow.add("state", f"{name}_{{t−1}}")
                self.formulas[number] = Formula(name, (self.drawn[number],))
        for number, name in zip(self.program.pre, self._input_names(), strict=True):
            self.formulas[number] = name
        for number, text in zip(self.program.vectors, self._vector_names(), strict=True):
            self.formulas[number] = text
        waiting = [matmul for matmul in self.program.matmuls]
        for number, op in enumerate(self.program.ops, self.program.num_inputs):
            waiting = self._products(waiting)
            if self.uses[number]:
                self.formulas[number] = self._of(op)
        self._products(waiting)
        self._results()
        return self.flow

    def _state_names(self) -> list[list[str]]:
        names = []
        for name, numbers in zip(self.cell.recurrence().state_names, self.program.state, strict=True):
            name = name.replace("_", " ")
            several = [f"{name}[{place}]" for place in range(1, len(numbers) + 1)]
            names.append([name] if len(numbers) == 1 else several)
        return names

    def _input_names(self) -> list[Formula]:
        count, gates = len(self.program.pre), self.cell.gates
        names = ["W x"] if len(gates) == 1 else [f"W_{gate} x" for gate in gates]
        if self.cell.reads_deltas and count == len(names) + 1:
            names.append("Δ_t")
        # what else a cell makes of its input stands behind its gates
        names += [f"P_{place} x" for place in range(1, count - len(names) + 1)]
        return [Formula(name, (), 1) for name in names[:count]]

    def _vector_names(self) -> list[Formula]:
        """What the vectors of the program are, of the parameters by their names."""
        names: list[str] = []
        owners = {
            id(part): name for name, part in [*self.cell.named_parameters(), *self.cell.named_buffers()]
        }
        for vector in (each for each in self.cell.recurrence().vectors if each.is_floating_point()):
            names += self._block_names(owners.get(id(vector), "vector"), vector)
        raw = {number: Formula(name) for number, name in enumerate(names)}
        for number, op in enumerate(self.program.prologue, len(names)):
            raw[number] = self._composed(
                op, [raw[arg.index] if isinstance(arg, Ref) else _constant(arg) for arg in op.args]
            )
        return [self._named(raw[number]) for number in self.program.prologue_values]

    def _named(self, formula: Formula) -> Formula:
        """A formula of parameters, by a letter of its own where it is long."""
        if len(formula.text) <= SHORT:
            return formula
        letters = self.flow.constants
        if formula.text not in letters:
            letters[formula.text] = f"k_{len(letters) + 1}"
        return Formula(letters[formula.text])

    def _block_names(self, name: str, vector: Tensor) -> list[str]:
        count = max(1, len(vector) // self.program.width)
        name = name.rpartition(".")[2]
        return [name] if count == 1 else [f"{name}[{place}]" for place in range(1, count + 1)]

    def _products(self, waiting: list) -> list:
        """Enters the products whose operands are known; the others wait."""
        left = []
        for matmul in waiting:
            refs = [block for block in matmul.operand if isinstance(block, Ref)]
            if any(ref.index not in self.formulas for ref in refs):
                left.append(matmul)
                continue
            operand = [self._taken(ref) for ref in refs]
            for place, number in enumerate(matmul.result):
                name = self._matrix(matmul.gates, place, matmul.rows)
                texts = {each.text for each in operand}
                text = texts.pop() if len(texts) == 1 else HOLE
                sources = tuple(dict.fromkeys(source for each in operand for source in each.sources))
                self.formulas[number] = Formula(f"{name} {text}", sources, 1)
        return left

    def _matrix(self, gates: str, place: int, rows: int) -> str:
        if gates == self.cell.recurrent_gates == "h" or (
            len(self.cell.recurrent_gates) == 1 and gates == self.cell.recurrent_gates
        ):
            return "U"
        if set(gates) <= set(self.cell.recurrent_gates) and len(gates) == rows:
            return f"U_{gates[place]}"
        name = (
            self.cell.products.get(gates, gates).removeprefix("weight_").replace("_", " ").replace(":", " ")
        )
        return f"⟨{name}⟩" if rows == 1 else f"⟨{name} {place + 1}⟩"

    def _of(self, op: Op) -> Formula:
        """The formula of an operation, with a junction drawn where it is no longer one."""
        args = [self._read(arg) for arg in op.args]
        whole = self._composed(op, args)
        if self._fits(op, args, whole):
            return whole
        flowing = [arg for arg in op.args if isinstance(arg, Ref) and _flows(self.formulas[arg.index])]
        if len(set(flowing)) == 1 and op.name.partition(".")[0] not in ROLES_OF_THREE:
            boxed = Formula(HOLE, (self._vertex(flowing[0]),))
            return self._composed(op, [boxed if arg == flowing[0] else self._read(arg) for arg in op.args])
        return Formula(HOLE, (self._junction(op),))

    def _junction(self, op: Op) -> int:
        """Draws an operation where several values meet."""
        name = op.name.partition(".")[0]
        roles = ("", COMPARISONS[name]) if name in COMPARISONS else ROLES.get(name, ("",) * len(op.args))
        sources, constants = [], []
        for arg, role in zip(op.args, roles, strict=False):
            if isinstance(arg, Ref):
                sources.append((self._vertex(arg), role))
            else:
                constants.append(f"{role} {_constant(arg).text}".strip())
        label = {"maximum": "max", "minimum": "min", **COMPARISONS, **JUNCTIONS}.get(name, name)
        return self.flow.add("junction", " ".join([label, *constants]), sources)

    def _read(self, arg: Block) -> Formula:
        return self._taken(arg) if isinstance(arg, Ref) else _constant(arg)

    def _taken(self, ref: Ref) -> Formula:
        """The formula of a value, drawn where it is used several times or is long."""
        known = self.formulas[ref.index]
        if ref.index in self.drawn and self.flow.vertices[self.drawn[ref.index]].kind != "state":
            return Formula(HOLE, (self.drawn[ref.index],))
        is_short = HOLE not in known.text and len(known.text) <= (SHORT // 2 if known.sources else SHORT)
        if ref.index not in self.drawn and self.uses[ref.index] > 1 and known.text != HOLE and not is_short:
            return Formula(HOLE, (self._vertex(ref),))
        return known

    def _vertex(self, ref: Ref) -> int:
        """Where a value is drawn, which is done now if it was not."""
        if ref.index not in self.drawn:
            known = self.formulas[ref.index]
            if known.text == HOLE:
                self.drawn[ref.index] = known.sources[0]
            else:
                label = LONE.sub(r"\1", known.text)
                self.drawn[ref.index] = self.flow.add("box", label, [(each, "") for each in known.sources])
        return self.drawn[ref.index]

    def _composed(self, op: Op, args: Sequence[Formula]) -> Formula:
        """The formula of an operation on formulas."""
        name = op.name.partition(".")[0]
        sources = tuple(dict.fromkeys(source for arg in args for source in arg.sources))
        texts = [arg.text for arg in args]
        if name in UNARY or len(args) == 1:
            shape = UNARY.get(name, f"{name}(·)")
            inner = args[0].text if shape.endswith(")") or shape == "|·|" else args[0].within(2)
            return Formula(shape.replace(HOLE, inner), sources, 1 if shape[0] in "−1" else 2)
        if name == "mul":
            if texts[0] == texts[1]:
                return Formula(f"{args[0].within(2)}²", sources)
            first, second = sorted(args, key=lambda arg: bool(arg.sources))
            return Formula(
                f"{first.within(1)} {second.within(1)}"
                if first.text[-1:].isdigit()
                else f"{first.within(1)} ∘ {second.within(1)}",
                sources,
                1,
            )
        if name in ("add", "sub", "rsub"):
            first, second = args[:2] if name != "rsub" else (args[1], args[0])
            if second.text.startswith("−") and name == "add":
                return Formula(f"{first.text} − {second.text[1:]}", sources, 0)
            sign = "+" if name == "add" else "−"
            scale = "" if op.alpha == 1 else f"{op.alpha:g} "
            return Formula(f"{first.text} {sign} {scale}{second.within(1)}", sources, 0)
        if name == "div":
            return Formula(f"{args[0].within(1)} / {args[1].within(2)}", sources, 1)
        if name == "pow":
            return Formula(f"{args[0].within(2)}^{{{args[1].text}}}", sources)
        if name in COMPARISONS:
            return Formula(f"{texts[0]} {COMPARISONS[name]} {texts[1]}", sources, 0)
        short = {"maximum": "max", "minimum": "min", "clamp_min": "max", "clamp_max": "min"}.get(name, name)
        return Formula(f"{short}({', '.join(texts)})", sources)

    def _fits(self, op: Op, args: Sequence[Formula], whole: Formula) -> bool:
        """Whether an operation goes into one box with what it takes."""
        name = op.name.partition(".")[0]
        varying = [arg for arg in args if _flows(arg)]
        holes = whole.text.count(HOLE)
        if len(whole.text) > LONGEST or holes > 1:
            return False
        if len(varying) <= 1:
            return True
        return name in ("add", "sub") and all(
            (arg.text != HOLE and arg.binding != 2) or HOLE not in arg.text for arg in varying
        )

    def _results(self) -> None:
        parts = list(zip(self._state_names(), self.program.new_state, strict=True))
        states = [block for _, blocks in parts for block in blocks]
        for names, blocks in parts:
            for name, block in zip(names, blocks, strict=True):
                is_output = block in self.program.output
                self._result(
                    f"{name}_{{t}}" + (", output" if is_output and len(self.program.output) == 1 else ""),
                    block,
                )
        for block in self.program.output:
            if block not in states:
                self._result("output", block)

    def _result(self, label: str, block: Block) -> None:
        if isinstance(block, Ref):
            self.flow.add("result", label, [(self._vertex(block), "")])
        else:
            self.flow.add("result", f"{label} = {_constant(block).text}")


def _flows(formula: Formula) -> bool:
    """Whether a formula changes from step to step."""
    return bool(formula.sources) or " x" in formula.text or "Δ" in formula.text


def _uses(program: Program) -> Counter[int]:
    """How often each value is used, of what is needed for the results."""
    uses = Counter(block.index for part in program.results for block in part if isinstance(block, Ref))
    for number, op in reversed(list(enumerate(program.ops, program.num_inputs))):
        if uses[number]:
            uses.update(set(op.sources))
    return uses


def _constant(value: Block) -> Formula:
    text = f"{value:.4g}".replace("-", "−") if isinstance(value, float) else str(value).replace("-", "−")
    return Formula(text, (), 2)
