"""Carries a stack of the zoo over to the oracles, and the oracles' gradients back to its parameter names."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from oracles import cells, gated, linear
from oracles.cells import Array, OracleCell, Weights
from oracles.stack import Level, LevelGradients, Way, run_stack, run_stack_back
from torch import Tensor

from conformance.cases import Found, tensors, weights_of_sum
from conformance.own_cells import ClockedOracle
from zoo.cells import Cell
from zoo.stack import Stack
from zoo.stack.layer import Direction, Layer
from zoo.wiring import Wiring

ORACLES: dict[str, Callable[[Any], OracleCell]] = {
    "elman": lambda spec: cells.Elman(spec.activation),
    "lstm": lambda spec: cells.LSTM(),
    "gru": lambda spec: cells.GRUResetBefore() if spec.reset == "before" else cells.GRUResetAfter(),
    "janet": lambda spec: gated.JANET(spec.beta),
    "layernorm_lstm": lambda spec: gated.LayerNormLSTM(),
    "lru": lambda spec: linear.LRU(),
    "mingru": lambda spec: linear.MinGRU(spec.candidate),
    "minlstm": lambda spec: linear.MinLSTM(spec.candidate),
    "sru": lambda spec: linear.SRU(),
    "ligru": lambda spec: gated.LiGRU(),
    "mgu": lambda spec: gated.MGU(),
    "peephole_lstm": lambda spec: gated.PeepholeLSTM(),
    "own_mgu": lambda spec: gated.MGU(),
    "own_clocked": lambda spec: ClockedOracle(spec.clock),
}
"""Registered name -> the oracle of a spec. A cell that is registered and not listed here fails a test."""

OWN_WEIGHTS = {
    "layernorm_lstm": {
        "gain_ih": "a_x_i a_x_f a_x_g a_x_o",
        "gain_hh": "a_h_i a_h_f a_h_g a_h_o",
        "gain_c": "a_c",
        "bias_c": "s_c",
    },
    "lru": {"nu_log": "nu", "theta_log": "theta", "gamma_log": "gamma"},
    "peephole_lstm": {"peephole": "p_i p_f p_o"},
    "sru": {"weight_skip": "S", "peephole": "v_f v_r"},
}
"""Cell -> parameters beyond the fused ones -> the oracles' names of their blocks."""

WIRING_WEIGHTS = {"match.project.weight": "P", "gate.weight": "W_t", "gate.bias": "b_t"}
"""The wirings' parameters, and the oracles' letters for them."""

MERGE_WEIGHTS = {"gate.weight": "W_s", "gate.bias": "b_s"}


def array(tensor: Tensor) -> Array:
    return np.array(tensor.detach().numpy())


def blocks(cell: Cell) -> dict[str, list[str]]:
    """Each parameter of a cell, and the oracles' names of the equal blocks of rows that it is made of."""
    rows = {
        "weight_ih": [f"W_{gate}" for gate in cell.gates],
        "weight_hh": [f"U_{gate}" for gate in cell.recurrent_gates],
        "bias": [f"b_{gate}" for gate in cell.gates],
        "bias_hh": [f"d_{gate}" for gate in cell.recurrent_bias],
    }
    rows |= {name: letters.split() for name, letters in OWN_WEIGHTS.get(cell.key, {}).items()}
    return {name: rows[name] for name, _ in cell.named_parameters()}


def cell_weights(cell: Cell) -> Weights:
    """The parameters of a cell, gate by gate."""
    weights = {}
    for name, letters in blocks(cell).items():
        parts = np.split(array(cell.get_parameter(name)), len(letters))
        weights |= dict(zip(letters, parts, strict=True))
    return weights


def fused(cell: Cell, weights: Weights) -> dict[str, Array]:
    """Per-gate arrays as the parameters of a cell: the inverse of `cell_weights`."""
    return {
        name: np.concatenate([weights[letter] for letter in letters])
        for name, letters in blocks(cell).items()
    }


def named(module: torch.nn.Module | None, letters: dict[str, str]) -> Weights:
    """The parameters of a merge or a wiring under the oracles' letters."""
    if module is None:
        return {}
    return {letters[name]: array(parameter) for name, parameter in module.named_parameters()}


def pairs(stack: Stack) -> list[tuple[Layer, Wiring]]:
    return list(zip(stack.layers, stack.wirings, strict=True))


def levels_of(stack: Stack, state: Any, batch: int) -> list[Level]:
    """The stack as the oracles see it, from this state; None is the stack's own initial state."""
    own = stack.initial_state(batch)
    return [
        Level(
            tuple(_ways(layer, own[k] if state is None else state[k], own[k])),
            wiring.key,
            named(wiring, WIRING_WEIGHTS),
            "concat" if layer.merge is None else layer.merge.mode,
            named(layer.merge, MERGE_WEIGHTS),
        )
        for k, (layer, wiring) in enumerate(pairs(stack))
    ]


def _ways(layer: Layer, initial: Any, reset_state: Any) -> Iterator[Way]:
    initials, freshes = ((initial,), (reset_state,)) if layer.merge is None else (initial, reset_state)
    for way, start, anew in zip(layer.ways(), initials, freshes, strict=True):
        oracle = ORACLES[way.cell.key](way.cell.spec)
        states = tuple(map(array, start)), tuple(map(array, anew))
        limit = way.recurrent_gradient_clip or math.inf
        yield Way(oracle, cell_weights(way.cell), way.backward, *states, limit)


def expected(stack: Stack, x: Tensor, state: Any, lengths: Tensor, resets: Tensor) -> Found:
    """What `evaluate` ought to find, according to the oracles. x has no padding that is not finite."""
    levels = levels_of(stack, state, len(x))
    valid = array(lengths), array(resets)
    outputs, finals, traces = run_stack(levels, array(x), *valid)
    d_outputs = array(weights_of_sum(torch.from_numpy(outputs)))
    d_finals = [
        tuple(tuple(array(weights_of_sum(torch.from_numpy(part))) for part in way) for way in final)
        for final in finals
    ]
    d_x, found = run_stack_back(levels, traces, *valid, d_outputs, d_finals)
    gradients = {"x": d_x}
    started = [part for level in found for way in level.ways for part in way.initial]
    if state is not None:
        gradients |= {f"state {k}": d for k, d in enumerate(started)}
        assert len(started) == len(tensors(state))
    for k, (pair, level) in enumerate(zip(pairs(stack), found, strict=True)):
        gradients |= _parameter_gradients(k, pair, level, state is None)
    as_tensors = {name: torch.from_numpy(gradient) for name, gradient in gradients.items()}
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
    for letters, prefix, part in [
        (MERGE_WEIGHTS, f"layers.{k}.merge", found.merge),
        (WIRING_WEIGHTS, f"wirings.{k}", found.wiring),
    ]:
        gradients |= {f"{prefix}.{key}": part[letter] for key, letter in letters.items() if letter in part}
    return gradients
