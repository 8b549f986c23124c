"""Exports each composition and compares it with the model: `export.csv`, of which docs/export.md has tables.

    python recipes/results/export.py [CELL, WIRING, SWITCH OR MERGE ...]
    python recipes/results/tables.py

A composition is exported by batches of 2 sequences of 5 steps and compared at 3 sequences of 8, of different
lengths; a column holds the largest difference of a score, relative to the largest one where that is above 1,
or the reason of a refusal. Rows that are there are kept; what is named is measured anew, and nothing else.
"""

import csv
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import onnx
import torch

import zoo
from zoo.export.graph_folder import GraphFormat, graph_format
from zoo.export.graphs import Graph, difference, sequence_graph, step_graph_of
from zoo.export.refusal import CannotExportError, plain_model
from zoo.model import Model

FILE = Path(__file__).resolve().parent / "export.csv"
COLUMNS = ("composition", "part", "type", "onnx", "nodes", "onnx step", "torch")
LOOPS = ("LSTM", "GRU", "RNN", "Scan", "Loop")
WIDTH, INPUTS, OUTPUTS = 8, 3, 2


def compositions() -> Iterator[tuple[str, str, zoo.StackSpec]]:
    """Name, part and spec: each cell both ways, each wiring and switch over three layers, each merge."""
    for cell in zoo.list_cells():
        for direction in ("forward", "bidirectional"):
            yield f"{cell} {direction}", cell, _spec(cell=cell, direction=direction)
    for wiring in zoo.list_wirings():
        passes_cell = wiring == "cell_highway"  # which takes no other cell, and one direction
        direction = "forward" if passes_cell else "bidirectional"
        for cell in ("lstm",) if passes_cell else ("lstm", "mgu"):
            options = {"cell": cell, "wiring": wiring, "num_layers": 3, "direction": direction}
            yield f"{cell} {direction} {wiring}", wiring, _spec(**options)
    for switch in zoo.list_switches():
        yield f"lstm forward with {switch}", switch, _spec(cell="lstm", num_layers=2, switches=switch)
    for merge in ("sum", "mean", "gated"):
        yield f"gru bidirectional {merge}", merge, _spec(cell="gru", direction="bidirectional", merge=merge)
    mixed = {"cell": ("gru", "sru"), "num_layers": 2, "hidden_size": (6, 9), "direction": "alternating"}
    yield "gru and sru alternating", "alternating", _spec(**mixed)
    yield "lstm learned start", "start", _spec(cell="lstm", learn_initial_state=True)


def _spec(**options: object) -> zoo.StackSpec:
    return zoo.StackSpec(**{"hidden_size": WIDTH, **options})  # type: ignore[arg-type]


def row(name: str, part: str, spec: zoo.StackSpec) -> dict[str, str]:
    """What becomes of a composition."""
    torch.manual_seed(0)
    model = zoo.ModelSpec(encoder=spec, input_size=INPUTS, output_size=OUTPUTS).build().eval()
    found = {"composition": name, "part": part, "type": "float64"}
    found["torch"] = _told(model.double(), graph_format("torch"), sequence_graph)[0]
    how = graph_format("onnx")
    told, nodes = _told(model, how, sequence_graph)
    if not told[0].isdigit():  # onnxruntime has some operations in single precision only
        model, found["type"] = model.float(), "float32"
        told, nodes = _told(model, how, sequence_graph)
    streams = step_graph_of(model) is not None
    step = _told(model, how, lambda model, _: step_graph_of(model))[0] if streams else "cannot stream"
    return found | {"onnx": told, "nodes": nodes, "onnx step": step}


def _told(model: Model, how: GraphFormat, make: object) -> tuple[str, str]:
    """The difference or the reason of a refusal, and the loops and layers in the graph."""
    try:
        graph: Graph = make(plain_model(model), how.make)  # type: ignore[operator]
        content = how.content(graph)
        run = how.run(content)
        nodes = _loops(content) if how.ending == "onnx" else ""
        return f"{difference(model, graph, run):.0e}", nodes
    except CannotExportError as reason:
        return f"refused: {reason}", ""


def _loops(content: bytes) -> str:
    found = Counter(node.op_type for node in onnx.load_from_string(content).graph.node)
    return ", ".join(f"{found[name]} {name}" for name in LOOPS if found[name])


def write(rows: dict[str, dict[str, str]], order: list[str]) -> None:
    """The file, with what there is by now."""
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[name] for name in order if name in rows)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    anew = set(sys.argv[1:])
    wanted = list(compositions())
    kept = list(csv.DictReader(FILE.read_text(encoding="utf-8").splitlines())) if FILE.exists() else []
    rows = {each["composition"]: each for each in kept if each["part"] not in anew}
    for name, part, spec in wanted:
        if name not in rows and (not anew or part in anew):
            rows[name] = row(name, part, spec)
            print(*rows[name].values(), sep="  ", flush=True)
            write(rows, [name for name, _, _ in wanted])
