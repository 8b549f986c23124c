"""Writes a recurrence as one C file: the loop over time, forward and backward.

Each thread takes some of the sequences through all of time, so that threads never wait for one another.
Between two products of a step, all operations on a row run in one loop over its units.
"""

from collections.abc import Sequence
from pathlib import Path

from zoo.engines.c.c_backward import backward_body
from zoo.engines.c.c_forward import forward_body
from zoo.engines.c.c_products import IS_PACKED, MANY, PRODUCT_TYPES, packs
from zoo.engines.c.names import arguments, backward_pointers, c_block, forward_pointers
from zoo.engines.program.layout import Layout

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
    own = {name: f"own_{name}_{real}" for name in ("exp", "expm1", "sigmoid", "tanh")}
    vectors = {name: name + suffix for name in ("cos", "log", "log1p", "sin")}
    others = {name: name + suffix for name in ("erf", "fabs", "floor", "pow", "sqrt")}
    lines = [f"typedef {real} real;", Path(__file__).with_name("exponentials.c").read_text(encoding="utf-8")]
    lines += [f"#define {name.upper()} {call}" for name, call in (own | vectors | others).items()]
    lines += ["#ifdef VECTOR_MATH"]
    lines += [
        f'__attribute__((simd("notinbranch"))) extern {real} {call}({real});' for call in vectors.values()
    ]
    lines += [
        "#endif",
        C_PRELUDE,
        f"#define MANY {MANY}",
        PRODUCT_TYPES,
        ROWS,
    ]
    program = layout.program
    lines += _function("forward", forward_pointers(program), packs(program), forward_body(program))
    lines += _function(
        "backward", backward_pointers(program), packs(program, back=True), backward_body(layout)
    )
    return "\n".join(lines) + "\n"


SIZES = (
    "const i64 T = n[0], B = n[1], H = n[2], has_lengths = n[4], has_resets = n[5], back = n[6], I = n[8], "
    "keeps = n[9], span = n[10];"
)
"""The integers of a call. The fourth is the number of threads, the eighth says whether weights are packed,
`keeps` whether every step is kept, `span` for how many steps input products are taken at a time."""
LOOPS = {
    "forward": "for (i64 i = 0; i < T; ++i) {",
    "backward": "for (i64 i = T - 1; i >= 0; --i) {",
}

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


ACTIVE = """const i64 t = back ? T - 1 - i : i;
if (has_lengths) {
  while (active < count && lengths[mine[active]] > t) ++active;
  while (active > 0 && lengths[mine[active - 1]] <= t) --active;
}"""
"""How many rows are within their sequence at this step: the first ones, for the longest come first."""


def _function(name: str, names: Sequence[str], packs: Sequence[str], body: Sequence[str]) -> list[str]:
    """One function of the file: some rows of one run, through all of time; and what calls it in threads."""
    return [
        f"static void {name}_pack(const i64 *n, void *const *a, i64 me, i64 all) {{",
        *c_block([f"if (n[{IS_PACKED}]) return;", SIZES, *arguments(names), *packs]),
        "}",
        f"static void {name}_rows(const i64 *n, void *const *a, i64 me, i64 all, i64 first,",
        "    i64 last) {",
        *c_block(
            [
                SIZES,
                *arguments(names),
                "const i64 count = last - first, *const mine = rows + first;",
                "i64 active = has_lengths ? 0 : count, first_t = 0;",
                "take_rows(B, first, last, all, lengths, rows);",
                LOOPS[name],
                *c_block([ACTIVE, *body]),
                "}",
            ]
        ),
        "}",
        WRAPPER.format(name=name),
    ]
