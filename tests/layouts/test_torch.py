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
        ({"cell": zoo.LSTMPSpec(projection=2)}, "no layer for LSTMPSpec.*peephole=True"),
        ({"cell": zoo.LSTMPSpec(peephole=False)}, "no layer for LSTMPSpec.*projection=None"),
    ],
)
def test_a_stack_without_a_torch_layer_is_refused_with_the_reason(changes, reason):
    stack = zoo.StackSpec(**{"hidden_size": 4, **changes}).build(3)
    with pytest.raises(ValueError, match=reason):
        zoo.to_torch(stack)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_projected_lstm_and_its_stack_agree_in_value_and_gradient(bidirectional, bias):
    torch.manual_seed(0)
    layer = nn.LSTM(5, 7, 2, proj_size=3, bias=bias, bidirectional=bidirectional, batch_first=True).double()
    stack = zoo.from_torch(layer)
    assert stack.spec.cell == zoo.LSTMPSpec(projection=3, peephole=False, bias=bias)
    x = torch.randn(4, 9, 5, dtype=torch.float64, requires_grad=True)
    (expected, theirs), (got, ours) = loss_and_gradients(layer, x), loss_and_gradients(stack, x)
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(ours[0], theirs[0], rtol=0, atol=1e-12)
    back = zoo.to_torch(stack)
    torch.testing.assert_close(back(x)[0], expected, rtol=0, atol=1e-12)
    assert back.proj_size == 3


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    ("kind", "options"), [(nn.RNNCell, {"nonlinearity": "relu"}), (nn.LSTMCell, {}), (nn.GRUCell, {})]
)
def test_a_torch_cell_is_a_stack_of_one_layer(kind, options, bias):
    torch.manual_seed(0)
    cell = kind(5, 7, bias=bias, **options)
    state, x = None, torch.randn(3, 6, 5)
    expected = []
    for t in range(6):
        state = cell(x[:, t], state)
        expected.append(state[0] if isinstance(state, tuple) else state)
    torch.testing.assert_close(zoo.from_torch(cell)(x)[0], torch.stack(expected, 1))


def test_a_state_dict_is_enough_and_what_it_does_not_say_is_said():
    torch.manual_seed(0)
    x = torch.randn(3, 6, 5)
    relu = nn.RNN(5, 7, 2, nonlinearity="relu", batch_first=True)
    stack = zoo.from_weights("torch", relu.state_dict(), cell=zoo.ElmanSpec(activation="relu"))
    torch.testing.assert_close(stack(x)[0], relu(x)[0])
    gru = nn.GRU(5, 7, 12, bidirectional=True, batch_first=True)
    torch.testing.assert_close(zoo.from_weights("torch", gru.state_dict())(x)[0], gru(x)[0])
    gru.load_state_dict(zoo.to_weights("torch", zoo.from_torch(gru)))


def test_parametrised_weights_are_taken_as_they_are_computed_with():
    torch.manual_seed(0)
    layer = nn.utils.parametrizations.weight_norm(nn.LSTM(5, 7, batch_first=True), "weight_hh_l0")
    x = torch.randn(3, 6, 5)
    torch.testing.assert_close(zoo.from_torch(layer)(x)[0], layer(x)[0])
    with pytest.raises(ValueError, match="there is no 'weight_hh_l0' among the weights"):
        zoo.from_weights("torch", layer.state_dict())


def test_copies_share_no_memory_with_what_they_are_of():
    layer = nn.LSTM(5, 7)
    stack = zoo.from_torch(layer)
    written = zoo.to_weights("torch", stack)
    with torch.no_grad():
        layer.weight_ih_l0.zero_()
        written["weight_hh_l0"].zero_()
    assert stack.cells()[0].weight_ih.any()
    assert stack.cells()[0].weight_hh.any()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (nn.LSTM(3, 4).state_dict() | {"fc.weight": torch.zeros(2, 4)}, "no place for 'fc.weight'"),
        (
            nn.LSTM(3, 4, 2).state_dict() | {"weight_ih_l1": torch.zeros(16, 5)},
            "reads a width of 5, the layer before gives 4",
        ),
        (
            {"weight_ih_l0": torch.zeros(8, 3), "weight_hh_l0": torch.zeros(8, 4)},
            "rows for 2 gates; expected 1, 3 or 4",
        ),
        (
            {name: torch.zeros(12, 4) for name in ("weight_ih_l0", "weight_hh_l0")}
            | {"weight_hr_l0": torch.zeros(4, 4)},
            "rows for 3 gates; expected 4, as of an LSTM with proj_size",
        ),
        (
            {"weight_ih": torch.zeros(8, 3), "weight_hh": torch.zeros(16, 4)},
            r"shape \(16, 4\); expected \(8, any\)",
        ),
    ],
)
def test_what_is_no_layer_of_torch_is_refused_with_the_reason(given, said):
    with pytest.raises(ValueError, match=said):
        zoo.from_weights("torch", given)


def test_other_modules_are_refused():
    with pytest.raises(ValueError, match=r"Linear; expected nn\.RNN, nn\.LSTM or nn\.GRU"):
        zoo.from_torch(nn.Linear(2, 2))


def test_a_switch_that_stays_in_evaluation_is_refused_and_one_that_does_not_is_not():
    dropped = zoo.StackSpec(hidden_size=4, switches=["weight_drop"]).build(3).eval()
    x = torch.randn(2, 5, 3)
    torch.testing.assert_close(zoo.to_torch(dropped)(x)[0], dropped(x)[0])
    with pytest.raises(ValueError, match="zoneout changes its recurrence"):
        zoo.to_torch(zoo.StackSpec(hidden_size=4, switches=["zoneout"]).build(3))
