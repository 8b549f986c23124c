"""The oracles against torch.nn, where torch has the cell."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from oracles.arrays import Array, Weights
from oracles.cells import Oracle, oracle
from oracles.sequence import Batch, run, run_back

INPUT, HIDDEN = 3, 4
TORCH: dict[str, tuple[Callable[..., Any], Oracle, str, int]] = {
    "tanh": (nn.RNN, oracle("elman", SimpleNamespace(activation="tanh")), "h", 1),
    "relu": (nn.RNN, oracle("elman", SimpleNamespace(activation="relu")), "h", 1),
    "lstm": (nn.LSTM, oracle("lstm"), "ifgo", 2),
    "gru": (nn.GRU, oracle("gru", SimpleNamespace(reset="after")), "rzn", 1),
}
"""Torch's layer, the oracle, its gates in torch's order, and how many tensors the state has."""


def layer_of(name: str, bias: bool, **options: Any) -> nn.Module:
    squash = {"nonlinearity": name} if name in ("tanh", "relu") else {}
    return TORCH[name][0](INPUT, HIDDEN, bias=bias, batch_first=True, **squash, **options).double()


def weights_of(layer: nn.Module, gates: str, suffix: str = "l0") -> Weights:
    """Torch's parameters gate by gate; its two biases stay apart where that matters, in n of a GRU."""
    weights = {}
    for letter, name in (("W", "weight_ih"), ("U", "weight_hh"), ("b", "bias_ih"), ("d", "bias_hh")):
        if hasattr(layer, f"{name}_{suffix}"):
            blocks = getattr(layer, f"{name}_{suffix}").detach().numpy()
            weights |= {
                f"{letter}_{g}": part for g, part in zip(gates, np.split(blocks, len(gates)), strict=True)
            }
    return weights


def assert_same(found: Array, expected: Tensor) -> None:
    np.testing.assert_allclose(found, expected.detach().numpy(), rtol=0, atol=1e-9)


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("name", TORCH)
def test_values_and_gradients_equal_those_of_torch(name: str, bias: bool) -> None:
    torch.manual_seed(4)
    _, cell, gates, parts = TORCH[name]
    layer = layer_of(name, bias)
    x = torch.randn(2, 5, INPUT, dtype=torch.float64, requires_grad=True)
    initial = [torch.randn(1, 2, HIDDEN, dtype=torch.float64, requires_grad=True) for _ in range(parts)]
    outputs, final = layer(x, tuple(initial) if parts == 2 else initial[0])
    final = final if isinstance(final, tuple) else (final,)
    weights = weights_of(layer, gates)
    start = tuple(part[0].detach().numpy() for part in initial)
    batch = Batch(x.detach().numpy(), np.array([5, 5]), start, start, np.zeros((2, 5), dtype=bool))
    own_outputs, own_final = run(cell, weights, batch)
    assert_same(own_outputs, outputs)
    for own, theirs in zip(own_final, final, strict=True):
        assert_same(own, theirs[0])

    d_outputs = torch.randn_like(outputs)
    d_final = [torch.randn_like(part) for part in final]
    torch.autograd.backward([outputs, *final], [d_outputs, *d_final])
    d_last = tuple(part[0].numpy() for part in d_final)
    found = run_back(cell, weights, batch, d_outputs.numpy(), d_last)
    assert_same(found.x, x.grad)
    for own, theirs in zip(found.initial, initial, strict=True):
        assert_same(own, theirs.grad[0])
    names = {"W": "weight_ih_l0", "U": "weight_hh_l0"} | (
        {"b": "bias_ih_l0", "d": "bias_hh_l0"} if bias else {}
    )
    for letter, parameter in names.items():
        joined = np.concatenate([found.weights[f"{letter}_{gate}"] for gate in gates])
        assert_same(joined, layer.get_parameter(parameter).grad)


def test_backward_direction_equals_torchs_on_packed_sequences() -> None:
    torch.manual_seed(5)
    layer = layer_of("lstm", False, bidirectional=True)
    x = torch.randn(3, 5, INPUT, dtype=torch.float64)
    lengths = torch.tensor([5, 2, 4])
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    theirs, (h, c) = layer(packed)
    theirs, _ = nn.utils.rnn.pad_packed_sequence(theirs, batch_first=True)
    zeros = (np.zeros((3, HIDDEN)), np.zeros((3, HIDDEN)))
    batch = Batch(x.numpy(), lengths.numpy(), zeros, zeros, np.zeros((3, 5), dtype=bool))
    outputs, final = run(oracle("lstm"), weights_of(layer, "ifgo", "l0_reverse"), batch, backward=True)
    assert_same(outputs, theirs[..., HIDDEN:])
    assert_same(final[0], h[1])
    assert_same(final[1], c[1])
