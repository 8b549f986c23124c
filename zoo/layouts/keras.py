"""The recurrent layers of Keras 3."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple, final

import numpy as np
from torch import Tensor

from zoo.cells import Cell, CellSpec, ElmanSpec, GRUSpec, LSTMSpec
from zoo.layouts.base import LAYOUTS, Layout, stack_alone
from zoo.layouts.gates import Rows, gate_rows, gated_cell, settled
from zoo.layouts.levels import Placed, fitting_levels, named_levels, numbered, obstacle, stack_of
from zoo.layouts.weights import Weights, listed
from zoo.model import Model
from zoo.stack import Stack

PARTS = ("kernel", "recurrent_kernel", "bias")
"""What a cell has, in its own order."""
IN_FILES = re.compile(r"((?:.*/)?cells?(?:/[^/]+)?)/vars/([0-2])")
"""The names of a cell's parts in a file."""


class Kind(NamedTuple):
    """A kind of layer: its name in Keras, the zoo's cell, and the gates in the order of the columns."""

    name: str
    spec: CellSpec
    order: str


KINDS = {
    1: Kind("simple_rnn", ElmanSpec(), "h"),
    3: Kind("gru", GRUSpec(reset="after"), "zrn"),
    4: Kind("lstm", LSTMSpec(), "ifgo"),
}
"""By the number of gates; Keras calls g of the LSTM c, and n of the GRU h."""


@final
@LAYOUTS.register("keras")
class KerasLayout(Layout):
    """SimpleRNN, LSTM and GRU of Keras 3, also stacked and Bidirectional, as RNN of a cell or of several.

    Weights are `{w.path: w for w in model.weights}`, whose order is that of the layers; a file `.weights.h5`;
    or `layer.get_weights()` of one layer. They do not say how a layer is set up, and Keras's defaults are
    assumed: tanh and sigmoid, directions joined, time not turned round. `cell` says another activation of a
    SimpleRNN, and `reset` of a GRU without biases. With `reset_after` False the update gate keeps the state
    where the zoo's overwrites it, and its weights change sign.
    """

    def read(self, weights: Weights, cell: CellSpec | None) -> Stack:
        found = [Placed(name, _cell(weights, names, cell)) for name, names in _groups(weights).items()]
        if weights.is_sequence:
            return stack_of(fitting_levels(found))
        if any(IN_FILES.fullmatch(name) for name in weights):
            found = numbered(found)  # names in a file come in the order of the alphabet
        return stack_of(named_levels(found))

    def write(self, module: Stack | Model) -> dict[str, Any]:
        """Path -> array, in the order in which a model of these layers takes them by `set_weights`."""
        stack = stack_alone(module)
        reason = obstacle(stack.spec)
        if reason is not None:
            raise ValueError(f"no layers of Keras equal this stack: {reason}")
        written: dict[str, Any] = {}
        count = Counter[str]()
        for layer, _ in stack.levels():
            ways = layer.ways()
            names = [_kind_of(way.cell).name for way in ways]
            outer = names[0] if len(ways) == 1 else "bidirectional"
            path = f"{outer}_{count[outer]}" if count[outer] else outer
            count[outer] += 1
            for way, name, begin in zip(ways, names, ("forward_", "backward_"), strict=False):
                inner = f"{path}/{begin}{name}" if len(ways) == 2 else path
                for part, array in zip(PARTS, _arrays(way.cell), strict=False):
                    written[f"{inner}/{name}_cell/{part}"] = array
        return written


def _groups(weights: Weights) -> dict[str, dict[str, str]]:
    """Cell -> part of it -> full name, in the order given."""
    if weights.is_sequence:
        return _split(list(weights))
    groups: dict[str, dict[str, str]] = {}
    for name in weights:
        path, _, last = name.rpartition("/")
        filed = IN_FILES.fullmatch(name)
        if filed is not None:
            path, last = filed[1], PARTS[int(filed[2])]
        groups.setdefault(path, {})[last] = name
    cells = {path: names for path, names in groups.items() if "recurrent_kernel" in names}
    if not cells:
        raise ValueError(
            f"no weights are a 'recurrent_kernel', got {listed(weights)}; expected paths of Keras 3, as in "
            f"{{w.path: w for w in model.weights}}"
        )
    return cells


def _split(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """The arrays of one layer: two or three of a cell, or of each of its two directions."""
    if len(names) not in (2, 3, 4, 6):
        raise ValueError(
            f"got {len(names)} arrays without names; expected the 2 or 3 of one layer, the 4 or 6 of a "
            f"bidirectional one, or {{w.path: w for w in model.weights}}"
        )
    each = len(names) if len(names) < 4 else len(names) // 2
    starts = range(0, len(names), each)
    return {
        f"arrays {k} to {k + each - 1}": dict(zip(PARTS, names[k : k + each], strict=False)) for k in starts
    }


def _cell(weights: Weights, names: dict[str, str], wanted: CellSpec | None) -> Cell:
    """The cell with these weights, whose kernels (width, gates H) are our rows transposed."""
    recurrent = weights.take(names["recurrent_kernel"], -1, -1)
    width, columns = recurrent.shape
    if columns / width not in KINDS:
        raise ValueError(
            f"{names['recurrent_kernel']!r} has shape {(width, columns)}; expected 1, 3 or 4 times as many "
            f"columns as rows"
        )
    kind = KINDS[columns // width]
    kernel = weights.take(names.get("kernel", "kernel"), -1, columns)
    bias = weights.take(names["bias"]) if "bias" in names else None
    spec = _spec(kind, bias, wanted)
    rows = Rows(kernel.T, recurrent.T)
    if bias is not None:
        shape = (2, columns) if _has_two_biases(spec) else (columns,)
        rows = Rows(kernel.T, recurrent.T, *weights.take(names["bias"], *shape).view(-1, columns))
    return gated_cell(spec, width, kind.order, rows, _turned(spec))


def _spec(kind: Kind, bias: Tensor | None, wanted: CellSpec | None) -> CellSpec:
    """The zoo's cell; where a GRU resets is seen from its biases."""
    found = replace(kind.spec, bias=bias is not None)
    if not isinstance(found, GRUSpec):
        return settled(found, wanted, "activation" if kind.order == "h" else "")
    if bias is None and wanted is None:
        raise ValueError(
            "the weights of a GRU without biases do not say where it resets; expected cell "
            "GRUSpec(reset='after') or GRUSpec(reset='before'), as its reset_after is True or False"
        )
    if bias is None:
        return settled(found, wanted, "reset")
    return settled(replace(found, reset="after" if bias.dim() == 2 else "before"), wanted)


def _turned(spec: CellSpec) -> str:
    """The gates that are 1 minus the zoo's."""
    return "z" if isinstance(spec, GRUSpec) and spec.reset == "before" else ""


def _has_two_biases(spec: CellSpec) -> bool:
    return isinstance(spec, GRUSpec) and spec.reset == "after"


def _kind_of(cell: Cell) -> Kind:
    for kind in KINDS.values():
        if type(kind.spec) is type(cell.spec):
            return kind
    raise ValueError(f"no layer of Keras equals {cell.spec}; expected elman, lstm or gru")


def _arrays(cell: Cell) -> list[Any]:
    """Kernel, recurrent kernel and bias."""
    rows = gate_rows(cell, _kind_of(cell).order, _turned(cell.spec))
    arrays = [rows.weight_ih.T, rows.weight_hh.T]
    numbers = [np.ascontiguousarray(array.cpu().numpy()) for array in arrays]
    if rows.bias_ih is None or rows.bias_hh is None:
        return numbers
    biases = [rows.bias_ih.cpu().numpy(), rows.bias_hh.cpu().numpy()]
    return [*numbers, np.stack(biases) if _has_two_biases(cell.spec) else biases[0]]
