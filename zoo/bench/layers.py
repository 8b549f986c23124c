"""The torch layers of the same shape as a stack, to compare it with."""

from collections.abc import Callable
from functools import partial
from itertools import groupby
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from zoo.bench.setting import Setting, Shape
from zoo.bench.work import Work, inputs, module_work, random_lengths
from zoo.cells import Cell
from zoo.stack import Stack

LAYERS: dict[str, Callable[..., nn.RNNBase]] = {
    "lstm": nn.LSTM,
    "gru": nn.GRU,
    "rnn_tanh": partial(nn.RNN, nonlinearity="tanh"),
    "rnn_relu": partial(nn.RNN, nonlinearity="relu"),
}
"""Kind of a torch equivalent -> layer."""
CELLS: dict[str, Callable[..., nn.RNNCellBase]] = {
    "lstm": nn.LSTMCell,
    "gru": nn.GRUCell,
    "rnn_tanh": partial(nn.RNNCell, nonlinearity="tanh"),
    "rnn_relu": partial(nn.RNNCell, nonlinearity="relu"),
}
"""Kind of a torch equivalent -> cell."""
NAMES = {"lstm": "nn.LSTM", "gru": "nn.GRU", "rnn_tanh": "nn.RNN", "rnn_relu": "nn.RNN"}
WITHOUT_EQUIVALENT = "lstm"
"""What a cell is compared with that torch does not have."""


def torch_name(stack: Stack, streaming: bool) -> str:
    """What the torch layers are called, such as "nn.LSTM"."""
    suffix = "Cell" if streaming else ""
    return "+".join(dict.fromkeys(NAMES[_kind(cell)] + suffix for cell in stack.cells()))


@final
class Chain(nn.Module):
    """Torch layers one after the other."""

    def __init__(self, layers: list[nn.RNNBase]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Any) -> Any:
        """Outputs of the last layer, without the states; x (B, T, I) or packed."""
        for layer in self.layers:
            x, _ = layer(x)
        return x


def torch_layers(stack: Stack) -> Chain:
    """Torch's layers for the cells of a stack: its widths, depth and directions, with plain wiring.

    Neighbours that torch can hold in one layer of several levels are one.
    """
    spec, width = stack.spec, stack.input_size
    kinds = [_kind(layer.ways()[0].cell) for layer, _ in stack.levels()]
    both = [direction == "bidirectional" for direction in spec.directions]
    levels = list(zip(kinds, spec.hidden_sizes, both, strict=True))
    layers: list[nn.RNNBase] = []
    for (kind, hidden_size, bidirectional), group in groupby(levels):
        depth = len(list(group))
        layers.append(LAYERS[kind](width, hidden_size, depth, batch_first=True, bidirectional=bidirectional))
        width = hidden_size * (2 if bidirectional else 1)
    return Chain(layers)


def layers_work(stack: Stack, shape: Shape, setting: Setting, ragged: bool) -> Work:
    """One run of the torch layers; sequences of random lengths are packed, as torch wants them.

    In streaming mode, all moments of a stream through torch's cells.
    """
    if setting.mode == "streaming":
        return _stream(stack, shape, setting)
    layers = torch_layers(stack).to(**setting.place)
    if not ragged:
        return module_work(layers, layers, shape, setting)
    lengths = random_lengths(shape, setting).cpu()

    def packed(x: Tensor) -> Tensor:
        outputs: Tensor = layers(
            pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        ).data
        return outputs

    return module_work(layers, packed, shape, setting)


def _stream(stack: Stack, shape: Shape, setting: Setting) -> Work:
    cells, width = [], stack.input_size
    for cell in stack.cells():
        cells.append(CELLS[_kind(cell)](width, cell.hidden_size).to(**setting.place))
        width = cell.hidden_size
    moments = inputs(shape, setting).unbind(1)

    @torch.no_grad()
    def stream() -> None:
        states: list[Any] = [None] * len(cells)
        for h in moments:
            for k, cell in enumerate(cells):
                states[k] = cell(h, states[k])
                h = states[k][0] if isinstance(states[k], tuple) else states[k]

    return stream


def _kind(cell: Cell) -> str:
    """The kind of the cell's torch equivalent."""
    equivalent = cell.torch_equivalent()
    return WITHOUT_EQUIVALENT if equivalent is None else equivalent().kind
