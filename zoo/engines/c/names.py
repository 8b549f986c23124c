"""What the C calls the buffers of a run, and where each value of a step lies in them."""

from collections.abc import Sequence

from zoo.engines.program.ir import Program
from zoo.engines.program.layout import Layout


class Places:
    """What the C calls the buffers of one step, how wide their rows are, and where each value lies."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.inputs: dict[int, str] = {}
        self._place("pre_t", len(program.pre), program.pre)
        for k, part in enumerate(program.state):
            self._place(f"s{k}_t", len(part), part)
        for k, number in enumerate(program.vectors):
            self.inputs[number] = f"w{k}[j]"
        for k, matmul in enumerate(program.matmuls):
            self._place(f"p{k}_t", matmul.rows, matmul.result)

    def _place(self, buffer: str, width: int, numbers: Sequence[int]) -> None:
        self.inputs |= {number: entry(buffer, width, k) for k, number in enumerate(numbers)}

    def product(self, k: int, prefix: str = "") -> tuple[str, int]:
        """Where the k-th product lies, or its gradient with prefix "d_": first entry and blocks per row."""
        matmul = self.program.matmuls[k]
        if matmul.into is None:
            return f"{prefix}p{k}_t", matmul.rows
        return f"{prefix}pre_t + {matmul.into} * H", len(self.program.pre)

    def operand(self, k: int) -> tuple[str, int]:
        """Where the operand of the k-th product lies: first entry and blocks per row."""
        state = self.program.operand_state(self.program.matmuls[k])
        name = f"o{k}_t" if state is None else f"s{state}_t"
        return name, len(self.program.matmuls[k].operand)


def entry(buffer: str, width: int, k: int) -> str:
    """Entry j of block k in row b of a buffer with this many blocks per row."""
    return f"{buffer}[b * {width} * H + {k} * H + j]"


def row(buffer: str, width: int) -> str:
    """Row b of a buffer."""
    return f"{buffer} + b * {width} * H"


def c_block(lines: Sequence[str]) -> list[str]:
    """Lines of an inner block."""
    return [f"  {line}" for line in lines]


def arguments(entries: Sequence[str]) -> list[str]:
    """Reads the pointers of a call, each given as its type and its name."""
    return [
        f"{kind} *{name} = a[{k}];"
        for k, (kind, name) in enumerate(entry.rsplit(" ", 1) for entry in entries)
    ]


def over_rows(body: Sequence[str]) -> list[str]:
    """A loop over the rows of this thread that are within their sequence."""
    return ["for (i64 r = 0; r < active; ++r) {", *c_block(["const i64 b = mine[r];", *body]), "}"]


def over_padding(body: Sequence[str]) -> list[str]:
    """A loop over the other rows of this thread."""
    return ["for (i64 r = active; r < count; ++r) {", *c_block(["const i64 b = mine[r];", *body]), "}"]


def at_t(program: Program, line: str) -> list[str]:
    """A line for each product: its number, and the blocks of its result and of its operand."""
    return [
        line.format(k=k, rows=matmul.rows, operand=len(matmul.operand))
        for k, matmul in enumerate(program.matmuls)
    ]


CALLED = ["product_t product", "pack_t pack", "i64 rows"]
"""What both functions take first: those of `product.c`, and room for the numbers of the rows."""


def forward_pointers(program: Program) -> list[str]:
    """The pointers that `forward` takes, in order."""
    states = range(len(program.state))
    names = [*CALLED, "const real x", "const real x_weight", "real x_packed", "const real x_bias", "real pre"]
    names += [f"real s{k}" for k in states]
    for k in range(len(program.matmuls)):
        names += [f"const real u{k}", f"real q{k}", f"const real b{k}", f"real p{k}", f"real o{k}"]
    names += [f"const real w{k}" for k in range(len(program.vectors))]
    return [
        *names,
        "real y",
        "const i64 lengths",
        "const bool resets",
        *(f"const real reset_state{k}" for k in states),
    ]


def backward_pointers(program: Program) -> list[str]:
    """The pointers that `backward` takes, in order."""
    states = range(len(program.state))
    names = [*CALLED, "const real pre", *(f"const real s{k}" for k in states)]
    for k in range(len(program.matmuls)):
        names += [f"const real u{k}", f"real q{k}", f"const real p{k}", f"real d_p{k}", f"real d_o{k}"]
    names += [f"const real w{k}" for k in range(len(program.vectors))]
    names += ["const real dy", "real d_pre", "real d_w", "const i64 lengths", "const bool resets"]
    for k in states:
        names += [f"real d_s{k}", f"real e_s{k}", f"real d_fresh{k}"]
    return [*names, "const real limit"] if program.clips else names


def gradient_places(program: Program) -> dict[int, str]:
    """Number of an input -> where its gradient goes."""
    places = {number: f"{entry('d_pre_t', len(program.pre), k)} =" for k, number in enumerate(program.pre)}
    for k, part in enumerate(program.state):
        places |= {number: f"{entry(f'e_s{k}', len(part), place)} =" for place, number in enumerate(part)}
    count = len(program.vectors)
    places |= {number: f"d_w[(me * {count} + {k}) * H + j] +=" for k, number in enumerate(program.vectors)}
    for k, matmul in enumerate(program.matmuls):
        places |= {
            number: f"{entry(f'd_p{k}_t', matmul.rows, place)} ="
            for place, number in enumerate(matmul.result)
        }
    return places


def seed_places(layout: Layout) -> dict[int, str]:
    """Number of a seed -> where it lies."""
    program = layout.program
    output, *others = layout.seeds
    states, operands = others[: len(program.state)], others[len(program.state) :]
    found = {number: entry("dy_t", len(output), k) for k, number in enumerate(output)}
    for k, part in enumerate(states):
        found |= {number: entry(f"d_s{k}", len(part), place) for place, number in enumerate(part)}
    for k, part in enumerate(operands):
        found |= {number: entry(f"d_o{k}", len(part), place) for place, number in enumerate(part)}
    return found
