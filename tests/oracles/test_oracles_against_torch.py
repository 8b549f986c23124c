"""The oracles against torch.nn, where torch has the cell."""

import numpy as np
import pytest
import torch
from torch import nn

from oracles import cells
from oracles.samples import CELLS, EACH_BIAS, HIDDEN, INPUT, assert_same, random_states
from oracles.sequence import Batch, run, run_back

TORCH = {
    "tanh": lambda bias: nn.RNN(INPUT, HIDDEN, nonlinearity="tanh", bias=bias, batch_first=True),
    "relu": lambda bias: nn.RNN(INPUT, HIDDEN, nonlinearity="relu", bias=bias, batch_first=True),
    "lstm": lambda bias: nn.LSTM(INPUT, HIDDEN, bias=bias, batch_first=True),
    "gru after": lambda bias: nn.GRU(INPUT, HIDDEN, bias=bias, batch_first=True),
}
"""The cells that torch has. Its gate order is the one written in CELLS above."""


@EACH_BIAS
@pytest.mark.parametrize("name", TORCH)
def test_values_and_gradients_equal_those_of_torch(name: str, bias: bool) -> None:
    torch.manual_seed(4)
    generator = np.random.default_rng(4)
    cell, gates, parts = CELLS[name].cell, CELLS[name].gates, CELLS[name].parts
    layer = TORCH[name](bias).double()
    x = torch.randn(2, 5, INPUT, dtype=torch.float64, requires_grad=True)
    initial = [torch.randn(1, 2, HIDDEN, dtype=torch.float64, requires_grad=True) for _ in range(parts)]
    outputs, final = layer(x, tuple(initial) if parts == 2 else initial[0])
    final = final if isinstance(final, tuple) else (final,)

    weights = {}
    for gate, w, u in zip(
        gates, layer.weight_ih_l0.chunk(len(gates)), layer.weight_hh_l0.chunk(len(gates)), strict=True
    ):
        weights |= {f"W_{gate}": w.detach().numpy(), f"U_{gate}": u.detach().numpy()}
    if bias:
        both = zip(gates, layer.bias_ih_l0.chunk(len(gates)), layer.bias_hh_l0.chunk(len(gates)), strict=True)
        for gate, b, d in both:
            apart = name == "gru after" and gate == "n"
            weights[f"b_{gate}"] = (b if apart else b + d).detach().numpy()
            weights |= {"d_n": d.detach().numpy()} if apart else {}
    batch = Batch(
        x.detach().numpy(),
        np.array([5, 5]),
        tuple(part[0].detach().numpy() for part in initial),
        random_states(2, parts, generator),
        np.zeros((2, 5), dtype=bool),
    )
    own_outputs, own_final = run(cell, weights, batch)
    assert_same(own_outputs, outputs.detach().numpy(), 1e-9)
    for own, theirs in zip(own_final, final, strict=True):
        assert_same(own, theirs[0].detach().numpy(), 1e-9)

    d_outputs = torch.randn_like(outputs)
    d_final = [torch.randn_like(part) for part in final]
    torch.autograd.backward([outputs, *final], [d_outputs, *d_final])
    own_gradients = run_back(
        cell, weights, batch, d_outputs.numpy(), tuple(part[0].numpy() for part in d_final)
    )
    assert_same(own_gradients.x, x.grad.numpy(), 1e-9)
    for own, theirs in zip(own_gradients.initial, initial, strict=True):
        assert_same(own, theirs.grad[0].numpy(), 1e-9)
    for letter, parameter in [("W", layer.weight_ih_l0), ("U", layer.weight_hh_l0)]:
        joined = np.concatenate([own_gradients.weights[f"{letter}_{gate}"] for gate in gates])
        assert_same(joined, parameter.grad.numpy(), 1e-9)
    if bias:
        assert_same(
            np.concatenate([own_gradients.weights[f"b_{gate}"] for gate in gates]),
            layer.bias_ih_l0.grad.numpy(),
            1e-9,
        )
    if bias and name == "gru after":
        assert_same(own_gradients.weights["d_n"], layer.bias_hh_l0.grad[2 * HIDDEN :].numpy(), 1e-9)


def test_backward_direction_equals_torchs_on_packed_sequences() -> None:
    torch.manual_seed(5)
    layer = nn.LSTM(INPUT, HIDDEN, bidirectional=True, batch_first=True, bias=False).double()
    x = torch.randn(3, 5, INPUT, dtype=torch.float64)
    lengths = torch.tensor([5, 2, 4])
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    theirs, (h, c) = layer(packed)
    theirs, _ = nn.utils.rnn.pad_packed_sequence(theirs, batch_first=True)
    weights = {}
    for gate, w, u in zip(
        "ifgo", layer.weight_ih_l0_reverse.chunk(4), layer.weight_hh_l0_reverse.chunk(4), strict=True
    ):
        weights |= {f"W_{gate}": w.detach().numpy(), f"U_{gate}": u.detach().numpy()}
    zeros = (np.zeros((3, HIDDEN)), np.zeros((3, HIDDEN)))
    batch = Batch(x.numpy(), lengths.numpy(), zeros, zeros, np.zeros((3, 5), dtype=bool))
    outputs, final = run(cells.LSTM(), weights, batch, backward=True)
    assert_same(outputs, theirs[..., HIDDEN:].detach().numpy(), 1e-9)
    assert_same(final[0], h[1].detach().numpy(), 1e-9)
    assert_same(final[1], c[1].detach().numpy(), 1e-9)
