"""Carries a stack of the zoo over to the oracles, and the oracles' gradients back to its parameter names."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from oracles.arrays import Array, Weights
from oracles.cells import Oracle, oracle
from oracles.stack import Level, LevelGradients, Way, run_stack, run_stack_back
from oracles.wirings import Place
from oracles.wirings import wiring as wired
from torch import Tensor

from conformance import own_cells
from conformance.cases import Found, tensors, weights_of_sum
from zoo.cells import Cell, CellSpec
from zoo.stack import Stack
from zoo.stack.layer import Direction, Layer
from zoo.wiring import Wiring


def array(tensor: Tensor) -> Array:
    return np.array(tensor.detach().numpy())


LETTERS = {"weight_ih": "W", "weight_hh": "U", "bias": "b", "bias_hh": "d"}
"""What the oracles call the gates' blocks of a parameter; others go by their own names, whole."""


def oracle_for(spec: CellSpec) -> Oracle:
    """The oracle of a cell of the zoo, or of a user's own, with these options."""
    own = own_cells.EQUATIONS.get(spec.key)
    return oracle(spec.key, spec) if own is None else Oracle(own, spec)


def oracle_of(cell: Cell) -> Oracle:
    """The oracle of a cell."""
    return oracle_for(cell.spec)


def said(spec: CellSpec, name: str, default: Any) -> Any:
    """What an oracle says of its cell beside its equations; see `oracles.cells`."""
    return getattr(oracle_for(spec).equations, name, default)


def oracles_name(name: str, gate: str) -> str:
    """A gate's block of a parameter, "W_i" or, of a cell within the cell, "inner.W_i"."""
    *path, last = name.split(".")
    return ".".join([*path, f"{LETTERS[last]}_{gate}"])


def blocks(cell: Cell) -> dict[str, list[str]]:
    """Each parameter of a cell, and the oracles' names of the blocks of rows that it is made of."""
    return {
        name: [oracles_name(name, gate) for gate in cell.gate_rows(name)] or [name]
        for name, _ in cell.named_parameters()
    }


def cell_weights(cell: Cell) -> Weights:
    """The parameters of a cell, gate by gate."""
    weights = {}
    for name, letters in blocks(cell).items():
        ends = [rows.stop for rows in cell.gate_rows(name).values()]
        parts = np.split(array(cell.get_parameter(name)), ends[:-1])
        weights |= dict(zip(letters, parts, strict=True))
    return weights


def fused(cell: Cell, weights: Weights) -> dict[str, Array]:
    """Per-gate arrays as the parameters of a cell: the inverse of `cell_weights`."""
    return {
        name: np.concatenate([weights[letter] for letter in letters])
        for name, letters in blocks(cell).items()
    }


def parameters_of(module: torch.nn.Module | None) -> Weights:
    """The parameters of a merge or a wiring by name."""
    return {} if module is None else {name: array(part) for name, part in module.named_parameters()}


def pairs(stack: Stack) -> list[tuple[Layer, Wiring]]:
    return list(zip(stack.layers, stack.wirings, strict=True))


def levels_of(stack: Stack, state: Any, batch: int, deltas: Array) -> list[Level]:
    """The stack as the oracles see it, from this state; None is the stack's own initial state."""
    own = stack.initial_state(batch)
    return [
        Level(
            tuple(_ways(layer, own[k] if state is None else state[k], own[k], deltas)),
            wired(wiring.key, Place(wiring.spec, wiring.position.index, wiring.position.depth)),
            parameters_of(wiring),
            "concat" if layer.merge is None else layer.merge.mode,
            parameters_of(layer.merge),
        )
        for k, (layer, wiring) in enumerate(pairs(stack))
    ]


def _ways(layer: Layer, initial: Any, reset_state: Any, deltas: Array) -> Iterator[Way]:
    initials, freshes = ((initial,), (reset_state,)) if layer.merge is None else (initial, reset_state)
    for way, start, anew in zip(layer.ways(), initials, freshes, strict=True):
        states = tuple(map(array, start)), tuple(map(array, anew))
        limit = way.recurrent_gradient_clip or math.inf
        read = deltas if way.cell.reads_deltas else None
        yield Way(oracle_of(way.cell), cell_weights(way.cell), way.backward, *states, limit, read)


def expected(
    stack: Stack, x: Tensor, state: Any, lengths: Tensor, resets: Tensor, deltas: Tensor | None = None
) -> Found:
    """What `evaluate` ought to find, according to the oracles. x has no padding that is not finite."""
    times = np.ones(x.shape[:2]) if deltas is None else array(deltas)
    levels = levels_of(stack, state, len(x), times)
    valid = array(lengths), array(resets)
    outputs, finals, traces = run_stack(levels, array(x), *valid)
    d_outputs = array(weights_of_sum(torch.from_numpy(outputs)))
    d_finals = [
        tuple(tuple(array(weights_of_sum(torch.from_numpy(part))) for part in way) for way in final)
        for final in finals
    ]
    d_x, found = run_stack_back(levels, traces, *valid, d_outputs, d_finals)
    gradients = {"x": d_x}
    if deltas is not None:
        reached = [way.deltas for level in found for way in level.ways if way.deltas is not None]
        gradients["deltas"] = np.sum(reached, axis=0)
    started = [part for level in found for way in level.ways for part in way.initial]
    if state is not None:
        gradients |= {f"state {k}": d for k, d in enumerate(started)}
        assert len(started) == len(tensors(state))
    for k, (pair, level) in enumerate(zip(pairs(stack), found, strict=True)):
        gradients |= _parameter_gradients(k, pair, level, state is None)
    as_tensors = {name: torch.from_numpy(gradient) for name, gradient in gradients.items()}
    for name, parameter in stack.named_parameters():
        if not parameter.requires_grad:  # it is not trained
            as_tensors[name] = torch.zeros_like(parameter)
    flat = [torch.from_numpy(part) for final in finals for way in final for part in way]
    return Found(torch.from_numpy(outputs), flat, as_tensors)


def _parameter_gradients(
    k: int, pair: tuple[Layer, Wiring], found: LevelGradients, starts_fresh: bool
) -> dict[str, Array]:
    """The gradients of one level under the names of the stack's parameters."""
    layer, _ = pair
    gradients = {}
    for (name, way), ran in zip(layer.directions.items(), found.ways, strict=True):
        assert isinstance(way, Direction)
        prefix = f"layers.{k}.directions.{name}"
        gradients |= {f"{prefix}.cell.{key}": d for key, d in fused(way.cell, ran.weights).items()}
        for number, (d_fresh, d_initial) in enumerate(zip(ran.reset_state, ran.initial, strict=True)):
            if len(way.initial):
                total = d_fresh.sum(0) + (d_initial.sum(0) if starts_fresh else 0)
                gradients[f"{prefix}.initial.{number}"] = total
    for prefix, part in [(f"layers.{k}.merge", found.merge), (f"wirings.{k}", found.wiring)]:
        gradients |= {f"{prefix}.{key}": gradient for key, gradient in part.items()}
    return gradients
