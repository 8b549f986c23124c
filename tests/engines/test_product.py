"""The products of compiled steps: against numpy at every remainder, and each row the same in any batch."""

import ctypes

import numpy as np
import pytest
import torch

from zoo.engines.c.c_products import PANEL, bf16_products, product_library
from zoo.engines.c.inputs import outer

REALS = {"float": (np.float32, 1e-5), "double": (np.float64, 1e-13), "bfloat16": (np.float32, 1e-5)}
"""Name of a product -> the type of its numbers, and how near it comes."""


def functions(real: str) -> tuple[int, int]:
    """Where the product and what packs its weight lie."""
    if real != "bfloat16":
        return product_library(real).pointers
    found = bf16_products()
    if found is None:
        pytest.skip("this processor has no products of bfloat16")
    return found


def rounded(real: str, factor: np.ndarray) -> np.ndarray:
    """A factor as the product takes it, in double precision."""
    whole = torch.from_numpy(factor)
    return (whole.bfloat16() if real == "bfloat16" else whole).double().numpy()


def long(number: int) -> ctypes.c_int64:
    return ctypes.c_int64(number)


def pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def packed(real: str, w: np.ndarray) -> np.ndarray:
    """The weight (k, n), packed by two threads, one after the other."""
    pack = ctypes.CFUNCTYPE(None)(functions(real)[1])
    k, n = w.shape
    panels = np.full(w.size + PANEL * k, np.nan, w.dtype)
    steps = (long(w.strides[1] // w.itemsize), long(w.strides[0] // w.itemsize))
    for me in range(2):
        pack(long(n), long(k), pointer(w), *steps, pointer(panels), long(me), long(2))
    return panels


def product(real: str, a: np.ndarray, w: np.ndarray, rows: list[int], c: np.ndarray, adds: bool) -> None:
    call = ctypes.CFUNCTYPE(None)(functions(real)[0])
    numbers, panels = np.array(rows, dtype=np.int64), packed(real, w)
    sizes = (long(len(rows)), long(w.shape[1]), long(w.shape[0]), pointer(a), long(a.shape[1]))
    call(
        *sizes,
        pointer(numbers),
        pointer(panels),
        pointer(c) if adds else None,
        long(c.shape[1]),
        pointer(c),
        long(c.shape[1]),
    )


@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize("turned", [False, True])
def test_it_is_numpys_at_every_remainder_of_rows_and_columns(real: str, turned: bool) -> None:
    dtype, tolerance = REALS[real]
    draw = np.random.default_rng(0)
    for m in (1, 2, 5, 6, 7, 12, 13, 40):
        for n in (*range(1, 36), 63, 64, 65, 100, 127, 129):
            k = 1 + (m * n) % 37
            a = draw.normal(size=(m + 2, k + 3)).astype(dtype)
            w = draw.normal(size=(n, k) if turned else (k, n)).astype(dtype)
            w = w.T if turned else w
            rows = draw.permutation(m + 2)[:m].tolist()
            c = draw.normal(size=(m + 2, n + 1)).astype(dtype)
            for adds in (False, True):
                expected = c.copy()
                whole = rounded(real, a)[rows, :k] @ rounded(real, w.copy())
                expected[rows, :n] = whole + adds * c[rows, :n]
                found = c.copy()
                product(real, a, w, rows, found, adds)
                np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * 10)


@pytest.mark.parametrize("real", ["float", "bfloat16"])
def test_a_row_is_the_same_to_the_last_bit_whatever_stands_beside_it(real: str) -> None:
    draw = np.random.default_rng(0)
    a, w = (draw.normal(size=size).astype(np.float32) for size in ((32, 50), (50, 70)))
    whole = np.zeros((32, 70), np.float32)
    product(real, a, w, list(range(32)), whole, False)
    for row in range(32):
        alone = np.zeros((32, 70), np.float32)
        product(real, a, w, [row], alone, False)
        np.testing.assert_array_equal(alone[row], whole[row])


@pytest.mark.parametrize("real", ["float", "bfloat16"])
def test_what_is_not_a_number_in_one_row_stays_there(real: str) -> None:
    a, w = np.ones((7, 3), np.float32), np.ones((3, 5), np.float32)
    a[2] = np.nan
    c = np.zeros((7, 5), np.float32)
    product(real, a, w, list(range(7)), c, False)
    assert np.isnan(c[2]).all()
    assert torch.from_numpy(np.delete(c, 2, axis=0)).eq(3).all()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("real", ["float", "double"])
def test_the_sum_of_outer_products_is_numpys(
    real: str, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dtype, tolerance = REALS[real]
    monkeypatch.setattr("zoo.engines.c.inputs.worth_threads", lambda work, rows: min(threads, rows))
    draw = np.random.default_rng(0)
    for time, batch, n, k in [
        (1, 1, 1, 1),
        (3, 2, 5, 7),
        (1, 129, 13, 65),
        (127, 1, 6, 64),
        (64, 5, 31, 130),
    ]:
        a = torch.from_numpy(draw.normal(size=(time, batch, n + 3)).astype(dtype))[..., 2 : n + 2]
        b = torch.from_numpy(draw.normal(size=(time, batch, k)).astype(dtype))
        some = torch.from_numpy(draw.permutation(time * batch)[: time * batch // 2 + 1].copy()).sort()[0]
        for rows in (None, some):
            x, y = (part.flatten(0, 1).double() for part in (a, b))
            expected = x.T @ y if rows is None else x[rows].T @ y[rows]
            np.testing.assert_allclose(outer(a, b, rows), expected, rtol=tolerance, atol=20 * tolerance)


def test_no_rows_have_a_sum_of_zero() -> None:
    a, b = torch.ones(4, 2, 3), torch.ones(4, 2, 5)
    assert outer(a, b, torch.empty(0, dtype=torch.long)).eq(torch.zeros(3, 5)).all()
