"""Cells whose products and states have other widths than H run in blocks of what these widths share."""

from typing import Any

import pytest
import torch

from engines.subjects import Size, assert_close, expected, results, run_of, sequences_of
from zoo.cells import CELLS, Cell, LSTMPSpec
from zoo.engines import ENGINES, pick
from zoo.stack import StackSpec

WIDTHS: list[tuple[str, int, int, dict[str, Any]]] = [
    ("mogrifier_lstm", 4, 8, {}),
    ("mogrifier_lstm", 8, 12, {"rounds": 3}),
    ("mogrifier_lstm", 6, 4, {}),
    ("mogrifier_lstm", 16, 2, {}),
    ("lstmp", 3, 8, {"projection": 4}),
    ("lstmp", 3, 4, {"projection": 12}),
    ("scrn", 3, 8, {"context": 2}),
    ("hyper_lstm", 3, 8, {"hyper": 4}),
    ("hyper_lstm", 3, 8, {"hyper": 4, "embedding": 2}),
    ("lmu", 3, 4, {"order": 6}),
    ("lmu", 3, 8, {"order": 4}),
]
"""Cell, I, H and options."""
SIZES = (Size(5, 3), Size(5, 3, True, True), Size(6, 2, True, False, True))


def cell_of(name: str, width_in: int, width: int, **options: Any) -> Cell:
    cell = CELLS[name].spec_class(**options).build(width_in, width).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.uniform_(-0.7, 0.7, generator=generator)
    return cell


@pytest.mark.parametrize(("name", "width_in", "width", "options"), WIDTHS)
def test_value_and_gradient_equal_the_reference(name: str, width_in: int, width: int, options: Any) -> None:
    cell = cell_of(name, width_in, width, **options)
    recurrence = cell.recurrence()
    assert pick("auto", recurrence).name == "c"
    able = [engine for engine in ("c", "eager") if ENGINES[engine].refusal(recurrence) is None]
    assert able == (["c"] if name == "lmu" else ["c", "eager"])  # lmu sums over its units
    for size in SIZES:
        sequences = sequences_of(recurrence, size)
        wanted = expected(cell, sequences)
        for engine in able:
            assert_close(results(run_of(engine, recurrence), cell, sequences), wanted)


@pytest.mark.parametrize(("width_in", "width", "shared"), [(3, 8, 1), (4, 36, 4), (8, 72, 8), (5, 7, 1)])
def test_widths_that_share_too_little_go_to_the_loop(width_in: int, width: int, shared: int) -> None:
    recurrence = cell_of("mogrifier_lstm", width_in, width).recurrence()
    choice = pick("auto", recurrence)
    assert choice.name == "reference"
    assert f"widths of {width_in} and H = {width} share no more than {shared}" in choice.reason


def test_a_whole_network_of_unequal_widths() -> None:
    """The second layer takes what both directions of the first give, and the first four inputs."""
    spec = StackSpec(cell=LSTMPSpec(projection=8), hidden_size=16, num_layers=2, direction="bidirectional")
    fast, loop = (StackSpec(**{**vars(spec), "engine": engine}).build(4) for engine in ("c", "reference"))
    loop.load_state_dict(fast.state_dict())
    x = torch.randn(3, 6, 4, generator=torch.Generator().manual_seed(2))
    assert fast(x)[0].shape == (3, 6, 16)
    torch.testing.assert_close(fast(x)[0], loop(x)[0])
