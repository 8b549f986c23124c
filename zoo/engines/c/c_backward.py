"""Writes a step back as C."""

from collections.abc import Sequence

from zoo.engines.c.c_ops import Pass, Store
from zoo.engines.c.c_products import product_back
from zoo.engines.c.names import (
    Places,
    at_t,
    gradient_places,
    over_padding,
    over_rows,
    row,
    seed_places,
)
from zoo.engines.program.layout import Layout, Wanted


def backward_body(layout: Layout) -> list[str]:
    """What a step does on the way back, for the rows of one thread."""
    program = layout.program
    places = Places(program)
    widths = [len(part) for part in program.state]
    sources = places.inputs | seed_places(layout)
    lines = [
        *(f"const real *s{k}_t = s{k} + (t + back) * B * {width} * H;" for k, width in enumerate(widths)),
        f"const real *pre_t = pre + t * B * {len(program.pre)} * H;",
        f"const real *dy_t = dy + t * B * {len(program.output)} * H;",
        f"real *d_pre_t = d_pre + t * B * {len(program.pre)} * H;",
        *at_t(program, "const real *p{k}_t = p{k} + t * B * {rows} * H;"),
        *at_t(program, "real *d_p{k}_t = d_p{k} + t * B * {rows} * H;"),
    ]
    undone = [*reversed(layout.computed), None]
    for wanted, k in zip(layout.back_passes, undone, strict=True):
        lines += _gradients(layout, wanted, sources)
        if k is not None:
            lines.append(product_back(places, k, f"d_o{k}", adds=False))
    for k, matmul in enumerate(program.matmuls):
        state = program.operand_state(matmul)
        if state is not None:
            # added up: the passes above have put the rest of this gradient there
            lines.append(product_back(places, k, f"e_s{state}", adds=True))
    # all that the step sends back is in e_s by now, and a reset has not taken it yet
    if program.clips:
        lines += over_rows(_clipped(widths))
    lines += _started_anew(widths)
    # what leaves this step enters the next one; `CKernel.backward_all` knows where it ends
    lines += [f"real *swap{k} = d_s{k}; d_s{k} = e_s{k}; e_s{k} = swap{k};" for k in range(len(widths))]
    return lines


def _gradients(layout: Layout, wanted: Sequence[Wanted], sources: dict[int, str]) -> list[str]:
    """One backward pass; in the padding the state's gradient goes by, and all others are 0."""
    program = layout.program
    places = gradient_places(program)
    stores = [Store(item.block, places[item.number]) for item in wanted]
    state = {number: k for k, part in enumerate(program.state) for number in part}
    padding = []
    for item in wanted:
        place, operator = places[item.number].rsplit(" ", 1)
        if operator == "=":
            k = state.get(item.number)
            # 0, so that the weights' gradient over all steps adds nothing
            value = "0" if k is None else place.replace(f"e_s{k}", f"d_s{k}", 1)
            padding.append(f"for (i64 j = 0; j < H; ++j) {place} = {value};")
    return [*over_rows(Pass(layout.back_ops, sources, stores).lines()), *over_padding(padding)]


def _started_anew(widths: Sequence[int]) -> list[str]:
    """At a reset the gradient goes to the state that was put in place, and to none before it."""
    lines = [
        "if (has_resets) for (i64 r = 0; r < active; ++r) if (resets[t * B + mine[r]]) {",
        "  const i64 b = mine[r];",
    ]
    for k, width in enumerate(widths):
        lines += [
            f"  for (i64 j = b * {width} * H; j < (b + 1) * {width} * H; ++j) {{",
            f"    d_fresh{k}[j] += e_s{k}[j];",
            f"    e_s{k}[j] = 0;",
            "  }",
        ]
    return [*lines, "}"]


def _clipped(widths: Sequence[int]) -> list[str]:
    """Clips what a step sends to a row of the state before it; NaN stays NaN."""
    lines = ["const real most = *limit;"]
    for k, width in enumerate(widths):
        lines += [
            f"real *r{k} = {row(f'e_s{k}', width)};",
            "#pragma omp simd",
            f"for (i64 j = 0; j < {width} * H; ++j)",
            f"  r{k}[j] = r{k}[j] > most ? most : r{k}[j] < -most ? -most : r{k}[j];",
        ]
    return lines
