"""Whatever the lengths and resets are, every engine agrees with runs of the pieces one by one."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any
from zlib import crc32

import pytest
import torch
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from torch import Tensor

from conformance.cases import (
    USUAL,
    Case,
    assert_close,
    engines,
    evaluate,
    random_state,
    random_x,
    row_of,
    tensors,
)
from zoo.stack import Stack

EACH_VARIANT = pytest.mark.parametrize("variant", USUAL)
FEW, MANY = 4, 50
EXAMPLES = pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.exhaustive)])


@st.composite
def windows(draw: st.DrawFn) -> tuple[int, Tensor, Tensor]:
    """T, lengths (B,) and resets (B, T), with B and T from 0 on."""
    batch, time = draw(st.integers(0, 4)), draw(st.integers(0, 5))
    lengths = draw(st.lists(st.integers(0, time), min_size=batch, max_size=batch))
    resets = draw(st.lists(st.booleans(), min_size=batch * time, max_size=batch * time))
    return (
        time,
        torch.tensor(lengths, dtype=torch.long),
        torch.tensor(resets, dtype=torch.bool).reshape(batch, time),
    )


def for_windows(check: Callable[[tuple[int, Tensor, Tensor]], None], variant: str, examples: int) -> None:
    """Calls it with so many windows, which are others for each variant and the same every time."""
    drawn = given(windows())(check)
    seed(crc32(variant.encode()))(settings(max_examples=examples, deadline=None, database=None)(drawn))()


@EXAMPLES
@EACH_VARIANT
def test_engines_agree_in_value_and_gradient(variant: str, examples: int) -> None:
    stacks = [
        Case(variant, "bidirectional", "residual", engine).stack(learn_initial_state=True)
        for engine in engines(variant)
    ]

    def agree(window: tuple[int, Tensor, Tensor]) -> None:
        time, lengths, resets = window
        x = random_x(len(lengths), time)
        found = []
        for stack in stacks:
            found.append(evaluate(stack, x, random_state(stack, len(lengths)), lengths, resets))
        for other in found[:-1]:
            assert_close(other, found[-1])

    for_windows(agree, variant, examples)


@EXAMPLES
@EACH_VARIANT
def test_a_sequence_is_its_pieces_between_resets(variant: str, examples: int) -> None:
    stacks = [Case(variant, engine=engine).stack(learn_initial_state=True) for engine in engines(variant)]

    def is_pieces(window: tuple[int, Tensor, Tensor]) -> None:
        _, lengths, _ = window
        for stack in stacks:
            state = random_state(stack, len(lengths))
            for b in range(len(lengths)):
                assert_row_is_its_pieces(stack, state, window, b)

    for_windows(is_pieces, variant, examples)


def assert_row_is_its_pieces(stack: Stack, state: Any, window: tuple[int, Tensor, Tensor], b: int) -> None:
    time, lengths, resets = window
    x, row, length = random_x(len(lengths), time), slice(b, b + 1), int(lengths[b])
    outputs, final = stack(x, state, lengths, resets)
    cuts = [t for t in range(length) if resets[b, t]]
    piece, last = stack(x[row, : min([*cuts, length])], row_of(state, b))
    pieces = [piece]
    for start, end in pairwise([*cuts, length]):
        piece, last = stack(x[row, start:end])
        pieces.append(piece)
    assert_close(outputs[row, :length], torch.cat(pieces, dim=1))
    assert not outputs[row, length:].any()
    assert_close([part[row] for part in tensors(final)], tensors(last))
