"""Weights against the libraries themselves, where they are installed: `pip install -e '.[frameworks]'`."""

import os

import numpy as np
import pytest
import torch

import zoo

X = np.random.default_rng(0).normal(size=(2, 6, 3)).astype("float32")


def outputs(stack):
    return stack(torch.from_numpy(X))[0].detach().numpy()


def drawn(shape):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype("float32") * 0.5


KERAS = {
    "simple_rnn": (lambda layers, **o: [layers.SimpleRNN(4, **o), layers.SimpleRNN(2, **o)], None),
    "relu": (
        lambda layers, **o: [layers.SimpleRNN(4, activation="relu", **o)],
        zoo.ElmanSpec(activation="relu"),
    ),
    "lstm": (
        lambda layers, **o: [layers.LSTM(4, **o), layers.LSTM(4, unit_forget_bias=False, **o)],
        None,
    ),
    "gru": (lambda layers, **o: [layers.GRU(4, **o)], None),
    "gru_before": (lambda layers, **o: [layers.GRU(4, reset_after=False, **o)], None),
    "no_bias": (lambda layers, **o: [layers.GRU(4, use_bias=False, **o)], zoo.GRUSpec(reset="after")),
    "bidirectional": (
        lambda layers, **o: [layers.Bidirectional(layers.GRU(4, **o)) for _ in range(2)],
        None,
    ),
    "cells": (lambda layers, **o: [layers.RNN([layers.LSTMCell(3), layers.LSTMCell(2)], **o)], None),
}


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras itself
class TestKeras:
    """Sequential models: their values, from their paths and from their files, and back by set_weights."""

    @pytest.fixture
    def keras(self):
        os.environ.setdefault("KERAS_BACKEND", "torch")
        return pytest.importorskip("keras")

    @pytest.mark.parametrize("name", KERAS)
    def test_values_agree_both_ways(self, keras, name, tmp_path):
        pytest.importorskip("h5py")
        make, cell = KERAS[name]
        model = keras.Sequential([keras.Input((6, 3)), *make(keras.layers, return_sequences=True)])
        for weight in model.weights:
            weight.assign(drawn(weight.shape))
        expected = keras.ops.convert_to_numpy(model(X))
        model.save_weights(tmp_path / "a.weights.h5")
        for given in ({weight.path: weight for weight in model.weights}, tmp_path / "a.weights.h5"):
            stack = zoo.from_weights("keras", given, cell=cell)
            np.testing.assert_allclose(outputs(stack), expected, rtol=0, atol=1e-6)
        model.set_weights(list(zoo.to_weights("keras", stack).values()))
        np.testing.assert_allclose(keras.ops.convert_to_numpy(model(X)), expected, rtol=0, atol=1e-6)


LINEN = {
    "simple": lambda nn: [nn.RNN(nn.SimpleCell(4))],
    "lstm": lambda nn: [nn.RNN(nn.OptimizedLSTMCell(4)), nn.RNN(nn.OptimizedLSTMCell(5))],
    "gru": lambda nn: [
        nn.Bidirectional(nn.RNN(nn.GRUCell(4)), nn.RNN(nn.GRUCell(4))),
        nn.RNN(nn.GRUCell(5)),
    ],
    "mgu": lambda nn: [nn.RNN(nn.MGUCell(4, reset_gate=False))],
}


class TestLinen:
    """Compact modules: their values, and what they compute with the weights that are written for them."""

    def pair(self, make):
        """A module of some layers, and weights for it."""
        nn, jax = pytest.importorskip("flax.linen"), pytest.importorskip("jax")

        class Net(nn.Module):
            @nn.compact
            def __call__(self, x):
                for layer in make(nn):
                    x = layer(x)
                return x

        return Net(), jax.tree.map(lambda leaf: drawn(leaf.shape), Net().init(jax.random.key(0), X))

    @pytest.mark.parametrize("name", LINEN)
    def test_values_agree_both_ways(self, name):
        net, variables = self.pair(LINEN[name])
        expected = net.apply(variables, X)
        stack = zoo.from_weights("flax", variables)
        np.testing.assert_allclose(outputs(stack), expected, rtol=0, atol=1e-6)
        np.testing.assert_allclose(net.apply(zoo.to_weights("flax", stack), X), expected, rtol=0, atol=1e-6)

    def test_cells_that_are_written_as_others(self):
        """An LSTMCell as an OptimizedLSTMCell, an MGUCell with a reset gate as a GRUCell."""
        for make, written in (
            (lambda nn: [nn.RNN(nn.LSTMCell(4))], lambda nn: [nn.RNN(nn.OptimizedLSTMCell(4))]),
            (lambda nn: [nn.RNN(nn.MGUCell(4))], lambda nn: [nn.RNN(nn.GRUCell(4))]),
        ):
            net, variables = self.pair(make)
            stack = zoo.from_weights("flax", variables)
            np.testing.assert_allclose(outputs(stack), net.apply(variables, X), rtol=0, atol=1e-6)
            other = self.pair(written)[0].apply(zoo.to_weights("flax", stack), X)
            np.testing.assert_allclose(other, net.apply(variables, X), rtol=0, atol=1e-6)


NNX = {
    "simple": lambda nnx, r: [nnx.RNN(nnx.SimpleCell(3, 4, rngs=r))],
    "lstm": lambda nnx, r: [
        nnx.RNN(nnx.OptimizedLSTMCell(3, 4, rngs=r)),
        nnx.RNN(nnx.OptimizedLSTMCell(4, 4, rngs=r)),
    ],
    "gru": lambda nnx, r: [nnx.Bidirectional(*(nnx.RNN(nnx.GRUCell(3, 3, rngs=r)) for _ in range(2)))],
}


class TestNNX:
    """nnx.Sequential models: their values, and the same model with the weights that are written for it."""

    @pytest.mark.parametrize("name", NNX)
    def test_values_agree_both_ways(self, name):
        nnx, jax = pytest.importorskip("flax.nnx"), pytest.importorskip("jax")
        model = nnx.Sequential(*NNX[name](nnx, nnx.Rngs(0)))
        nnx.update(
            model,
            jax.tree.map(lambda leaf: jax.numpy.asarray(drawn(leaf.shape)), nnx.state(model, nnx.Param)),
        )
        expected, state = np.asarray(model(X)), nnx.state(model, nnx.Param)
        stack = zoo.from_weights("nnx", nnx.to_pure_dict(state))
        np.testing.assert_allclose(outputs(stack), expected, rtol=0, atol=1e-6)
        nnx.replace_by_pure_dict(state, zoo.to_weights("nnx", stack))
        nnx.update(model, state)
        np.testing.assert_allclose(model(X), expected, rtol=0, atol=1e-6)


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")  # of what these packages import of torch
class TestXLSTMLarge:
    """A small model of the package xlstm with mlstm_kernels, `pip install 'xlstm[large]'`, on a CPU."""

    @pytest.fixture
    def make(self):
        large = pytest.importorskip("xlstm.xlstm_large.model", exc_type=ImportError)

        def model():
            config = large.xLSTMLargeConfig(
                embedding_dim=64,
                num_heads=4,
                num_blocks=2,
                vocab_size=50,
                chunkwise_kernel="chunkwise--native_autograd",
                sequence_kernel="native_sequence__native",
                step_kernel="native",
                chunk_size=16,
                return_last_states=True,
                autocast_kernel_dtype="float32",
                norm_reduction_force_float32=False,
            )
            return large.xLSTMLarge(config).double()

        return model

    def test_values_agree_both_ways(self, make):
        torch.manual_seed(0)
        model, tokens = make(), torch.randint(50, (2, 48))
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.normal_(0, 12.0 if name.endswith("preact.bias") else 0.3)
            expected, _ = model(tokens)
            own = zoo.from_weights("xlstm_large", model.state_dict())
            torch.testing.assert_close(own(tokens)[0], expected, rtol=0, atol=1e-9)
            again = make()
            again.load_state_dict(zoo.to_weights("xlstm_large", own))
            torch.testing.assert_close(again(tokens)[0], expected, rtol=0, atol=0)

    def test_transformers_agrees_too(self):
        """In single precision, which its model computes states in."""
        transformers = pytest.importorskip("transformers")
        if "xLSTMForCausalLM" not in dir(transformers):
            pytest.skip("this version of transformers has no xLSTM")
        torch.manual_seed(0)
        # keys of 64, to whose multiples it rounds the state that it keeps, and not the matrix
        config = transformers.xLSTMConfig(
            vocab_size=50, hidden_size=128, num_hidden_layers=2, num_heads=4, chunk_size=16, mode="train"
        )
        model, tokens = transformers.xLSTMForCausalLM(config).eval(), torch.randint(50, (2, 48))
        own = zoo.from_weights("xlstm_transformers", model.state_dict())
        with torch.no_grad():
            torch.testing.assert_close(own(tokens)[0], model(tokens).logits, rtol=0, atol=1e-4)
        assert zoo.to_weights("xlstm_transformers", own).keys() == model.state_dict().keys()
