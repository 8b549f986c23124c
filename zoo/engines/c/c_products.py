"""Calls of `product.c` in the C of a recurrence."""

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

from zoo.engines.c.build import load_library
from zoo.engines.c.names import Places
from zoo.engines.program.ir import Program

PRODUCT_TYPES = """
typedef void product_t(long m, long n, long k, const real *a, long lda, const long *rows, const real *packed,
                       int adds, real *c, long ldc);
typedef void pack_t(long n, long k, const real *w, long by_column, long by_row, real *packed, long me,
                    long all);
"""
NUM_SIZES = 7
"""How many integers of a call come before those of the products: 1 where a result starts from a bias."""


def packs(program: Program, back: bool = False) -> list[str]:
    """Packs the weight of each product, or for the gradient of its operand its transpose."""
    lines = []
    for k, matmul in enumerate(program.matmuls):
        rows, columns = f"{matmul.rows} * H", f"{len(matmul.operand)} * H"
        sizes = f"{columns}, {rows}, u{k}, 1, {columns}" if back else f"{rows}, {columns}, u{k}, {columns}, 1"
        lines.append(f"pack({sizes}, q{k}, me, all);")
    return lines


def product(places: Places, k: int) -> str:
    """Takes the k-th product for the rows of this thread."""
    (target, step), (operand, inner) = places.product(k), places.operand(k)
    matmul = places.program.matmuls[k]
    adds = "1" if matmul.into is not None else f"n[{NUM_SIZES + k}]"
    return (
        f"product(active, {matmul.rows} * H, {inner} * H, {operand}, {inner} * H, mine, q{k}, {adds}, "
        f"{target}, {step} * H);"
    )


def product_back(places: Places, k: int, target: str, adds: int) -> str:
    """The gradient of the k-th product's operand, for the rows of this thread."""
    source, step = places.product(k, "d_")
    matmul = places.program.matmuls[k]
    inner = len(matmul.operand)
    return (
        f"product(active, {inner} * H, {matmul.rows} * H, {source}, {step} * H, mine, q{k}, {adds}, "
        f"{target}, {inner} * H);"
    )


@cache
def product_functions(real: str) -> tuple[int, int]:
    """Addresses of `product` and `pack` for "float" or "double".

    Raises:
        CannotCompileError: there is no compiler, or it fails.
    """
    code = Path(__file__).with_name("product.c").read_text(encoding="utf-8")
    library = load_library(f"typedef {real} real;\n{code}", f"product-{real}")
    return _address(library["product"]), _address(library["pack"])


def _address(function: Any) -> int:
    found = ctypes.cast(function, ctypes.c_void_p).value
    assert found is not None
    return found
