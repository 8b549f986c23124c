"""Calls of `product.c` in the C of a recurrence."""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zoo.engines.c.build import CannotCompileError, load_library
from zoo.engines.c.names import Places
from zoo.engines.program.ir import Program

PRODUCT_TYPES = """
typedef void product_t(i64 m, i64 n, i64 k, const real *a, i64 lda, const i64 *rows, const real *packed,
                       const real *from, i64 ldf, real *c, i64 ldc);
typedef void pack_t(i64 n, i64 k, const real *w, i64 by_column, i64 by_row, real *packed, i64 me,
                    i64 all);

/* The input products of some steps: of those of these rows that are within their sequence. */
static void project(product_t *product, i64 B, i64 I, i64 G, i64 first, i64 last, i64 count,
                    const i64 *mine, const i64 *lengths, const real *x, const real *packed,
                    const real *bias, real *pre) {
  i64 numbers[MANY], found = 0;
  for (i64 t = first; t < last; ++t) for (i64 r = 0; r < count; ++r) {
    if (lengths && lengths[mine[r]] <= t) break; /* the longest come first */
    numbers[found++] = (t - first) * B + mine[r];
    if (found == MANY) product(found, G, I, x, I, numbers, packed, bias, 0, pre, G), found = 0;
  }
  if (found) product(found, G, I, x, I, numbers, packed, bias, 0, pre, G);
}
"""
MANY = 96
"""Rows whose input products are taken at a time: while they lie in the cache their steps are run."""
SHARE = 16e6
"""Multiply-adds that are worth a thread: with fewer, one that wakes late costs more than it brings."""
PANEL = 16
"""The most numbers of a vector, to a whole number of which a packed weight is filled up."""
C_TYPES = {torch.float32: "float", torch.float64: "double"}
"""The types that there is a library for."""
HALVES = (torch.bfloat16, torch.float16)
"""The types that are computed in float; a processor that has products of bfloat16 takes them."""
TERMS, TILE = 128, 64 + 18
"""Of the room of `outer`: the rows that it packs at a time, and their columns beside those of the result."""
IS_PACKED = 7
"""Of the integers of a call, the one that says that the weights are packed already."""


def packs(program: Program, back: bool = False) -> list[str]:
    """Packs the weight of each product, or for the gradient of its operand its transpose."""
    lines = [] if back else [f"if (x) pack({len(program.pre)} * H, I, x_weight, I, 1, x_packed, me, all);"]
    for k, matmul in enumerate(program.matmuls):
        rows, columns = f"{matmul.rows} * H", f"{len(matmul.operand)} * H"
        sizes = f"{columns}, {rows}, u{k}, 1, {columns}" if back else f"{rows}, {columns}, u{k}, {columns}, 1"
        lines.append(f"pack({sizes}, q{k}, me, all);")
    return lines


def product(places: Places, k: int) -> str:
    """Takes the k-th product for the rows of this thread."""
    (target, step), (operand, inner) = places.product(k), places.operand(k)
    matmul = places.program.matmuls[k]
    start, apart = (f"b{k}", "0") if matmul.into is None else (target, f"{step} * H")
    return (
        f"product(active, {matmul.rows} * H, {inner} * H, {operand}, {inner} * H, mine, q{k}, {start}, "
        f"{apart}, {target}, {step} * H);"
    )


def product_back(places: Places, k: int, target: str, *, adds: bool) -> str:
    """The gradient of the k-th product's operand, for the rows of this thread."""
    source, step = places.product(k, "d_")
    matmul = places.program.matmuls[k]
    inner = len(matmul.operand)
    return (
        f"product(active, {inner} * H, {matmul.rows} * H, {source}, {step} * H, mine, q{k}, "
        f"{target if adds else 0}, {inner} * H, {target}, {inner} * H);"
    )


def panels(weight: Tensor) -> Tensor:
    """Room for a weight in panels, whichever way it is packed."""
    return weight.new_empty(weight.numel() + PANEL * max(weight.shape))


def worth_threads(work: float, rows: int) -> int:
    """How many threads these multiply-adds are worth: as many as torch may use, and a row for each."""
    return max(1, min(torch.get_num_threads(), rows, int(work / SHARE)))


@dataclass(frozen=True)
class ProductLibrary:
    """What `product.c` is compiled to, for one type of numbers.

    Attributes:
        product: The product for some rows.
        pack: Packs a weight.
        products: The product for many rows.
        outer: The sum of outer products over many rows.
    """

    product: Callable[..., None]
    pack: Callable[..., None]
    products: Callable[..., None]
    outer: Callable[..., None]

    @property
    def pointers(self) -> tuple[int, int]:
        """Where the first two lie."""
        return _address(self.product), _address(self.pack)


@cache
def product_library(real: str) -> ProductLibrary:
    """The library for "float" or "double".

    Raises:
        CannotCompileError: there is no compiler, or it fails.
    """
    code = Path(__file__).with_name("product.c").read_text(encoding="utf-8")
    library = load_library(f"typedef {real} real;\n{code}", f"product-{real}")
    return ProductLibrary(*(library[name] for name in ("product", "pack", "products", "outer")))


@cache
def bf16_products() -> tuple[int, int] | None:
    """Where `product` and `pack` of `product_bf16.c` lie; None where processor or compiler cannot."""
    code = Path(__file__).with_name("product_bf16.c").read_text(encoding="utf-8")
    try:
        library = load_library(code, "product-bf16")
        return _address(library["product"]), _address(library["pack"])
    except (CannotCompileError, AttributeError):
        return None


def c_arguments(*values: Tensor | int | None) -> tuple[Any, ...]:
    """Tensors as the addresses of their numbers, and whole numbers, as C takes them."""
    # the caller keeps the tensors alive
    return tuple(
        ctypes.c_void_p(value.data_ptr())
        if isinstance(value, Tensor)
        else value
        if value is None
        else ctypes.c_int64(value)
        for value in values
    )


def _address(function: Any) -> int:
    found = ctypes.cast(function, ctypes.c_void_p).value
    assert found is not None
    return found
