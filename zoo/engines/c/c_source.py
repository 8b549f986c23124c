"""Writes a recurrence as one C file: the loop over time, forward and backward.

Each thread takes some of the sequences through all of time, so that threads never wait for one another.
Between two products of a step, all operations on a row run in one loop over its units.
"""

from collections.abc import Sequence
from pathlib import Path

from zoo.engines.c.c_ops import Pass, Store
from zoo.engines.c.c_products import IS_PACKED, PRODUCT_TYPES, packs, product, product_back
from zoo.engines.c.names import (
    Places,
    arguments,
    backward_pointers,
    c_block,
    entry,
    forward_pointers,
    gradient_places,
    over_padding,
    over_rows,
    row,
    seed_places,
)
from zoo.engines.program.ir import Program
from zoo.engines.program.layout import Layout, Wanted

C_PRELUDE = """
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
"""

ROWS = """
static int later(const void *a, const void *b) {
  const i64 x = *(const i64 *)a, y = *(const i64 *)b;
  return (x < y) - (x > y);
}

/* The rows from `first` to `last` that fall to one of `all` threads, the longest sequence first. */
static void take_rows(i64 B, i64 first, i64 last, i64 all, const i64 *lengths, i64 *rows) {
  i64 place = 0;
  if (!lengths) for (i64 b = first; b < last; ++b) rows[b] = b;
  /* dealt out, for neighbours may be of like length */
  else for (i64 hand = 0; hand < all; ++hand) for (i64 b = hand; b < B; b += all, ++place)
    if (first <= place && place < last) rows[place] = lengths[b] * B + b;
  if (!lengths) return;
  qsort(rows + first, last - first, sizeof(i64), later);
  for (place = first; place < last; ++place) rows[place] %= B;
}
"""


def c_source(layout: Layout, real: str) -> str:
    """The C file of a layout, for numbers of type `real`, "float" or "double"."""
    suffix = "f" if real == "float" else ""
    own = {name: f"own_{name}_{real}" for name in ("exp", "expm1", "tanh")}
    vectors = {name: name + suffix for name in ("cos", "log", "log1p", "sin")}
    others = {name: name + suffix for name in ("erf", "fabs", "floor", "pow", "sqrt")}
    lines = [f"typedef {real} real;", Path(__file__).with_name("exponentials.c").read_text(encoding="utf-8")]
    lines += [f"#define {name.upper()} {call}" for name, call in (own | vectors | others).items()]
    lines += ["#ifdef VECTOR_MATH"]
    lines += [
        f'__attribute__((simd("notinbranch"))) extern {real} {call}({real});' for call in vectors.values()
    ]
    lines += ["#endif", C_PRELUDE, PRODUCT_TYPES, ROWS, *_forward(layout.program), "", *_backward(layout)]
    return "\n".join(lines) + "\n"


CALL_SIZES = "const i64 T = n[0], B = n[1], H = n[2], has_lengths = n[4], has_resets = n[5], back = n[6];"
"""The integers of a call; after them, one for each product, 1 where its result starts from a bias."""

WRAPPER = """
/* {name}: each thread takes its share of the rows of all runs, through all of time. */
EXPORT void {name}(i64 count, const i64 *const *n, void *const *const *a) {{
  #pragma omp parallel num_threads(n[0][3])
  {{
    const i64 me = omp_get_thread_num(), all = omp_get_num_threads();
    i64 total = 0, before = 0;
    for (i64 run = 0; run < count; ++run) total += n[run][1];
    for (i64 run = 0; run < count; ++run) {name}_pack(n[run], a[run], me, all);
    #pragma omp barrier
    const i64 from = total * me / all, to = total * (me + 1) / all;
    for (i64 run = 0; run < count; ++run) {{
      const i64 first = from > before ? from - before : 0;
      const i64 last = to - before < n[run][1] ? to - before : n[run][1];
      if (first < last) {name}_rows(n[run], a[run], me, all, first, last);
      before += n[run][1];
    }}
  }}
}}
"""


def _forward(program: Program) -> list[str]:
    places = Places(program)
    widths = [len(part) for part in program.state]
    lines = [
        # of T + 1 states the one before step t is the t-th; backwards, where time runs down, the next
        *(f"real *s{k}_t = s{k} + (t + back) * B * {width} * H;" for k, width in enumerate(widths)),
        *(f"real *s{k}_n = s{k} + (t + !back) * B * {width} * H;" for k, width in enumerate(widths)),
        f"real *pre_t = pre + t * B * {len(program.pre)} * H, *y_t = y + t * B * {len(program.output)} * H;",
        *_ports_at_t(
            program, "real *p{k}_t = p{k} + t * B * {rows} * H, *o{k}_t = o{k} + t * B * {operand} * H;"
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
    return _function(
        "forward", forward_pointers(program), packs(program), "for (i64 i = 0; i < T; ++i) {", lines
    )


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
    zeros = [("y_t", len(program.output))]
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


def _backward(layout: Layout) -> list[str]:
    program = layout.program
    places = Places(program)
    widths = [len(part) for part in program.state]
    sources = places.inputs | seed_places(layout)
    lines = [
        *(f"const real *s{k}_t = s{k} + (t + back) * B * {width} * H;" for k, width in enumerate(widths)),
        f"const real *pre_t = pre + t * B * {len(program.pre)} * H;",
        f"const real *dy_t = dy + t * B * {len(program.output)} * H;",
        f"real *d_pre_t = d_pre + t * B * {len(program.pre)} * H;",
        *_ports_at_t(program, "const real *p{k}_t = p{k} + t * B * {rows} * H;"),
        *_ports_at_t(program, "real *d_p{k}_t = d_p{k} + t * B * {rows} * H;"),
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
    return _function(
        "backward",
        backward_pointers(program),
        packs(program, back=True),
        "for (i64 i = T - 1; i >= 0; --i) {",
        lines,
    )


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


def _ports_at_t(program: Program, line: str) -> list[str]:
    return [
        line.format(k=k, rows=matmul.rows, operand=len(matmul.operand))
        for k, matmul in enumerate(program.matmuls)
    ]


ACTIVE = """const i64 t = back ? T - 1 - i : i;
if (has_lengths) {
  while (active < count && lengths[mine[active]] > t) ++active;
  while (active > 0 && lengths[mine[active - 1]] <= t) --active;
}"""
"""How many rows are within their sequence at this step: the first ones, for the longest come first."""


def _function(
    name: str, names: Sequence[str], packs: Sequence[str], loop: str, body: Sequence[str]
) -> list[str]:
    """One function of the file: some rows of one run, through all of time; and what calls it in threads."""
    return [
        f"static void {name}_pack(const i64 *n, void *const *a, i64 me, i64 all) {{",
        *c_block([f"if (n[{IS_PACKED}]) return;", "const i64 H = n[2];", *arguments(names), *packs]),
        "}",
        f"static void {name}_rows(const i64 *n, void *const *a, i64 me, i64 all, i64 first,",
        "    i64 last) {",
        *c_block(
            [
                CALL_SIZES,
                *arguments(names),
                "const i64 count = last - first, *const mine = rows + first;",
                "i64 active = has_lengths ? 0 : count;",
                "take_rows(B, first, last, all, lengths, rows);",
                loop,
                *c_block([ACTIVE, *body]),
                "}",
            ]
        ),
        "}",
        WRAPPER.format(name=name),
    ]
