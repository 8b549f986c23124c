"""Weights from and to torch's own layers."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from zoo.cells import GRU, LSTM, Cell, Elman, ElmanSpec, GRUSpec, LSTMSpec
from zoo.cells.base import CellSpec
from zoo.stack.spec import StackSpec
from zoo.stack.stack import Stack
from zoo.wiring import PlainSpec


@torch.no_grad()
def from_torch(module: nn.Module) -> Stack:
    """A stack with the weights of a torch layer, all its levels and directions.

    The stack takes (B, T, I) whatever `batch_first` was. torch's two biases become their sum, except the
    candidate's of a GRU.

    Args:
        module: An nn.RNN, nn.LSTM or nn.GRU.

    Raises:
        ValueError: another kind of module, or one with projections (`proj_size`).
    """
    if not isinstance(module, nn.RNN | nn.LSTM | nn.GRU):
        raise ValueError(f"from_torch got a {type(module).__name__}; expected nn.RNN, nn.LSTM or nn.GRU")
    if module.proj_size:
        raise ValueError(f"from_torch got proj_size={module.proj_size}; expected a layer without projections")
    spec = StackSpec(
        cell=_cell_spec(module),
        hidden_size=module.hidden_size,
        num_layers=module.num_layers,
        direction="bidirectional" if module.bidirectional else "forward",
        dropout=module.dropout if module.num_layers > 1 else 0.0,
    )
    first = module.weight_ih_l0
    assert isinstance(first, Tensor)
    stack = spec.build(module.input_size).to(device=first.device, dtype=first.dtype)
    for cell, weights in zip(stack.cells(), module.all_weights, strict=True):
        _load(cell, *weights)
    return stack.train(module.training)


@torch.no_grad()
def to_torch(stack: Stack) -> nn.RNNBase:
    """The torch layer that computes what this stack computes, `batch_first=True`, with its weights.

    Raises:
        ValueError: no torch layer does, with the reason.
    """
    reason = _no_torch_layer(stack.spec)
    if reason is not None:
        raise ValueError(f"to_torch got a stack that no torch layer equals: {reason}")
    spec, cell = stack.spec, stack.cells()[0]
    options: dict[str, Any] = {
        "num_layers": spec.num_layers,
        "bias": spec.cells[0].bias,
        "batch_first": True,
        "dropout": spec.dropout,
        "bidirectional": spec.directions[0] == "bidirectional",
    }
    if isinstance(cell, Elman):
        options["nonlinearity"] = cell.spec.activation
    module = _torch_class(cell)(stack.input_size, spec.hidden_sizes[0], **options)
    module = module.to(device=cell.weight_ih.device, dtype=cell.weight_ih.dtype)
    for own, weights in zip(stack.cells(), module.all_weights, strict=True):
        for target, source in zip(
            weights, [own.weight_ih, own.weight_hh, *(own.torch_biases() or ())], strict=True
        ):
            target.copy_(source)
    return module.train(stack.training)


def _cell_spec(module: nn.RNNBase) -> CellSpec:
    if isinstance(module, nn.LSTM):
        return LSTMSpec(bias=module.bias)
    if isinstance(module, nn.GRU):
        return GRUSpec(bias=module.bias, reset="after")
    assert isinstance(module, nn.RNN)
    return ElmanSpec(bias=module.bias, activation="relu" if module.nonlinearity == "relu" else "tanh")


def _torch_class(cell: Cell) -> Callable[..., nn.RNNBase]:
    """The torch class with this cell's equations."""
    if isinstance(cell, LSTM):
        return nn.LSTM
    return nn.GRU if isinstance(cell, GRU) else nn.RNN


def _load(cell: Cell, weight_ih: Tensor, weight_hh: Tensor, *biases: Tensor) -> None:
    """Copies one level and direction of a torch layer."""
    cell.weight_ih.copy_(weight_ih)
    cell.recurrent_weight(cell.gates).copy_(weight_hh)
    if not biases:
        return
    assert cell.bias is not None
    bias_ih, bias_hh = biases
    cell.bias.copy_(bias_ih + bias_hh)
    if cell.bias_hh is not None:
        own = cell.rows(cell.recurrent_bias)
        cell.bias[own] = bias_ih[own]
        cell.bias_hh.copy_(bias_hh[own])


def _no_torch_layer(spec: StackSpec) -> str | None:
    if any(not isinstance(wiring, PlainSpec) for wiring in spec.wirings):
        return "its wiring is not plain"
    if len(set(spec.cells)) > 1 or len(set(spec.hidden_sizes)) > 1:
        return "its layers differ in cell or width"
    if len(set(spec.directions)) > 1 or spec.directions[0] == "backward":
        return "torch layers are forward or bidirectional"
    if spec.directions[0] == "bidirectional" and spec.merge != "concat":
        return f"its directions are merged by {spec.merge!r}, not 'concat'"
    if spec.learn_initial_state:
        return "its initial state is learned"
    if spec.cells[0].build(1, 1).torch_equivalent() is None:
        return f"torch has no layer for {spec.cells[0]}"
    return None
