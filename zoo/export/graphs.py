"""Graphs of a model, of whole sequences and of a single step: what goes in, and what is checked of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast, final

import torch
from torch import Tensor
from torch.export import Dim, ExportedProgram

from zoo.engines import State
from zoo.export.modules import MakeRun, SequenceGraph, StepGraphModule, reads_deltas, state_names
from zoo.model import Model

Run = Callable[[list[Tensor]], list[Tensor]]
"""A graph as some runtime runs it: inputs in their order -> outputs in theirs."""

TRACED, CHECKED = (2, 5), (3, 8)
"""Sequences and steps of the example that is traced, and of the one that is compared."""
TOLERANCES = {torch.float64: 1e-6, torch.float32: 1e-4}
"""The largest difference that is not refused, relative to the largest number where that is above 1.

In double precision, too, ONNX has numbers such as a step size in single precision."""


@final
@dataclass(frozen=True)
class Graph:
    """A graph of a model.

    Attributes:
        name: Of its file, without an ending.
        program: The graph.
        inputs: Their names.
        outputs: Their names.
    """

    name: str
    program: ExportedProgram
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def sequence_graph(model: Model, make: MakeRun) -> Graph:
    """The graph of whole sequences: x (B, T, I) or tokens (B, T), lengths (B,) -> scores; any B and T."""
    batch, time = Dim("batch"), Dim("time")
    given = sequence_inputs(model, *TRACED)
    names = ("x", "lengths", "deltas")[: len(given)]
    axes = {"x": {0: batch, 1: time}, "lengths": {0: batch}, "deltas": {0: batch, 1: time}}
    with torch.no_grad():
        program = torch.export.export(
            SequenceGraph(model, make), tuple(given), dynamic_shapes=tuple(axes[name] for name in names)
        )
    return Graph("model", program, names, ("scores",))


def step_graph_of(model: Model) -> Graph | None:
    """The graph of one step: x (B, I) and the state -> scores and the state; None where it cannot stream.

    Between x and the state stand deltas (B,), where a cell reads them.
    """
    if not streams(model):
        return None
    batch, given = Dim("batch"), step_inputs(model, TRACED[0])
    states = tuple(state_names(model))
    with torch.no_grad():
        program = torch.export.export(
            StepGraphModule(model),
            tuple(given),
            dynamic_shapes=({0: batch}, tuple({0: batch} for _ in given[1:])),
        )
    names = ("x", *(["deltas"] if reads_deltas(model) else []), *states)
    return Graph("step", program, names, ("scores", *(f"next_{name}" for name in states)))


def streams(model: Model) -> bool:
    """Whether a single step says something: all layers read forward, and no pooling needs all steps."""
    return model.encoder.is_causal and model.spec.pooling in ("none", "last")


def sequence_inputs(model: Model, count: int, steps: int) -> list[Tensor]:
    """Some sequences of different lengths, the shortest of one step, with deltas where a cell reads them."""
    x = _numbers(model, count, steps)
    lengths = torch.linspace(1, steps, count).round().long()
    return [x, lengths, *_deltas(model, count, steps)]


def step_inputs(model: Model, count: int) -> list[Tensor]:
    """A step of some streams, with deltas where a cell reads them, and states that are not zero."""
    like = model.head.weight
    sizes = [size for cell in model.encoder.cells() for size in cell.state_sizes]
    state = [0.1 * torch.rand(count, size, dtype=like.dtype) for size in sizes]
    return [_numbers(model, count, 1)[:, 0], *_deltas(model, count), *state]


def _deltas(model: Model, *shape: int) -> list[Tensor]:
    """Times between steps, or nothing where no cell reads them."""
    return [torch.rand(*shape, dtype=model.head.weight.dtype) + 0.5] if reads_deltas(model) else []


def _numbers(model: Model, count: int, steps: int) -> Tensor:
    """Features (B, T, I), or tokens (B, T)."""
    if model.spec.vocab_size is not None:
        return torch.randint(model.spec.vocab_size, (count, steps))
    assert model.spec.input_size is not None
    return torch.randn(count, steps, model.spec.input_size, dtype=model.head.weight.dtype)


@torch.no_grad()
def difference(model: Model, graph: Graph, run: Run) -> float:
    """How far a runtime's numbers are from the model's own, for another batch of another length.

    Args:
        model: The model.
        graph: The graph.
        run: The runtime that runs it.
    """
    if graph.name == "step":
        given = step_inputs(model, CHECKED[0])
        expected = _stepped(model, given)
    else:
        given = sequence_inputs(model, *CHECKED)
        deltas = given[2] if len(given) > 2 else None
        expected = [model(given[0], given[1], deltas=deltas)[0]]
    gaps = [
        (got - part).abs().max() / part.abs().max().clamp(min=1)
        for got, part in zip(run(given), expected, strict=True)
    ]
    return float(torch.stack(gaps).max())  # NaN where any is, unlike Python's own


def _stepped(model: Model, given: list[Tensor]) -> list[Tensor]:
    """What the model itself says of a step: scores, and the state as a flat list."""
    x, parts = given[0], iter(given[1:])
    deltas = next(parts) if reads_deltas(model) else None
    state = tuple(cell.state_type(*(next(parts) for _ in cell.state_sizes)) for cell in model.encoder.cells())
    scores, after = model.step(x, state, deltas)
    return [scores, *(part for entry in after for part in cast("State", entry))]
