"""Writes the forward kernels of a program."""

from collections.abc import Sequence

from zoo.engines.program.ir import Program
from zoo.engines.triton.emit import (
    TileWriter,
    dot,
    indented,
    kernel,
    load_tile,
    pointer,
    store_tile,
    weight_tile,
)
from zoo.engines.triton.plan import ForwardPass, KernelPlan

INSIDE = "inside = tl.arange(0, BH)[:, None]"
RENEW = "renew = tl.load(resets + (t + 1) * B + rows, mask=rows < B, other=0) != 0"


def forward_tensors(program: Program) -> list[str]:
    """The tensors that a forward kernel takes."""
    states, matmuls = range(len(program.state)), range(len(program.matmuls))
    return [
        "pre",
        *(f"s{k}" for k in states),
        *(f"{kind}{k}" for k in matmuls for kind in "upo"),
        *("w", "y", "lengths", "resets"),
        *(f"reset_state{k}" for k in states),
    ]


def forward_kernel(plan: KernelPlan, part: ForwardPass) -> list[str]:
    """The source of one forward kernel."""
    program = plan.program
    flags = [f"biased{k}: tl.constexpr" for k in range(len(program.matmuls))]
    return kernel(
        part.name, [*forward_tensors(program), *flags], [*_before(program, part), *_loop(program, part)]
    )


def input_sources(program: Program) -> dict[int, str]:
    """Number of an input -> what it is at time t."""
    found = {
        number: load_tile(pointer("pre", len(program.pre), place)) for place, number in enumerate(program.pre)
    }
    for k, numbers in enumerate(program.state):
        found |= {
            number: load_tile(pointer(f"s{k}", len(numbers), place)) for place, number in enumerate(numbers)
        }
    for k, matmul in enumerate(program.matmuls):
        found |= {
            number: load_tile(pointer(f"p{k}", matmul.rows, place))
            for place, number in enumerate(matmul.result)
        }
    return found | {number: f"w{place}" for place, number in enumerate(program.vectors)}


def vector_tiles(program: Program) -> list[str]:
    """Reads the vectors, once."""
    return [
        f"w{place} = tl.load(w + {place} * H + units, mask=units < H, other=0).to(REAL)"
        for place in range(len(program.vectors))
    ]


def weight_tiles(program: Program, transposed: bool) -> list[str]:
    """Reads all weights, once."""
    return [INSIDE] + [
        f"u{k}_{row}_{column} = {weight_tile(k, row, column, len(matmul.operand), transposed)}"
        for k, matmul in enumerate(program.matmuls)
        for row in range(matmul.rows)
        for column in range(len(matmul.operand))
    ]


def state_places(program: Program) -> list[tuple[int, int, int]]:
    """Each block of the state: which tensor, how many blocks that has, and which one."""
    return [
        (k, len(numbers), place) for k, numbers in enumerate(program.state) for place in range(len(numbers))
    ]


def _before(program: Program, part: ForwardPass) -> list[str]:
    lines = vector_tiles(program)
    if part.dots:
        lines += weight_tiles(program, transposed=True)
    if part.moves:
        lines += [
            f"s{k}_{place} = {load_tile(pointer(f's{k}', width, place, 'first'))}"
            for k, width, place in state_places(program)
        ]
    return lines


def _loop(program: Program, part: ForwardPass) -> list[str]:
    sources = input_sources(program)
    if part.moves:
        carried = (f"s{k}_{place}" for k, _, place in state_places(program))
        sources |= dict(
            zip((number for numbers in program.state for number in numbers), carried, strict=True)
        )
    writer = TileWriter(program.ops, program.num_inputs, sources)
    for k in part.matmuls:
        matmul = program.matmuls[k]
        tiles = [writer.value(block) for block in matmul.operand]
        if program.operand_state(matmul) is None:
            writer.lines += [
                store_tile(pointer(f"o{k}", len(tiles), place), tile) for place, tile in enumerate(tiles)
            ]
        if part.dots:
            _product(writer, program, k, tiles)
    if part.shows:
        values = [writer.value(block) for block in program.output]
        writer.lines += [
            store_tile(pointer("y", len(values), place), f"tl.where(valid, {value}, 0)")
            for place, value in enumerate(values)
        ]
    if part.moves:
        _move(writer, program)
    return [
        "for step in range(count):",
        *indented(["t = first + step", "valid = here & (t < length)", *writer.lines]),
    ]


def _product(writer: TileWriter, program: Program, k: int, tiles: Sequence[str]) -> None:
    """Takes the k-th product and keeps it for the derivative."""
    matmul = program.matmuls[k]
    for row, number in enumerate(program.targets(k)):
        if matmul.into is None:
            place = pointer(f"p{k}", matmul.rows, row)
            writer.lines += [f"if biased{k}:", f"    v{number} = {load_tile(place)}", "else:"]
            writer.lines.append(f"    v{number} = tl.zeros((BB, BH), REAL)")
        else:
            place = pointer("pre", len(program.pre), matmul.into + row)
            writer.lines.append(f"v{number} = {load_tile(place)}")
        writer.lines += [
            f"v{number} = {dot(tile, f'u{k}_{row}_{column}', k, f'v{number}')}"
            for column, tile in enumerate(tiles)
        ]
        writer.lines.append(store_tile(place, f"v{number}"))
        writer.known.add(number)


def _move(writer: TileWriter, program: Program) -> None:
    """The new state, rounded as it is kept, or made anew for the next step; in the padding the old one."""
    places = state_places(program)
    blocks = [block for part in program.new_state for block in part]
    values = [writer.value(block) for block in blocks]
    for (k, _, place), value in zip(places, values, strict=True):
        old = f"s{k}_{place}"
        # or one launch over all steps would carry more digits than a launch for each
        rounded = f"tl.where(valid, {value}, {old}).to(s{k}.dtype.element_ty).to(REAL)"
        writer.lines.append(f"n{k}_{place} = {rounded}")
    renewed = []
    for k, width, place in places:
        anew = load_tile(pointer(f"reset_state{k}", width, place, "0"))
        renewed.append(f"n{k}_{place} = tl.where(renew, {anew}, n{k}_{place})")
    writer.lines += ["if resets is not None:", *indented([RENEW, *renewed])]
    for k, width, place in places:
        writer.lines += [
            store_tile(pointer(f"s{k}", width, place, "t + 1"), f"n{k}_{place}"),
            f"s{k}_{place} = n{k}_{place}",
        ]
