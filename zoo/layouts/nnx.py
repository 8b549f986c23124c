"""The recurrent cells of Flax NNX."""

from typing import Any, final

from zoo.cells import Cell, CellSpec
from zoo.layouts.base import LAYOUTS, Layout, stack_alone
from zoo.layouts.dense import FUSED, dense_cells
from zoo.layouts.flax import array, check_layers
from zoo.layouts.gates import gate_rows
from zoo.layouts.levels import named_levels, stack_of
from zoo.layouts.weights import Weights
from zoo.model import Model
from zoo.stack import Stack

CELLS = {kind.spec.key: kind for kind in FUSED.values()}


@final
@LAYOUTS.register("nnx")
class NNXLayout(Layout):
    """SimpleCell, LSTMCell, OptimizedLSTMCell and GRUCell of NNX, in nnx.RNN and nnx.Bidirectional.

    Weights are `nnx.to_pure_dict(nnx.state(model, nnx.Param))`; layers stand in the order of the numbers in
    their names. A GRUCell here has no bias inside its recurrent product, where Linen's has one. A SimpleCell
    is taken for one with tanh and without `residual`, unless `cell` says another activation.
    """

    def read(self, weights: Weights, cell: CellSpec | None) -> Stack:
        return stack_of(named_levels(dense_cells(weights, cell)))

    def write(self, module: Stack | Model) -> dict[str, Any]:
        """The weights of an nnx.Sequential of these layers, an LSTM as OptimizedLSTMCell."""
        stack = stack_alone(module)
        check_layers(stack)
        layers: dict[int, Any] = {}
        for k, (layer, _) in enumerate(stack.levels()):
            cells = [{"cell": _sides(way.cell)} for way in layer.ways()]
            both = dict(zip(("forward_rnn", "backward_rnn"), cells, strict=False))
            layers[k] = both if len(cells) == 2 else cells[0]
        return {"layers": layers}


def _sides(cell: Cell) -> dict[str, dict[str, Any]]:
    """The two dense layers of a cell."""
    if cell.key not in CELLS:
        raise ValueError(f"no layers of NNX equal this stack: it has no cell for {cell.spec}")
    rows = gate_rows(cell, CELLS[cell.key].order)
    bias = rows.weight_ih.new_zeros(len(rows.weight_ih)) if rows.bias_ih is None else rows.bias_ih
    if cell.bias_hh is not None and bool(cell.bias_hh.any()):
        raise ValueError(
            "an nnx.GRUCell has no bias inside its recurrent product, and this stack's is not 0; expected "
            "layout 'flax', whose GRUCell has one"
        )
    found = {"dense_i": {"kernel": array(rows.weight_ih.T)}, "dense_h": {"kernel": array(rows.weight_hh.T)}}
    found["dense_h" if cell.key == "lstm" else "dense_i"]["bias"] = array(bias)
    return found
