"""Parameter names and shapes of every cell: a checkpoint of today must fit the zoo of tomorrow.

After a change that is meant, write them anew from the folder of the project and read the difference:

    PYTHONPATH=tests python -m conformance.golden
"""

import json
from pathlib import Path

from conformance.cases import HIDDEN, INPUT, ZOO_VARIANTS
from zoo.stack import StackSpec
from zoo.stack.spec import DIRECTIONS, MERGES
from zoo.wiring import WIRINGS

PATH = Path(__file__).parent.parent / "golden" / "parameters.json"
Shapes = dict[str, list[int]]


def shapes_of(spec: StackSpec) -> Shapes:
    return {name: list(value.shape) for name, value in spec.build(INPUT).state_dict().items()}


def current() -> dict[str, dict[str, Shapes]]:
    """What the zoo's cells, wirings, directions and merges hold, for width 3 in and 6 hidden."""
    return {
        "cells": {
            name: shapes_of(StackSpec(cell=spec, hidden_size=HIDDEN)) for name, spec in ZOO_VARIANTS.items()
        },
        "wirings": {
            name: shapes_of(StackSpec(cell="elman", hidden_size=HIDDEN, num_layers=2, wiring=name))
            for name in WIRINGS.names()
        },
        "directions": {
            name: shapes_of(
                StackSpec(
                    cell="lstm", hidden_size=HIDDEN, num_layers=2, direction=name, learn_initial_state=True
                )
            )
            for name in DIRECTIONS
        },
        "merges": {
            name: shapes_of(
                StackSpec(cell="elman", hidden_size=HIDDEN, direction="bidirectional", merge=name)
            )
            for name in MERGES
        },
    }


def lines(tables: dict[str, dict[str, Shapes]]) -> str:
    """JSON with one line for each parameter, so that a difference reads well."""
    text = json.dumps(tables, indent=1)
    for shape in {json.dumps(s, indent=1) for t in tables.values() for m in t.values() for s in m.values()}:
        indented = shape.replace("\n", "\n   ")
        text = text.replace(indented, json.dumps(json.loads(shape)))
    return text + "\n"


if __name__ == "__main__":
    PATH.write_text(lines(current()), encoding="utf-8")
