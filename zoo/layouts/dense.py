"""Cells of Flax, which are dense layers: one for each gate and side, or one for all gates of a side."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

from zoo.cells import CellSpec, ElmanSpec, GRUSpec, LSTMSpec, UGRNNSpec
from zoo.layouts.gates import Rows, gated_cell, settled
from zoo.layouts.levels import Placed, numbered
from zoo.layouts.weights import Weights, listed

NAME = re.compile(r"(?:(?P<cell>.*)[./])?(?P<layer>[^./]+)[./](?P<part>kernel|bias)")
Layers: TypeAlias = Mapping[str, Mapping[str, str]]
"""Dense layer -> "kernel" or "bias" -> full name."""


class Kind(NamedTuple):
    """The zoo's cell for one of Flax.

    Attributes:
        spec: The cell.
        order: Its gates, in the order of the next two.
        inputs: The layers that multiply the input.
        states: The layers that multiply the state.
    """

    spec: CellSpec
    order: str
    inputs: tuple[str, ...]
    states: tuple[str, ...]


def _separate(spec: CellSpec, order: str, gates: str) -> Kind:
    return Kind(spec, order, tuple(f"i{gate}" for gate in gates), tuple(f"h{gate}" for gate in gates))


LSTM = _separate(LSTMSpec(), "ifgo", "ifgo")
GRU = _separate(GRUSpec(reset="after"), "rzn", "rzn")
SIMPLE = Kind(ElmanSpec(), "h", ("i",), ("h",))
MGU = _separate(GRUSpec(reset="after"), "rzn", "ffn")
"""With a reset gate: n has f where a GRU has r, and f keeps the state as a GRU's z does."""
MGU_WITHOUT_RESET = _separate(UGRNNSpec(), "gc", "fn")
FUSED = {
    len(kind.order): kind._replace(inputs=("dense_i",), states=("dense_h",)) for kind in (LSTM, GRU, SIMPLE)
}
"""Cells of one layer for each side, by the number of gates."""


def dense_cells(weights: Weights, wanted: CellSpec | None) -> list[Placed]:
    """The cells among the weights, in the order of the numbers in their names.

    Raises:
        ValueError: there are none, or one is not what `wanted` says.
    """
    groups: dict[str, dict[str, dict[str, str]]] = {}
    for name in weights:
        found = NAME.fullmatch(name)
        if found is not None:  # nnx says if_ where linen says if
            layers = groups.setdefault(found["cell"] or "", {})
            layers.setdefault(found["layer"].rstrip("_"), {})[found["part"]] = name
    kinds = {path: _kind(weights, layers) for path, layers in groups.items()}
    cells = [
        _placed(weights, path, kind, groups[path], wanted) for path, kind in kinds.items() if kind is not None
    ]
    if not cells:
        raise ValueError(
            f"no weights are those of a recurrent cell of Flax, got {listed(weights)}; expected names as in "
            f"'cell/hi/kernel' or 'cell/dense_h/kernel'"
        )
    return numbered(cells)


def _kind(weights: Weights, layers: Layers) -> Kind | None:
    """The cell that has these dense layers."""
    if set(layers) == {"dense_i", "dense_h"}:
        width, columns = weights.take(layers["dense_h"].get("kernel", "dense_h/kernel"), -1, -1).shape
        return FUSED.get(columns // width) if columns % width == 0 else None
    mgu = MGU if "bias" in layers.get("hn", {}) else MGU_WITHOUT_RESET
    return next((k for k in (LSTM, GRU, SIMPLE, mgu) if {*k.inputs, *k.states} == set(layers)), None)


def _placed(weights: Weights, path: str, kind: Kind, layers: Layers, wanted: CellSpec | None) -> Placed:
    weight_ih, bias_ih = _side(weights, layers, kind.inputs)
    weight_hh, bias_hh = _side(weights, layers, kind.states)
    spec = settled(kind.spec, wanted, "activation" if kind.order == "h" else "")
    rows = Rows(weight_ih, weight_hh, bias_ih, bias_hh)
    return Placed(path, gated_cell(spec, weight_hh.shape[1], kind.order, rows))


def _side(weights: Weights, layers: Layers, names: Sequence[str]) -> tuple[Tensor, Tensor]:
    """The weights (G, width) and biases (G,) of some dense layers, whose kernels are (width, H)."""
    shape: tuple[int, ...] = (-1, -1)
    kernels, biases = [], []
    for layer in names:
        kernel = weights.take(layers[layer].get("kernel", f"{layer}/kernel"), *shape)
        shape = tuple(kernel.shape)
        has_bias = "bias" in layers[layer]
        kernels.append(kernel.T)
        biases.append(
            weights.take(layers[layer]["bias"], shape[1]) if has_bias else kernel.new_zeros(shape[1])
        )
    return torch.cat(kernels), torch.cat(biases)
