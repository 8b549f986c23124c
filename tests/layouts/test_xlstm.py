"""State dicts of the sLSTM of xlstm, against its equations written out."""

import numpy as np
import pytest
import torch

import zoo
from layouts import equations

HEADS, WIDTH, RNG = 2, 3, np.random.default_rng(0)
SIZE = HEADS * WIDTH
X = RNG.normal(size=(2, 5, SIZE))
GATES = {name: RNG.normal(size=(HEADS, WIDTH, WIDTH)) for name in ("fgate", "igate", "zgate", "ogate")}
KERNEL, BIAS = RNG.normal(size=(HEADS, WIDTH, 4, WIDTH)) * 0.5, RNG.normal(size=(HEADS, 4, WIDTH))
EXPECTED = equations.xlstm_slstm(X, GATES, KERNEL, BIAS)
STORED = {
    "vanilla": (
        KERNEL.transpose(0, 2, 3, 1).reshape(HEADS, 4 * WIDTH, WIDTH),
        BIAS.transpose(1, 0, 2).reshape(-1),
    ),
    "cuda": (KERNEL.reshape(HEADS, WIDTH, 4 * WIDTH), BIAS.reshape(-1)),
}
"""How each backend keeps the recurrent weights and the biases."""


def layer(backend="vanilla"):
    kernel, bias = STORED[backend]
    cell = {"slstm_cell._recurrent_kernel_": kernel, "slstm_cell._bias_": bias}
    return {f"{name}.weight": gate for name, gate in GATES.items()} | cell


def outputs(stack, x=X):
    return stack(torch.from_numpy(x))[0].detach().numpy()


@pytest.mark.parametrize("backend", STORED)
def test_a_layer_of_either_backend_and_its_stack_agree(backend):
    stack = zoo.from_weights("xlstm", layer(backend))
    assert stack.spec.cell == zoo.SLSTMSpec(heads=HEADS)
    np.testing.assert_allclose(outputs(stack), EXPECTED, rtol=0, atol=1e-12)


def test_a_layer_goes_back():
    back = zoo.to_weights("xlstm", zoo.from_weights("xlstm", layer("cuda")))
    assert back.keys() == layer().keys()
    for name, array in layer("vanilla").items():
        np.testing.assert_array_equal(back[name], array)


def test_the_cell_alone_takes_the_products_of_its_gates():
    joined = np.concatenate(
        [
            np.einsum("btki,kji->btkj", X.reshape(2, 5, HEADS, WIDTH), gate).reshape(X.shape)
            for gate in GATES.values()
        ],
        axis=-1,
    )
    stack = zoo.from_weights(
        "xlstm", {f"net.0.{name}": each for name, each in layer().items()}, part="net.0.slstm_cell"
    )
    np.testing.assert_allclose(outputs(stack, joined), EXPECTED, rtol=0, atol=1e-12)


BLOCK = "xlstm_block_stack.blocks.1.xlstm"
AROUND = {
    f"{BLOCK}.conv1d.conv.weight": X[0],
    f"{BLOCK}.group_norm.weight": X[0, 0],
    "xlstm_block_stack.blocks.1.ffn.proj_up.weight": X[0],
    "token_embedding.weight": X[0],
}
WHOLE = {f"{BLOCK}.{name}": array for name, array in layer().items()} | AROUND


def test_what_stands_around_is_refused_by_name():
    with pytest.raises(
        ValueError, match=rf"no place for '{BLOCK}.conv1d.conv.weight', '{BLOCK}.group_norm.weight'"
    ):
        zoo.from_weights("xlstm", WHOLE, part=BLOCK)
    with pytest.raises(ValueError, match="one sLSTM layer") as caught:
        zoo.from_weights("xlstm", WHOLE)
    assert all(name in str(caught.value) for name in AROUND)
    assert str(caught.value).endswith(f"expected `part`, as in part='{BLOCK}'")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("blocks.0.xlstm.mlstm_cell.igate.weight", "blocks.0.xlstm.proj_up.weight"), "'slstm_cell"),
        (("backbone.blocks.0.mlstm_layer.q.weight", "backbone.out_norm.weight"), "layout 'xlstm_large'"),
    ],
)
def test_layers_with_a_matrix_memory_are_refused(names, expected):
    with pytest.raises(ValueError, match=rf"one sLSTM layer has a place.*weight'; expected {expected}"):
        zoo.from_weights("xlstm", dict.fromkeys(names, X[0]))


@pytest.mark.parametrize(
    ("spec", "width", "reason"),
    [
        (zoo.StackSpec(cell="lstm", hidden_size=4), 4, "its cell is LSTMSpec"),
        (zoo.StackSpec(cell=zoo.SLSTMSpec(forget="exp"), hidden_size=4), 4, "forget='exp'"),
        (zoo.StackSpec(cell="slstm", hidden_size=4, num_layers=2), 4, "several layers"),
        (zoo.StackSpec(cell="slstm", hidden_size=4), 3, "reads a width of 3"),
        (zoo.StackSpec(cell=zoo.SLSTMSpec(heads=2), hidden_size=4), 4, "its input weights join heads"),
    ],
)
def test_a_stack_that_is_no_such_layer_is_refused(spec, width, reason):
    with pytest.raises(ValueError, match=reason):
        zoo.to_weights("xlstm", spec.build(width))
