"""The battery is thinned, and nothing that is registered falls through."""

from collections.abc import Sequence
from itertools import product as every

import pytest

from conformance import cases
from conformance.cases import THOROUGH, VARIANTS, Case, cell_of, composes, engines
from zoo.cells import CELLS
from zoo.engines import ENGINES
from zoo.stack.spec import DIRECTIONS
from zoo.wiring import WIRINGS

LISTS = ("EACH_ORACLE", "EACH_COMPOSITION", "EACH_FAST", "EACH_CAUSAL", "EACH_ENGINE")


def run_by(name: str, exhaustive: bool = False) -> list[Case]:
    """The cases of a list that are run, always or in the exhaustive battery too."""
    return [param.values[0] for param in vars(cases)[name].args[1] if exhaustive or not param.marks]


def every_case() -> list[Case]:
    """The cases that meet the oracle by the loop, and those that meet the loop by another engine."""
    return run_by("EACH_ORACLE") + run_by("EACH_FAST")


def test_every_cell_meets_every_test() -> None:
    for name in (*LISTS, "EACH_RELATION", "EACH_PLAIN_ENGINE"):
        wanted = {cell for cell in cases.USUAL if name != "EACH_FAST" or engines(cell) != ("reference",)}
        assert {case.variant for case in run_by(name)} >= {cell for cell in wanted if "(" not in cell}


def test_every_variant_meets_every_engine_that_can_run_it() -> None:
    expected = {(variant, engine) for variant in VARIANTS for engine in engines(variant)}
    elsewhere = {"triton", "fla"}  # tests/engines/test_triton.py, test_fla.py
    assert {engine for _, engine in expected} | elsewhere == set(ENGINES)
    assert {(case.variant, case.engine) for case in every_case()} == expected


def test_every_cell_meets_every_direction_and_these_meet_every_wiring() -> None:
    """Thorough cells meet every wiring, too; each other cell does in the exhaustive battery."""
    found = run_by("EACH_ORACLE")
    assert {(cell_of(case), case.direction) for case in found} >= set(every(CELLS.names(), DIRECTIONS))
    around = {(case.direction, case.wiring) for case in found}
    assert around == set(every(DIRECTIONS, WIRINGS.names())) - {("bidirectional", "cell_highway")}
    assert {(cell_of(case), case.wiring) for case in found} >= cells_with_wirings(THOROUGH)
    found = run_by("EACH_ORACLE", exhaustive=True)
    assert {(cell_of(case), case.wiring) for case in found} >= cells_with_wirings(CELLS.names())


def cells_with_wirings(cells: Sequence[str]) -> set[tuple[str, str]]:
    """The pairs that compose, in some direction."""
    return {pair for pair in every(cells, WIRINGS.names()) if composes(Case(pair[0], wiring=pair[1]))}


def test_every_engine_meets_every_direction_and_every_wiring() -> None:
    found = every_case()
    runs = set().union(*map(engines, VARIANTS))
    assert {(case.engine, case.direction) for case in found} == set(every(runs, DIRECTIONS))
    refused = {(engine, "cell_highway") for engine in runs if engine not in engines("highway_lstm")}
    assert {(case.engine, case.wiring) for case in found} == set(every(runs, WIRINGS.names())) - refused


@pytest.mark.parametrize("name", LISTS)
def test_the_exhaustive_battery_has_each_thorough_cell_in_every_direction_and_wiring(name: str) -> None:
    few, found = run_by(name), run_by(name, exhaustive=True)
    assert len(few) < len(found)
    if name in ("EACH_ORACLE", "EACH_COMPOSITION"):
        wanted = {Case(*each) for each in every(THOROUGH, DIRECTIONS, WIRINGS.names())}
        assert set(found) >= {case for case in wanted if composes(case)}
