"""The recurrent cells of Flax Linen."""

from collections import Counter
from typing import Any, NamedTuple, final

from torch import Tensor

from zoo.cells import Cell, CellSpec, GRUSpec
from zoo.layouts import dense
from zoo.layouts.base import LAYOUTS, Layout, stack_alone
from zoo.layouts.gates import gate_rows
from zoo.layouts.levels import DIRECTION, fitting_levels, named_levels, obstacle, stack_of
from zoo.layouts.weights import Weights
from zoo.model import Model
from zoo.stack import Stack


class Written(NamedTuple):
    """A cell of Flax: its class, the zoo's cell, and its layers with biases."""

    name: str
    kind: dense.Kind
    biased: tuple[str, ...]


WRITTEN = {
    "elman": Written("SimpleCell", dense.SIMPLE, ("i",)),
    "gru": Written("GRUCell", dense.GRU, ("ir", "iz", "in", "hn")),
    "lstm": Written("OptimizedLSTMCell", dense.LSTM, ("hi", "hf", "hg", "ho")),
    "ugrnn": Written("MGUCell", dense.MGU_WITHOUT_RESET, ("if", "in")),
}
"""By the key of the zoo's cell."""


@final
@LAYOUTS.register("flax")
class FlaxLayout(Layout):
    """SimpleCell, LSTMCell, OptimizedLSTMCell, GRUCell and MGUCell of Linen, as layers.

    Weights are `variables["params"]`, nested or flat; layers stand in the order of the numbers in their
    names. An MGUCell is a GRU whose gates r and z are the same, or without `reset_gate` a UGRNN; the zoo's
    MGU, which follows the paper, is none of them. A SimpleCell is taken for one with tanh and without
    `residual`, unless `cell` says another activation. Linen's names do not say of two cells that they are the
    directions of one layer; where widths leave it open, the names must, as in
    `{"0": {"forward": ..., "backward": ...}}`.
    """

    def read(self, weights: Weights, cell: CellSpec | None) -> Stack:
        found = dense.dense_cells(weights, cell)
        says = any(DIRECTION.search(each.name) for each in found)
        return stack_of(named_levels(found) if says else fitting_levels(found))

    def write(self, module: Stack | Model) -> dict[str, Any]:
        """`{"params": ...}` of a compact module of nn.RNN and nn.Bidirectional, as Linen names them."""
        stack = stack_alone(module)
        check_layers(stack)
        params: dict[str, Any] = {}
        count = Counter[str]()
        for cell in stack.cells():
            name = WRITTEN[cell.key].name
            params[f"{name}_{count[name]}"] = _layers(cell)
            count[name] += 1
        return {"params": params}


def check_layers(stack: Stack) -> None:
    """Raises ValueError, with the reason, where no layers of Flax equal a stack."""
    reason = obstacle(stack.spec)
    for spec in stack.spec.cells:
        if spec.key not in WRITTEN or (isinstance(spec, GRUSpec) and spec.reset == "before"):
            reason = reason or f"it has no cell for {spec}"
    if reason is not None:
        raise ValueError(f"no layers of Flax equal this stack: {reason}")


def _layers(cell: Cell) -> dict[str, dict[str, Any]]:
    """The dense layers of a cell. Where one of the two of a gate has a bias, it is that of both."""
    _, kind, biased = WRITTEN[cell.key]
    rows = gate_rows(cell, kind.order)
    zero = rows.weight_ih.new_zeros(len(rows.weight_ih))
    biases = [zero if bias is None else bias for bias in (rows.bias_ih, rows.bias_hh)]
    blocks = zip(
        *(part.chunk(len(kind.order)) for part in (rows.weight_ih, rows.weight_hh, *biases)), strict=True
    )
    found: dict[str, dict[str, Any]] = {}
    for i, h, (weight_i, weight_h, bias_i, bias_h) in zip(kind.inputs, kind.states, blocks, strict=True):
        if not {i, h} <= {*biased}:
            bias_i = bias_h = bias_i + bias_h
        for name, weight, bias in ((i, weight_i, bias_i), (h, weight_h, bias_h)):
            found[name] = {"kernel": array(weight.T)} | ({"bias": array(bias)} if name in biased else {})
    return found


def array(tensor: Tensor) -> Any:
    """An array of numpy with its own memory."""
    return tensor.cpu().numpy().copy()
