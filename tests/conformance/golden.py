"""Parameter names and shapes of what has been released: its checkpoints must fit what comes.

A part that came since the last release may still change. A release freezes it, from the project's folder:

    PYTHONPATH=tests python -m conformance.golden
"""

import json
from pathlib import Path
from typing import Any

import zoo
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
            name: shapes_of(StackSpec(cell=cell, hidden_size=HIDDEN, num_layers=2, wiring=name))
            for name in WIRINGS.names()
            for cell in ["lstm" if name == "cell_highway" else "elman"]
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


def lines(tables: dict[str, Any]) -> str:
    """JSON with one line for each parameter, so that a difference reads well."""
    text = json.dumps(tables, indent=1)
    parts = [part for table in tables.values() if isinstance(table, dict) for part in table.values()]
    for shape in {json.dumps(shape, indent=1) for part in parts for shape in part.values()}:
        indented = shape.replace("\n", "\n   ")
        text = text.replace(indented, json.dumps(json.loads(shape)))
    return text + "\n"


if __name__ == "__main__":
    PATH.write_text(lines({"version": zoo.__version__, **current()}), encoding="utf-8")
