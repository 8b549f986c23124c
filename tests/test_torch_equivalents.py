"""Weights carried from and to torch's layers, in value and in gradient."""

import pytest
import torch
from torch import nn

import zoo

TWINS = [
    (nn.RNN, {"nonlinearity": "tanh"}),
    (nn.RNN, {"nonlinearity": "relu"}),
    (nn.LSTM, {}),
    (nn.GRU, {}),
]


def loss_and_gradients(module, x):
    output, _ = module(x)
    return output, torch.autograd.grad(output.sin().sum(), [x, *module.parameters()])


@pytest.mark.parametrize("engine", ["native", "c", "eager", "reference"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize(("kind", "options"), TWINS, ids=["tanh", "relu", "lstm", "gru"])
def test_a_torch_layer_and_its_stack_agree_in_value_and_gradient(kind, options, bidirectional, bias, engine):
    torch.manual_seed(0)
    layer = kind(5, 7, 3, bias=bias, bidirectional=bidirectional, batch_first=True, **options).double()
    stack = zoo.from_torch(layer)
    for way in (way for level in stack.layers for way in level.ways()):
        way.engine = engine
    x = torch.randn(4, 9, 5, dtype=torch.float64, requires_grad=True)
    expected, gradients = loss_and_gradients(layer, x)
    got, own = loss_and_gradients(stack, x)
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(own[0], gradients[0], rtol=0, atol=1e-12)
    theirs = dict(zip([name for name, _ in layer.named_parameters()], gradients[1:], strict=True))
    ours = dict(zip([name for name, _ in stack.named_parameters()], own[1:], strict=True))
    for k in range(3):
        for way, suffix in (("forward_", ""), ("backward_", "_reverse"))[: 1 + bidirectional]:
            for own_name, torch_name in (
                ("weight_ih", "weight_ih"),
                ("weight_hh", "weight_hh"),
                ("bias", "bias_ih"),
            ):
                if own_name == "bias" and not bias:
                    continue
                torch.testing.assert_close(
                    ours[f"layers.{k}.directions.{way}.cell.{own_name}"],
                    theirs[f"{torch_name}_l{k}{suffix}"],
                    rtol=0,
                    atol=1e-12,
                )


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize(("kind", "options"), TWINS, ids=["tanh", "relu", "lstm", "gru"])
def test_a_stack_goes_to_torch_and_back(kind, options, bidirectional):
    torch.manual_seed(0)
    layer = kind(5, 7, 2, dropout=0.25, bidirectional=bidirectional, **options)
    stack = zoo.from_torch(layer).eval()
    back = zoo.to_torch(stack)
    assert type(back) is kind
    assert (back.dropout, back.bidirectional, back.batch_first) == (0.25, bidirectional, True)
    x = torch.randn(3, 6, 5)
    torch.testing.assert_close(back(x)[0], stack(x)[0], rtol=0, atol=1e-6)
    assert zoo.from_torch(back).spec == stack.spec


def test_final_states_agree():
    torch.manual_seed(0)
    layer = nn.LSTM(5, 7, 2, bidirectional=True, batch_first=True)
    x = torch.randn(3, 6, 5)
    _, (h, c) = layer(x)
    _, states = zoo.from_torch(layer)(x)
    flat = [way for level in states for way in level]
    torch.testing.assert_close(torch.stack([way.h for way in flat]), h)
    torch.testing.assert_close(torch.stack([way.c for way in flat]), c)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"wiring": "residual"}, "wiring"),
        ({"direction": "alternating", "num_layers": 2}, "forward or bidirectional"),
        ({"direction": "bidirectional", "merge": "sum"}, "merged by 'sum'"),
        ({"learn_initial_state": True}, "initial state"),
        ({"hidden_size": (4, 5), "num_layers": 2}, "differ"),
        ({"cell": zoo.GRUSpec(reset="before")}, "no layer"),
        ({"cell": "mingru"}, "no layer for MinGRUSpec"),
        ({"cell": "peephole_lstm"}, "no layer for PeepholeLSTMSpec"),
    ],
)
def test_a_stack_without_a_torch_layer_is_refused_with_the_reason(changes, reason):
    stack = zoo.StackSpec(**{"hidden_size": 4, **changes}).build(3)
    with pytest.raises(ValueError, match=reason):
        zoo.to_torch(stack)


def test_other_modules_and_projections_are_refused():
    with pytest.raises(ValueError, match=r"Linear; expected nn\.RNN, nn\.LSTM or nn\.GRU"):
        zoo.from_torch(nn.Linear(2, 2))
    with pytest.raises(ValueError, match="proj_size=2"):
        zoo.from_torch(nn.LSTM(3, 4, proj_size=2))
