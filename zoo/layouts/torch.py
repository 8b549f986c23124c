"""torch's own layers."""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from typing import Any, NamedTuple, cast, final

import torch
from torch import Tensor, nn

from zoo.cells import LSTMP, Cell, CellSpec, ElmanSpec, GRUSpec, LSTMPSpec, LSTMSpec
from zoo.layouts.base import LAYOUTS, Layout, stack_alone
from zoo.layouts.gates import Rows, gate_rows, gated_cell, settled
from zoo.layouts.levels import Placed, obstacle, stack_of
from zoo.layouts.weights import Weights
from zoo.model import Model
from zoo.stack import Stack


class Kind(NamedTuple):
    """A kind of layer: the zoo's cell, and the gates in the order of the rows."""

    spec: CellSpec
    order: str


KINDS = {1: Kind(ElmanSpec(), "h"), 3: Kind(GRUSpec(reset="after"), "rzn"), 4: Kind(LSTMSpec(), "ifgo")}
"""By the number of gates."""
CLASSES: dict[str, Callable[..., nn.RNNBase]] = {
    "elman": nn.RNN,
    "gru": nn.GRU,
    "lstm": nn.LSTM,
    "lstmp": nn.LSTM,
}
"""By the key of the zoo's cell."""
NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")


@final
@LAYOUTS.register("torch")
class TorchLayout(Layout):
    """State dicts of nn.RNN, nn.LSTM (also with `proj_size`) and nn.GRU, and of their cells.

    torch's two biases become their sum, except the candidate's of a GRU; they come back as ours and 0.
    An nn.RNN is taken for one with tanh unless `cell` is `ElmanSpec(activation="relu")`.
    """

    def read(self, weights: Weights, cell: CellSpec | None) -> Stack:
        return stack_of(torch_levels(weights, cell))

    def write(self, module: Stack | Model) -> dict[str, Tensor]:
        """The state dict of the layer that `to_torch` gives."""
        stack = stack_alone(module)
        _check(stack)
        suffixes = _suffixes(stack.spec.num_layers, stack.spec.directions[0] == "bidirectional")
        return {
            f"{name}{suffix}": tensor
            for suffix, cell in zip(chain.from_iterable(suffixes), stack.cells(), strict=True)
            for name, tensor in named_weights(cell).items()
        }


@torch.no_grad()
def from_torch(module: nn.Module) -> Stack:
    """A stack with the weights of a torch layer, all its levels and directions, or of a cell.

    The stack takes (B, T, I) whatever `batch_first` was. torch's two biases become their sum, except the
    candidate's of a GRU.

    Args:
        module: An nn.RNN, nn.LSTM or nn.GRU, or an nn.RNNCell, nn.LSTMCell or nn.GRUCell.

    Raises:
        ValueError: another kind of module.
    """
    if not isinstance(module, nn.RNN | nn.LSTM | nn.GRU | nn.RNNCell | nn.LSTMCell | nn.GRUCell):
        raise ValueError(
            f"from_torch got a {type(module).__name__}; expected nn.RNN, nn.LSTM or nn.GRU, or their cells"
        )
    cell = None
    if isinstance(module, nn.RNN | nn.RNNCell):
        cell = ElmanSpec(activation="relu" if module.nonlinearity == "relu" else "tanh")
    is_deep = isinstance(module, nn.RNNBase) and module.num_layers > 1
    dropout = cast("nn.RNNBase", module).dropout if is_deep else 0.0
    return stack_of(torch_levels(Weights(_effective(module)), cell), dropout).train(module.training)


@torch.no_grad()
def to_torch(stack: Stack) -> nn.RNNBase:
    """The torch layer that computes what this stack computes, `batch_first=True`, with its weights.

    Raises:
        ValueError: no torch layer does, with the reason.
    """
    weights = TorchLayout().write(stack)
    spec, cell = stack.spec, stack.cells()[0]
    options: dict[str, Any] = {
        "num_layers": spec.num_layers,
        "bias": cell.spec.bias,
        "batch_first": True,
        "dropout": spec.dropout,
        "bidirectional": spec.directions[0] == "bidirectional",
    }
    if isinstance(cell.spec, ElmanSpec):
        options["nonlinearity"] = cell.spec.activation
    if isinstance(cell.spec, LSTMPSpec):
        options["proj_size"] = cell.output_size
    module = (
        CLASSES[cell.key](stack.input_size, cell.hidden_size, **options)
        .to(cell.weight_ih)
        .train(stack.training)
    )
    module.load_state_dict(weights)
    return module


def torch_levels(weights: Weights, wanted: CellSpec | None) -> list[list[Placed]]:
    """The cells of each level of a layer, or a cell alone.

    Raises:
        ValueError: the weights are not those of a layer of torch.
    """
    if "weight_ih" in weights:
        return [[_placed(weights, "", wanted)]]
    depth = sum(re.fullmatch(r"weight_ih_l\d+", name) is not None for name in weights)
    suffixes = _suffixes(max(depth, 1), "weight_ih_l0_reverse" in weights)
    return [[_placed(weights, suffix, wanted) for suffix in level] for level in suffixes]


def _suffixes(num_layers: int, bidirectional: bool) -> list[list[str]]:
    """How the names of each level's directions end."""
    return [[f"_l{k}", f"_l{k}_reverse"][: 1 + bidirectional] for k in range(num_layers)]


def _placed(weights: Weights, suffix: str, wanted: CellSpec | None) -> Placed:
    """The cell of one level and direction."""
    weight_ih = weights.take(f"weight_ih{suffix}", -1, -1)
    weight_hh = weights.take(f"weight_hh{suffix}", len(weight_ih), -1)
    name, outputs = f"weight_hr{suffix}", weight_hh.shape[1]
    projection = weights.take(name, outputs, -1) if name in weights else None
    width = outputs if projection is None else projection.shape[1]
    kind = _kind(suffix, len(weight_ih) / width, None if projection is None else outputs)
    biases = [f"bias_ih{suffix}", f"bias_hh{suffix}"] if f"bias_ih{suffix}" in weights else []
    rows = Rows(weight_ih, weight_hh, *(weights.take(bias, len(weight_ih)) for bias in biases))
    spec = settled(replace(kind.spec, bias=bool(biases)), wanted, "activation" if kind.order == "h" else "")
    cell = gated_cell(spec, width, kind.order, rows)
    if projection is not None:
        cell.get_parameter("weight_projection").copy_(projection)
    return Placed(f"weight_ih{suffix}", cell)


def _kind(suffix: str, gates: float, projection: int | None) -> Kind:
    if gates not in KINDS or (projection and gates != 4):
        expected = "4, as of an LSTM with proj_size" if projection else "1, 3 or 4"
        raise ValueError(f"'weight_ih{suffix}' has rows for {gates:g} gates; expected {expected}")
    kind = KINDS[int(gates)]
    return kind._replace(spec=LSTMPSpec(projection=projection, peephole=False)) if projection else kind


def _effective(module: nn.RNNBase | nn.RNNCellBase) -> dict[str, Tensor]:
    """What a module computes with, by the names of its state dict; parametrised weights are made anew."""
    names = [name for name in NAMES if module.bias or not name.startswith("bias")]
    if isinstance(module, nn.RNNCellBase):
        return {name: getattr(module, name) for name in names if name != "weight_hr"}
    suffixes = _suffixes(module.num_layers, module.bidirectional)
    return {
        f"{name}{suffix}": weight
        for suffix, level in zip(chain.from_iterable(suffixes), module.all_weights, strict=True)
        for name, weight in zip(names, level, strict=False)  # the last name is that of a projection
    }


def named_weights(cell: Cell) -> dict[str, Tensor]:
    """The weights of a cell, by the names of one level without its number."""
    order = "rzn" if cell.key == "gru" else cell.gates
    named = {
        name: part for name, part in zip(NAMES, gate_rows(cell, order), strict=False) if part is not None
    }
    own = {"weight_hr": cell.weight_projection.clone()} if isinstance(cell, LSTMP) else {}
    return named | own


def _check(stack: Stack) -> None:
    """Raises ValueError, with the reason, where no torch layer equals a stack."""
    spec = stack.spec
    reason = obstacle(spec)
    if reason is None and len({*zip(spec.cells, spec.hidden_sizes, spec.directions, strict=True)}) > 1:
        reason = "its layers differ in cell, width or direction"
    if reason is None and not _has_layer(stack.cells()[0]):
        reason = f"torch has no layer for {spec.cells[0]}"
    if reason is not None:
        raise ValueError(f"no torch layer equals this stack: {reason}")


def _has_layer(cell: Cell) -> bool:
    if isinstance(cell.spec, LSTMPSpec):
        return not cell.spec.peephole and cell.output_size < cell.hidden_size
    return cell.torch_equivalent() is not None
