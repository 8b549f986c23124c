"""Writes the backward kernels of a program."""

from zoo.engines.program.ir import Program
from zoo.engines.program.layout import Wanted
from zoo.engines.triton.emit import TileWriter, dot, indented, kernel, load_tile, pointer, store_tile
from zoo.engines.triton.forward import RENEW, input_sources, state_places, vector_tiles, weight_tiles
from zoo.engines.triton.plan import BackwardPass, KernelPlan


def backward_tensors(program: Program) -> list[str]:
    """The tensors that a backward kernel takes."""
    states, matmuls = range(len(program.state)), range(len(program.matmuls))
    return [
        "pre",
        *(f"s{k}" for k in states),
        *(f"{kind}{k}" for k in matmuls for kind in ("u", "p", "d_p", "d_o")),
        *("w", "dy", "d_pre", "d_w", "lengths", "resets"),
        *(f"{kind}{k}" for k in states for kind in ("d_s", "d_fresh")),
        *(["limit"] if program.clips else []),
    ]


def backward_kernel(plan: KernelPlan, part: BackwardPass) -> list[str]:
    """The source of one backward kernel."""
    body = [*_before(plan.program, part), *_loop(plan, part), *(_after(plan.program) if part.moves else [])]
    return kernel(part.name, backward_tensors(plan.program), body)


def _before(program: Program, part: BackwardPass) -> list[str]:
    lines = vector_tiles(program)
    if program.clips:
        lines.append("most = tl.load(limit).to(REAL)")
    if part.dots:
        lines += weight_tiles(program, transposed=False)
    if not part.moves:
        return lines
    places = state_places(program)
    reset_state = [
        f"f{k}_{place} = {load_tile(pointer(f'd_fresh{k}', width, place, '0'))}" for k, width, place in places
    ]
    return [
        *lines,
        *(f"d{k}_{place} = {load_tile(pointer(f'd_s{k}', width, place, '0'))}" for k, width, place in places),
        *(f"sum{place} = tl.zeros((BB, BH), REAL)" for place in range(len(program.vectors))),
        "if resets is not None:",
        *indented(reset_state),
    ]


def _loop(plan: KernelPlan, part: BackwardPass) -> list[str]:
    program = plan.program
    writer = TileWriter(
        plan.layout.back_ops, plan.num_back_inputs, input_sources(program) | _seed_sources(plan, part)
    )
    writer.lines += _received(program, part)
    for place, wanted in enumerate(part.wanted):
        for item in wanted:
            _gradient(writer, program, item)
        if part.dots and place < len(part.matmuls):
            k = part.matmuls[place]
            for column in range(len(program.matmuls[k].operand)):
                _product_back(writer, program, k, column, f"do{k}_{column}", "tl.zeros((BB, BH), REAL)")
    if part.moves:
        writer.lines += _moved(program, part)
    return [
        "for step in range(count):",
        *indented(["t = first + count - 1 - step", "valid = here & (t < length)", *writer.lines]),
    ]


def _seed_sources(plan: KernelPlan, part: BackwardPass) -> dict[int, str]:
    """Number of a seed -> what it is at time t."""
    program = plan.program
    output, *others = plan.layout.seeds
    states, operands = others[: len(program.state)], others[len(program.state) :]
    found = {number: load_tile(pointer("dy", len(output), place)) for place, number in enumerate(output)}
    for k, numbers in enumerate(states):
        found |= {number: f"d{k}_{place}" for place, number in enumerate(numbers)}
    for k, numbers in enumerate(operands):
        for place, number in enumerate(numbers):
            there = load_tile(pointer(f"d_o{k}", len(numbers), place, "t - first"))
            found[number] = f"do{k}_{place}" if part.dots else there
    return found


def _received(program: Program, part: BackwardPass) -> list[str]:
    """The gradient of the state that the step left behind, clipped; where a reset put one in place, of that.

    Before the first step it is clipped where the kernel is called.
    """
    lines, renewed, clipped = [], [RENEW], []
    for k, width, place in state_places(program):
        slope = f"d{k}_{place}"
        for beyond, end in ((f"{slope} > most", "most"), (f"{slope} < -most", "-most")):
            # behind its last step a sequence meets the gradient of its final state, which is not clipped
            clipped.append(f"{slope} = tl.where((t + 1 < length) & ({beyond}), {end}, {slope})")
        if part.moves:
            renewed.append(f"f{k}_{place} += tl.where(renew, {slope}, 0)")
        else:
            lines.append(f"{slope} = {load_tile(pointer(f'd_s{k}', width, place, '0'))}")
        renewed.append(f"{slope} = tl.where(renew, 0, {slope})")
    lines += clipped if program.clips else []
    return [*lines, "if resets is not None:", *indented(renewed)]


def _gradient(writer: TileWriter, program: Program, item: Wanted) -> None:
    """One gradient, 0 in the padding, where the state's goes by."""
    number, value = item.number, writer.value(item.block)
    if number in program.vectors:
        writer.lines.append(f"sum{program.vectors.index(number)} += tl.where(valid, {value}, 0)")
        return
    for k, numbers in enumerate(program.state):
        if number in numbers:
            writer.lines.append(f"g{number} = tl.where(valid, {value}, d{k}_{numbers.index(number)})")
            return
    writer.lines.append(f"g{number} = tl.where(valid, {value}, 0)")
    writer.lines.append(store_tile(_gradient_place(program, number), f"g{number}"))


def _gradient_place(program: Program, number: int) -> str:
    if number in program.pre:
        return pointer("d_pre", len(program.pre), program.pre.index(number))
    k = next(k for k, matmul in enumerate(program.matmuls) if number in matmul.result)
    return pointer(f"d_p{k}", program.matmuls[k].rows, program.matmuls[k].result.index(number))


def _product_back(writer: TileWriter, program: Program, k: int, column: int, target: str, start: str) -> None:
    """Adds a block of the gradient of the k-th product's operand."""
    for row, number in enumerate(program.targets(k)):
        onto = target if row else start
        writer.lines.append(f"{target} = {dot(f'g{number}', f'u{k}_{row}_{column}', k, onto)}")


def _moved(program: Program, part: BackwardPass) -> list[str]:
    """The gradient of the state before the step."""
    writer = TileWriter((), 0, {})
    for k, matmul in enumerate(program.matmuls):
        state = program.operand_state(matmul)
        if part.dots and state is not None:
            for column, number in enumerate(program.state[state]):
                _product_back(writer, program, k, column, f"g{number}", f"g{number}")
    numbers = [number for part in program.state for number in part]
    moved = [
        f"d{k}_{place} = g{number}"
        for (k, _, place), number in zip(state_places(program), numbers, strict=True)
    ]
    return [*writer.lines, *moved]


def _after(program: Program) -> list[str]:
    """Keeps what was carried, and what was summed over the steps."""
    places = state_places(program)
    lines = [store_tile(pointer(f"d_s{k}", width, place, "0"), f"d{k}_{place}") for k, width, place in places]
    for place in range(len(program.vectors)):
        # added to what is there: step by step, each launch brings the sum of one step
        where = f"d_w + (tl.program_id(0) * {len(program.vectors)} + {place}) * H + units"
        found = f"tl.load({where}, mask=units < H, other=0) + tl.sum(sum{place}, axis=0, keep_dims=True)"
        lines.append(f"tl.store({where}, {found}, mask=units < H)")
    reset_state = [
        store_tile(pointer(f"d_fresh{k}", width, place, "0"), f"f{k}_{place}") for k, width, place in places
    ]
    return [*lines, "if resets is not None:", *indented(reset_state)]
