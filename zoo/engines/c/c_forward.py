"""Writes a step forward as C."""

from zoo.engines.c.c_ops import Pass, Store
from zoo.engines.c.c_products import product
from zoo.engines.c.names import Places, at_t, entry, over_padding, over_rows, row
from zoo.engines.program.ir import Program


def forward_body(program: Program) -> list[str]:
    """What a step does, for the rows of one thread."""
    places = Places(program)
    widths = [len(part) for part in program.state]
    lines = [
        # of T + 1 states the one before step t is the t-th; backwards, where time runs down, the next
        "const i64 before = keeps ? t + back : (t + back) % 2, after = keeps ? t + !back : (t + !back) % 2;",
        *(f"real *s{k}_t = s{k} + before * B * {width} * H;" for k, width in enumerate(widths)),
        *(f"real *s{k}_n = s{k} + after * B * {width} * H;" for k, width in enumerate(widths)),
        *_projected(len(program.pre)),
        f"real *y_t = y + t * B * {len(program.output)} * H;",
        *at_t(
            program,
            "real *p{k}_t = p{k} + (keeps ? t : 0) * B * {rows} * H, "
            "*o{k}_t = o{k} + (keeps ? t : 0) * B * {operand} * H;",
        ),
        "if (has_resets) for (i64 r = 0; r < active; ++r) if (resets[t * B + mine[r]]) {",
        "  const i64 b = mine[r];",
        *(
            f"  memcpy({row(f's{k}_t', width)}, {row(f'reset_state{k}', width)}, {width} * H * sizeof(real));"
            for k, width in enumerate(widths)
        ),
        "}",
    ]
    for k, matmul in enumerate(program.matmuls):
        if program.operand_state(matmul) is None:
            stores = [
                Store(block, f"{entry(f'o{k}_t', len(matmul.operand), place)} =")
                for place, block in enumerate(matmul.operand)
            ]
            lines += over_rows(Pass(program.ops, places.inputs, stores).lines())
        lines.append(product(places, k))
    lines += over_rows(Pass(program.ops, places.inputs, _results(program)).lines())
    lines += over_padding(_forward_padding(program))
    return lines


def _projected(blocks: int) -> list[str]:
    """Takes the input products of the next steps where they are not there yet; then those of this one."""
    width = f"{blocks} * H"
    return [
        "if (x && i % span == 0) {",
        "  const i64 steps = i + span < T ? span : T - i, end = back ? t + 1 : t + steps;",
        "  first_t = end - steps;",
        f"  project(product, B, I, {width}, first_t, end, count, mine, lengths, x + first_t * B * I,",
        f"          x_packed, x_bias, keeps ? pre + first_t * B * {width} : pre);",
        "}",
        f"real *pre_t = pre + (x && !keeps ? t - first_t : t) * B * {width};",
    ]


def _results(program: Program) -> list[Store]:
    """Where the output and the new state of a row go."""
    widths, width = [len(part) for part in program.state], len(program.output)
    stores = [
        Store(block, f"{entry(f's{k}_n', widths[k], place)} =")
        for k, part in enumerate(program.new_state)
        for place, block in enumerate(part)
    ]
    return stores + [Store(block, f"{entry('y_t', width, k)} =") for k, block in enumerate(program.output)]


def _forward_padding(program: Program) -> list[str]:
    """In the padding the state stays; all else is 0, for gradients of 0 are multiplied with it."""
    zeros = [("pre_t", len(program.pre)), ("y_t", len(program.output))]
    for k, matmul in enumerate(program.matmuls):
        zeros += [] if matmul.into is not None else [(f"p{k}_t", matmul.rows)]
        zeros += [] if program.operand_state(matmul) is not None else [(f"o{k}_t", len(matmul.operand))]
    states = [(f"s{k}_n", f"s{k}_t", len(part)) for k, part in enumerate(program.state)]
    return [
        *(
            f"memcpy({row(new, width)}, {row(old, width)}, {width} * H * sizeof(real));"
            for new, old, width in states
        ),
        *(f"memset({row(name, width)}, 0, {width} * H * sizeof(real));" for name, width in zeros),
    ]
