"""ONNX's own LSTM, GRU and RNN, for the recurrences that they compute exactly, with lengths."""

from collections.abc import Sequence
from typing import Any, final

import torch
from torch import Tensor, library

from zoo.engines import TorchEquivalent
from zoo.export.modules import DirectionRun, ScannedDirection
from zoo.stack.layer import Direction
from zoo.stack.window import Window

ORDERS = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn_tanh": (0,), "rnn_relu": (0,)}
"""Torch's blocks of rows in ONNX's order: i o f c of i f g o, z r h of r z n."""

library.define(
    "zoo::onnx_layer",
    "(Tensor x, Tensor[] weights, Tensor lengths, Tensor[] state, str kind, bool reverse) -> Tensor",
)


def _shape(
    x: Tensor, weights: list[Tensor], lengths: Tensor, state: list[Tensor], kind: str, reverse: bool
) -> Tensor:
    """An output of the right shape, which is all that tracing asks for."""
    return x.new_empty(x.shape[0], x.shape[1], weights[1].shape[2])


library.register_fake("zoo::onnx_layer", _shape)


@final
class OnnxLayer(DirectionRun):
    """A direction that is one node of the graph, which knows lengths.

    Args:
        way: A direction with a torch equivalent.
    """

    def __init__(self, way: Direction, equivalent: TorchEquivalent) -> None:
        super().__init__()
        self.way, self.kind = way, equivalent.kind
        weight_ih, weight_hh = equivalent.weight_ih.detach(), equivalent.weight_hh.detach()
        biases = equivalent.biases or (weight_ih.new_zeros(len(weight_ih)),) * 2
        self.register_buffer("w", self._ordered(weight_ih)[None])
        self.register_buffer("r", self._ordered(weight_hh)[None])
        self.register_buffer("b", torch.cat([self._ordered(bias.detach()) for bias in biases])[None])

    def _ordered(self, rows: Tensor) -> Tensor:
        order = ORDERS[self.kind]
        blocks = rows.chunk(len(order))
        return torch.cat([blocks[place] for place in order])

    def forward(self, x: Tensor, window: Window) -> Tensor:
        state = [part[None] for part in self.way.initial_state(x.shape[1])]
        assert window.lengths is not None
        weights, lengths = [self.w, self.r, self.b], window.lengths.to(torch.int32)
        read = self.way.read(x, None)
        outputs: Tensor = torch.ops.zoo.onnx_layer(
            read, weights, lengths, state, self.kind, self.way.backward
        )
        return outputs


def onnx_direction(way: Direction) -> DirectionRun:
    """What runs a direction in ONNX: one of its layers, or a scan."""
    equivalent = way.recurrence().torch_equivalent
    return ScannedDirection(way) if equivalent is None else OnnxLayer(way, equivalent())


def translations() -> dict[Any, Any]:
    """What torch's exporter makes of `zoo::onnx_layer`."""
    import onnxscript  # an optional package

    op: Any = onnxscript.opset18  # whose types know no optional inputs

    def onnx_layer(
        x: Any, weights: Sequence[Any], lengths: Any, state: Sequence[Any], kind: str, reverse: bool
    ) -> Any:
        options: dict[str, Any] = {"direction": "reverse" if reverse else "forward"}
        options["hidden_size"] = weights[1].shape[2]
        if kind == "lstm":
            outputs, _, _ = op.LSTM(x, *weights, lengths, *state, **options)
        elif kind == "gru":
            outputs, _ = op.GRU(x, *weights, lengths, *state, linear_before_reset=1, **options)
        else:
            activation = {"rnn_tanh": "Tanh", "rnn_relu": "Relu"}[kind]
            outputs, _ = op.RNN(x, *weights, lengths, *state, activations=[activation], **options)
        return op.Squeeze(outputs, op.Constant(value_ints=[1]))

    return {torch.ops.zoo.onnx_layer.default: onnx_layer}
