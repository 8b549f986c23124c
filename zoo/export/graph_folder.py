"""A checkpoint as graphs for other runtimes, each compared with the model before anything is written."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, final

from zoo.engines import State
from zoo.export.card import task_card
from zoo.export.graph_readme import graph_readme
from zoo.export.graphs import TOLERANCES, Graph, Run, difference, sequence_graph, step_graph_of, streams
from zoo.export.handed import checkpoint_file
from zoo.export.modules import MakeRun, ScannedDirection, state_names
from zoo.export.refusal import CannotExportError, check_task, plain_model
from zoo.export.run_facts import facts_of
from zoo.export.torch_file import torch_bytes, torch_run
from zoo.model import Model
from zoo.pretrained.folder import CARD, FORMAT, as_json, check_target, versions
from zoo.runs.atomic_folder import atomic_folder
from zoo.runs.checkpoint_file import read_checkpoint
from zoo.trained import load


@final
@dataclass(frozen=True)
class GraphFormat:
    """A way to write graphs.

    Attributes:
        ending: Of the files.
        make: What runs a direction of a layer in it.
        content: Writes a graph.
        run: Reads what was written, as its runtime does.
        require: Looks whether what it needs is installed.
    """

    ending: str
    make: MakeRun
    content: Callable[[Graph], bytes]
    run: Callable[[bytes], Run]
    require: Callable[[], None] = lambda: None


def graph_format(name: str) -> GraphFormat:
    """The format "torch" or "onnx"."""
    if name == "torch":
        return GraphFormat("pt2", ScannedDirection, torch_bytes, torch_run)
    from zoo.export.onnx_file import onnx_bytes, onnx_run, require_onnx  # it defines an operation of torch
    from zoo.export.onnx_layers import onnx_direction

    return GraphFormat("onnx", onnx_direction, onnx_bytes, onnx_run, require_onnx)


def export_graphs(path: Path, target: Path, form: str, *, licence: str, replace: bool) -> None:
    """Writes graphs of a checkpoint into a folder: `model` of whole sequences, `step` of a stream.

    Args:
        path: A checkpoint, or the folder of a run.
        target: The folder.
        form: "torch" or "onnx".
        licence: Of the weights, by its SPDX identifier.
        replace: Whether it takes the place of an earlier export.

    Raises:
        CannotExportError: the format cannot say what the model does.
        ValueError: there is no checkpoint, the folder is there, or a package is not installed.
        OSError: the folder cannot be written.
    """
    check_target(target, replace)
    how, file = graph_format(form), checkpoint_file(path)
    how.require()
    checkpoint, trained = read_checkpoint(str(file)), load(file)
    check_task(trained.task)
    model = plain_model(trained.task.model)
    written = graphs_of(model, how)
    facts = facts_of(file, int(checkpoint["global_step"]))
    card = task_card(trained, checkpoint, facts, licence) | {"kind": "graph", "format": FORMAT}
    card |= {"graphs": [_described(graph, how) for graph, _ in written], "state": _state(model)}
    card |= {"versions": versions(), "recipe": None}
    files = {f"{graph.name}.{how.ending}": content for graph, content in written}
    files |= {CARD: as_json(card).encode(), "README.md": graph_readme(card, target.name).encode()}
    with atomic_folder(target) as folder:
        for name, content in files.items():
            (folder / name).write_bytes(content)


def graphs_of(model: Model, how: GraphFormat) -> list[tuple[Graph, bytes]]:
    """The graphs of a model as they are written, after a comparison of each with the model.

    Raises:
        CannotExportError: the format cannot say what the model does, or its runtime computes something else.
    """
    graphs = [graph for graph in (sequence_graph(model, how.make), step_graph_of(model)) if graph is not None]
    written = [(graph, how.content(graph)) for graph in graphs]
    for graph, content in written:
        far = difference(model, graph, how.run(content))
        if not far <= TOLERANCES[model.head.weight.dtype]:
            raise CannotExportError(
                f"the exported {graph.name} differs from the model by {far:.1e}; expected at most "
                f"{TOLERANCES[model.head.weight.dtype]:.0e}"
            )
    return written


def _described(graph: Graph, how: GraphFormat) -> dict[str, Any]:
    return {
        "file": f"{graph.name}.{how.ending}",
        "inputs": list(graph.inputs),
        "outputs": list(graph.outputs),
    }


def _state(model: Model) -> dict[str, list[float]]:
    """The state before the first step: name -> the numbers of one stream."""
    if not streams(model):
        return {}
    parts = [part for entry in model.initial_state(1) for part in cast("State", entry)]
    return {name: part[0].tolist() for name, part in zip(state_names(model), parts, strict=True)}
