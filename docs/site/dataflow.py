"""The data flow of a step, of its traced program: boxes of formulas, and junctions."""

import re
from collections import Counter
from collections.abc import Sequence

from torch import Tensor

from docs.site.flow import Dataflow
from docs.site.formulas import COMPARISONS, HOLE, NAMES, Formula, composed, constant, flows
from docs.site.readable import readable
from zoo.cells import Cell
from zoo.engines.program.ir import Block, Matmul, Op, Program, Ref
from zoo.engines.program.trace import trace

SHORT = 16
"""Letters of a formula of parameters that needs no letter of its own."""
LONGEST = 34
"""Letters of a formula that is put into one box."""
LONE = re.compile(r"^(\w+)\(·\)$")
"""A function of nothing but what flows in."""
JUNCTIONS = {"mul": "×", "add": "+", "sub": "+", "div": "÷", "where": "if", "rsub": "+", "pow": "^"}
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
        """The drawing."""
        for names, numbers in zip(self._state_names(), self.program.state, strict=True):
            for name, number in zip(names, numbers, strict=True):
                self.drawn[number] = self.flow.add("state", f"{name}_{{t−1}}")
                self.formulas[number] = Formula(name, (self.drawn[number],))
        self.formulas.update(zip(self.program.pre, self._inputs(), strict=True))
        self.formulas.update(zip(self.program.vectors, self._vectors(), strict=True))
        waiting = list(self.program.matmuls)
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

    def _inputs(self) -> list[Formula]:
        count, gates = len(self.program.pre), self.cell.gates
        names = ["W x"] if len(gates) == 1 else [f"W_{gate} x" for gate in gates]
        if self.cell.reads_deltas and count == len(names) + 1:
            names.append("Δ_t")
        # what else a cell makes of its input stands behind its gates
        names += [f"P_{place} x" for place in range(1, count - len(names) + 1)]
        return [Formula(name, (), 1) for name in names[:count]]

    def _vectors(self) -> list[Formula]:
        """What the vectors of the program are, of the parameters by their names."""
        names: list[str] = []
        owners = {
            id(part): name for name, part in [*self.cell.named_parameters(), *self.cell.named_buffers()]
        }
        for vector in (each for each in self.cell.recurrence().vectors if each.is_floating_point()):
            names += self._block_names(owners.get(id(vector), "vector"), vector)
        raw = {number: Formula(name) for number, name in enumerate(names)}
        for number, op in enumerate(self.program.prologue, len(names)):
            raw[number] = composed(
                op, [raw[arg.index] if isinstance(arg, Ref) else constant(arg) for arg in op.args]
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

    def _products(self, waiting: Sequence[Matmul]) -> list[Matmul]:
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
        """What a product multiplies by."""
        own = self.cell.recurrent_gates
        if len(own) == 1 and gates == own:
            return "U"
        if set(gates) <= set(own) and len(gates) == rows:
            return f"U_{gates[place]}"
        name = re.sub("[_:]", " ", self.cell.products.get(gates, gates).removeprefix("weight_"))
        return f"⟨{name}⟩" if rows == 1 else f"⟨{name} {place + 1}⟩"

    def _of(self, op: Op) -> Formula:
        """The formula of an operation, with a junction drawn where it is no longer one."""
        args = [self._read(arg) for arg in op.args]
        whole = composed(op, args)
        if self._fits(op, args, whole):
            return whole
        flowing = [arg for arg in op.args if isinstance(arg, Ref) and flows(self.formulas[arg.index])]
        if len(set(flowing)) == 1 and op.name.partition(".")[0] not in ROLES_OF_THREE:
            boxed = Formula(HOLE, (self._vertex(flowing[0]),))
            return composed(op, [boxed if arg == flowing[0] else self._read(arg) for arg in op.args])
        return Formula(HOLE, (self._junction(op),))

    def _junction(self, op: Op) -> int:
        """Draws an operation where several values meet."""
        name = op.name.partition(".")[0]
        roles = ("", COMPARISONS[name]) if name in COMPARISONS else ROLES.get(name, ("",) * len(op.args))
        sources, constants = [], []
        for arg, role in zip(op.args, roles, strict=False):
            if isinstance(arg, Ref):
                scale = f"{op.alpha:g}" if op.alpha != 1 and arg is op.args[1] else ""
                sources.append((self._vertex(arg), f"{role} {scale}".strip()))
            else:
                constants.append(f"{role} {constant(arg).text}".strip())
        label = {**NAMES, **COMPARISONS, **JUNCTIONS}.get(name, name)
        return self.flow.add("junction", " ".join([label, *constants]), sources)

    def _read(self, arg: Block) -> Formula:
        return self._taken(arg) if isinstance(arg, Ref) else constant(arg)

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

    def _fits(self, op: Op, args: Sequence[Formula], whole: Formula) -> bool:
        """Whether an operation goes into one box with what it takes."""
        name = op.name.partition(".")[0]
        varying = [arg for arg in args if flows(arg)]
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
                remark = ", output" if is_output and len(self.program.output) == 1 else ""
                self._result(f"{name}_{{t}}{remark}", block)
        for block in self.program.output:
            if block not in states:
                self._result("output", block)

    def _result(self, label: str, block: Block) -> None:
        if isinstance(block, Ref):
            self.flow.add("result", label, [(self._vertex(block), "")])
        else:
            self.flow.add("result", f"{label} = {constant(block).text}")


def _uses(program: Program) -> Counter[int]:
    """How often each value is used, of what is needed for the results."""
    uses = Counter(block.index for part in program.results for block in part if isinstance(block, Ref))
    for number, op in reversed(list(enumerate(program.ops, program.num_inputs))):
        if uses[number]:
            uses.update(set(op.sources))
    return uses
