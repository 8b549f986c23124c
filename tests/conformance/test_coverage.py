"""The battery is thinned, and nothing that is registered falls through."""

from itertools import product as pairs

from conformance.cases import THOROUGH, VARIANTS, causal, engine_cases, engines, product
from zoo.cells import CELLS
from zoo.engines import ENGINES
from zoo.stack.spec import DIRECTIONS
from zoo.wiring import WIRINGS


def test_every_variant_meets_every_engine_that_can_run_it() -> None:
    every = {(variant, engine) for variant in VARIANTS for engine in engines(variant)}
    assert {engine for _, engine in every} | {"triton"} == set(
        ENGINES
    )  # that one: tests/engines/test_triton.py
    for cases in (product(), causal(), engine_cases()):
        assert {(case.variant, case.engine) for case in cases} == every


def test_every_cell_as_it_comes_meets_every_direction_and_every_wiring() -> None:
    cases = [case for case in product() if case.engine == "reference"]
    for found, wanted in (
        ({(case.variant, case.direction) for case in cases}, pairs(CELLS.names(), DIRECTIONS)),
        ({(case.variant, case.wiring) for case in cases}, pairs(CELLS.names(), WIRINGS.names())),
        (
            {(case.variant, case.direction, case.wiring) for case in cases},
            pairs(THOROUGH, DIRECTIONS, WIRINGS.names()),
        ),
    ):
        assert found >= set(wanted)
