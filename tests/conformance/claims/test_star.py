"""Gradients down a deep stack."""

import torch

from zoo.cells import CELLS

DEPTH, WIDTH, TIME, BATCH = 12, 32, 10, 8


def kept(key: str) -> float:
    """What is left of the size of the last output's gradient at the bottom layer, over all its steps."""
    torch.manual_seed(0)
    rows = list(torch.randn(TIME, BATCH, WIDTH, dtype=torch.float64))
    layers = []
    for _ in range(DEPTH):
        cell = CELLS[key].spec_class().build(WIDTH, WIDTH).double()
        state = tuple(torch.zeros(BATCH, size, dtype=torch.float64) for size in cell.state_sizes)
        outputs = []
        for row in rows:
            output, state = cell(row, state)
            outputs.append(output)
        layers.append(rows := outputs)
    top, bottom = layers[-1][-1:], layers[0]
    sizes = [
        torch.cat(torch.autograd.grad(top[0].square().sum(), layer, retain_graph=True)).norm().item()
        for layer in (top, bottom)
    ]
    return sizes[1] / sizes[0]


def test_gradients_keep_their_size_down_twelve_layers_where_those_of_an_lstm_vanish() -> None:
    assert 0.1 < kept("star") < 1
    assert kept("lstm") < 0.01
