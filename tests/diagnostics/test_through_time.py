"""The gradient through time against autograd's own, against numpy's, and where it is known by hand."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from conformance.bridge import array, cell_weights, fused, oracle_of
from conformance.cases import USUAL, VARIANTS, engines
from oracles import through_time as oracle
from torch import Tensor

from diagnostics.watched import (
    BATCH,
    HIDDEN,
    INPUT,
    LENGTHS,
    LOSSES,
    TIME,
    WAY,
    at_the_end,
    random,
    run,
    stack_of,
)
from zoo.cells.base import Cell
from zoo.cells.elman import ElmanSpec
from zoo.diagnostics import (
    error_by_lag,
    gradient_by_lag,
    lag_norms,
    share_beyond,
    state_gradients,
    watch,
    weight_gradient_by_lag,
    weight_gradients,
)
from zoo.engines import LayerTrace
from zoo.stack import Stack, StackSpec

RESETS = torch.zeros(BATCH, TIME, dtype=torch.bool)
RESETS[0, 3] = RESETS[2, 1] = RESETS[2, 2] = True
SEQUENCES: dict[str, dict[str, Tensor]] = {
    "whole": {},
    "lengths": {"lengths": LENGTHS},
    "an empty one": {"lengths": torch.tensor([4, 0, 6])},
    "resets": {"resets": RESETS},
    "lengths and resets": {"lengths": LENGTHS, "resets": RESETS},
}
OUTPUT_IS_H = (
    "elman",
    "lstm",
    "gru",
    "gru(reset=before)",
    "mgu",
    "janet",
    "ligru",
    "mingru",
    "peephole_lstm",
)


def elman(weights: dict[str, Tensor], x: Tensor, state: list[Tensor]) -> list[Tensor]:
    (h,) = state
    return [torch.tanh(weights["weight_ih"] @ x + weights["weight_hh"] @ h + weights["bias"])]


def lstm(weights: dict[str, Tensor], x: Tensor, state: list[Tensor]) -> list[Tensor]:
    h, c = state
    i, f, g, o = (weights["weight_ih"] @ x + weights["weight_hh"] @ h + weights["bias"]).chunk(4)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return [o.sigmoid() * c.tanh(), c]


STEPS = {"elman": elman, "lstm": lstm}


def autograd(stack: Stack, x: Tensor, loss: Any, lengths: Tensor, resets: Tensor) -> list[Tensor]:
    """The gradient that autograd leaves at each tensor of the state (T, B, H), in a loop written out here."""
    (way,) = stack.layers[0].ways()
    step, weights = STEPS[way.cell.key], dict(way.cell.named_parameters())
    count = len(way.cell.state_sizes)
    outputs, final = torch.zeros(BATCH, TIME, HIDDEN).double(), []
    kept: dict[tuple[int, int], list[Tensor]] = {}
    for b, length in enumerate(lengths.tolist()):
        state = [torch.zeros(HIDDEN).double() for _ in range(count)]
        for read, t in enumerate(reversed(range(length)) if way.backward else range(length)):
            cut = t + way.backward  # a reset before step t + 1 parts it from t, read from either side
            if cut < TIME and resets[b, cut]:
                state = [torch.zeros(HIDDEN).double() for _ in range(count)]
            kept[read, b] = state = step(weights, x[b, t], state)
            for part in state:
                part.retain_grad()
            outputs = outputs.index_put((torch.tensor(b), torch.tensor(t)), state[0])
        final.append(state)
    loss(outputs, [torch.stack(parts) for parts in zip(*final, strict=True)]).backward()
    found = [torch.zeros(TIME, BATCH, HIDDEN).double() for _ in range(count)]
    for place, state in kept.items():
        for gradients, part in zip(found, state, strict=True):
            if part.grad is not None:
                gradients[place] = part.grad
    return found


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("sequences", SEQUENCES.values(), ids=SEQUENCES)
@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("cell", STEPS)
def test_the_gradient_of_each_state_is_autograds_own(
    cell: str, direction: str, sequences: dict[str, Tensor], loss: Any
) -> None:
    stack, x = stack_of(cell, direction=direction), random(BATCH, TIME, INPUT)
    trace = run(stack, x, loss, **sequences)[f"layer_1/{direction}"]
    lengths = sequences.get("lengths", torch.full((BATCH,), TIME))
    resets = sequences.get("resets", torch.zeros(BATCH, TIME, dtype=torch.bool))
    resets = resets & (torch.arange(TIME) < lengths[:, None])
    expected = autograd(stack, x, loss, lengths, resets)
    for found, wanted in zip(state_gradients(trace), expected, strict=True):
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)
    for lag, norm in enumerate(gradient_by_lag(trace)):
        squares = [expected[0][n - 1 - lag, b].square().sum() for b, n in enumerate(lengths) if n > lag]
        assert float(norm) == pytest.approx(math.sqrt(sum(squares) / len(squares)), abs=1e-12)
    assert len(gradient_by_lag(trace)) == int(lengths.max())


def rows_of(stack: Stack, trace: LayerTrace) -> Any:
    """For each sequence what the oracles take: the cell, its weights, x, the initial state, the errors."""
    (way,) = stack.layers[0].ways()
    weights = cell_weights(way.cell)

    def array_or_zeros(gradient: Tensor | None, like: Tensor) -> Any:
        return array(torch.zeros_like(like) if gradient is None else gradient)

    d_outputs = array_or_zeros(trace.d_outputs, trace.outputs)
    for b, length in enumerate(trace.lengths):
        start = trace.sequences.state
        ends = [array_or_zeros(part, old)[b] for part, old in zip(trace.d_final, start, strict=True)]
        errors = oracle.Errors(d_outputs[:length, b], tuple(ends))
        x = array(trace.sequences.x[:length, b])
        initial = tuple(array(part[b]) for part in start)
        yield oracle_of(way.cell), weights, x, initial, errors


@pytest.mark.parametrize("variant", OUTPUT_IS_H)
def test_the_gradient_of_h_is_that_of_the_chain_rule_by_hand(variant: str) -> None:
    stack = stack_of(VARIANTS[variant])
    trace = run(stack, random(BATCH, TIME, INPUT), lengths=LENGTHS)[WAY]
    found = state_gradients(trace)[0]
    for b, row in enumerate(rows_of(stack, trace)):
        expected = oracle.gradients_of_h(*row)
        np.testing.assert_allclose(array(found[: len(expected), b]), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("variant", USUAL)
def test_each_part_of_the_weights_gradient_is_that_of_errors_followed_back_one_by_one(variant: str) -> None:
    stack = stack_of(VARIANTS[variant]).requires_grad_()  # also what is not trained
    (cell,) = stack.cells()
    trace = run(stack, random(BATCH, TIME, INPUT), lengths=LENGTHS)[WAY]
    parts = list(weight_gradients(trace))
    if not parts[0]:
        assert cell.weight_hh is None
        assert parts == [{}] * TIME
        assert not len(weight_gradient_by_lag(trace))
        return
    by_parameter = [of_parameters(cell, part) for part in parts]
    assert cell.weight_hh is None or any(name.endswith("weight_hh") for name in by_parameter[0])
    for name in by_parameter[0]:
        expected = np.zeros((TIME, *cell.get_parameter(name).shape))
        for row in rows_of(stack, trace):
            for lag, weights in enumerate(oracle.weights_by_lag(*row)):
                expected[lag] += fused(cell, weights)[name]
        found = torch.stack([part[name] for part in by_parameter])
        np.testing.assert_allclose(array(found), expected, rtol=0, atol=1e-12)
    norms = [torch.cat([matrix.flatten() for matrix in part.values()]).norm() for part in parts]
    np.testing.assert_allclose(array(weight_gradient_by_lag(trace)), torch.stack(norms), rtol=0, atol=1e-12)


def of_parameters(cell: Cell, part: dict[str, Tensor]) -> dict[str, Tensor]:
    """The gradients of the parameters that recurrent matrices are, or are made of, given those of these."""
    names, parameters = zip(*cell.named_parameters(), strict=True)
    matrices = {gates: cell.recurrent(gates)[0] for gates in part}
    # not lmu's memory, which is fixed
    made = {gates: matrix for gates, matrix in matrices.items() if matrix.requires_grad}
    gradients = [part[gates] for gates in made]
    found = torch.autograd.grad(list(made.values()), parameters, gradients, allow_unused=True)
    return {name: gradient for name, gradient in zip(names, found, strict=True) if gradient is not None}


def in_all(stack: Stack, way: str, trace: LayerTrace) -> None:
    """The parts of all lags make the gradient that the training saw."""
    layer, direction = way.split("/")
    cell = stack.get_submodule(f"layers.{int(layer[-1]) - 1}.directions.{direction}_.cell")
    total = torch.zeros_like(cell.weight_hh)
    for part in weight_gradients(trace):
        for gates, gradient in part.items():
            total[cell.rows(gates, cell.recurrent_gates)] += gradient
    torch.testing.assert_close(total, cell.weight_hh.grad, rtol=0, atol=1e-12)


ENGINE_CASES = [
    (variant, engine)
    for variant in ("elman", "lstm", "gru", "gru(reset=before)", "lru", "layernorm_lstm", "own_mgu")
    for engine in engines(variant)
]


@pytest.mark.parametrize(("variant", "engine"), ENGINE_CASES)
@pytest.mark.parametrize("sequences", [{}, SEQUENCES["lengths and resets"]], ids=["whole", "cut"])
def test_parts_add_up_to_what_any_engine_found(
    variant: str, engine: str, sequences: dict[str, Tensor]
) -> None:
    stack = stack_of(VARIANTS[variant], engine=engine, num_layers=2, direction="bidirectional")
    traces = run(stack, random(BATCH, TIME, INPUT), **sequences)
    assert list(traces) == [f"layer_{k}/{way}" for k in (1, 2) for way in ("forward", "backward")]
    for way, trace in traces.items():
        in_all(stack, way, trace)


@pytest.mark.parametrize(
    "options", [{"checkpoint_every": 2}, {"learn_initial_state": True}, {"wiring": "dense"}]
)
def test_parts_add_up_whatever_is_around_the_cell(options: dict[str, Any]) -> None:
    stack = stack_of("lstm", num_layers=3, direction="bidirectional", merge="gated", **options)
    for way, trace in run(stack, random(BATCH, TIME, INPUT), lengths=LENGTHS, resets=RESETS).items():
        in_all(stack, way, trace)


def test_engines_agree_from_a_given_state() -> None:
    found = []
    for engine in ("reference", "native", "eager", "c"):
        stack = stack_of("gru", engine=engine)
        state = stack.initial_state(BATCH)
        state = tuple(type(entry)(*(random(*part.shape) for part in entry)) for entry in state)
        trace = run(stack, random(BATCH, TIME, INPUT), state=state)[WAY]
        in_all(stack, WAY, trace)
        found.append((gradient_by_lag(trace), weight_gradient_by_lag(trace)))
    for state, weight in found[1:]:
        torch.testing.assert_close(state, found[0][0], rtol=1e-12, atol=0)
        torch.testing.assert_close(weight, found[0][1], rtol=1e-12, atol=0)


def test_the_state_given_is_what_the_passage_begins_with() -> None:
    stack = stack_of("elman")
    h = random(BATCH, HIDDEN)
    trace = run(stack, random(BATCH, TIME, INPUT), state=(type(stack.initial_state(1)[0])(h),))[WAY]
    assert torch.equal(trace.before[0][0], h)
    torch.testing.assert_close(trace.before[0][1:], trace.outputs[:-1], rtol=0, atol=1e-12)


@pytest.mark.parametrize("gain", [0.3, 1.0, 1.2])
def test_a_linear_net_carries_gradients_by_the_powers_of_its_matrix(gain: float) -> None:
    stack = stack_of(ElmanSpec(activation="identity"), hidden_size=5)
    (cell,) = stack.cells()
    with torch.no_grad():
        cell.weight_hh.copy_(gain * random(5, 5))
    trace = run(stack, random(1, 8, INPUT), at_the_end)[WAY]
    g, w = array(trace.d_outputs[-1, 0]), array(cell.weight_hh)
    expected = [np.linalg.norm(np.linalg.matrix_power(w.T, k) @ g) for k in range(8)]
    np.testing.assert_allclose(array(gradient_by_lag(trace)), expected, rtol=1e-12)


@pytest.mark.parametrize("radius", [0.8, 1.0, 1.1])
def test_the_slope_of_a_normal_linear_net_is_the_log_of_its_spectral_radius(radius: float) -> None:
    stack = stack_of(ElmanSpec(activation="identity"), hidden_size=6)
    (cell,) = stack.cells()
    with torch.no_grad():
        cell.weight_hh.copy_(radius * torch.linalg.qr(random(6, 6)).Q)
    by_lag = gradient_by_lag(run(stack, random(2, 60, INPUT), at_the_end)[WAY])
    slope, _ = np.polyfit(np.arange(60), np.log(array(by_lag)), 1)
    assert slope == pytest.approx(math.log(radius), abs=1e-12)


@pytest.mark.parametrize(("activation", "bound"), [("tanh", 1.0), ("sigmoid", 0.25)])
@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_a_squashed_net_stays_below_the_bound_of_pascanu(activation: str, bound: float, scale: float) -> None:
    stack = stack_of(ElmanSpec(activation=activation), hidden_size=6)
    (cell,) = stack.cells()
    with torch.no_grad():
        cell.weight_hh.copy_(scale * random(6, 6) / 3)
    by_lag = array(gradient_by_lag(run(stack, random(1, 12, INPUT), at_the_end)[WAY]))
    largest = np.linalg.svd(array(cell.weight_hh), compute_uv=False)[0]
    limits = by_lag[0] * (bound * largest) ** np.arange(12)
    assert (by_lag <= limits * (1 + 1e-12)).all()
    assert by_lag[-1] > 0


def test_the_parts_of_a_scalar_linear_net_are_those_found_by_hand() -> None:
    w, xs = 0.9, [0.5, -1.0, 2.0, 0.25]
    stack = stack_of(ElmanSpec(activation="identity", bias=False), hidden_size=1)
    (cell,) = stack.cells()
    with torch.no_grad():
        cell.weight_hh.fill_(w)
        cell.weight_ih.copy_(torch.tensor([[1.0, 0.0, 0.0]]))
    x = torch.zeros(1, 4, INPUT).double()
    x[0, :, 0] = torch.tensor(xs)
    trace = run(stack, x, lambda outputs, _: outputs[0, -1, 0])[WAY]
    h = [0.0]
    for value in xs:
        h.append(w * h[-1] + value)
    # the last state's derivative that comes by way of step T - k is w^k times the state before that step
    expected = [w**k * h[3 - k] for k in range(4)]
    found = torch.cat([part["h"].flatten() for part in weight_gradients(trace)]).tolist()
    assert found == pytest.approx(expected, abs=1e-14)
    norms = weight_gradient_by_lag(trace)
    assert norms.tolist() == pytest.approx([abs(part) for part in expected], abs=1e-14)
    shares = share_beyond(norms).tolist()
    assert shares[0] == pytest.approx(sum(norms.tolist()[1:]) / float(norms.sum()), abs=1e-14)
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] == 0


def test_fewer_lags_are_the_first_of_all() -> None:
    trace = run(stack_of("lstm"), random(BATCH, TIME, INPUT))[WAY]
    every = weight_gradient_by_lag(trace)
    assert len(every) == TIME
    assert torch.equal(weight_gradient_by_lag(trace, 2), every[:3])
    assert torch.equal(weight_gradient_by_lag(trace, 99), every)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_long_runs_are_differentiated_in_pieces(loss: Any) -> None:
    stack = stack_of("elman")
    trace = run(stack, random(2, 70, INPUT), loss)[WAY]
    in_all(stack, WAY, trace)
    expected = np.zeros((70, HIDDEN, HIDDEN))
    for row in rows_of(stack, trace):
        expected += np.stack([weights["U_h"] for weights in oracle.weights_by_lag(*row)])
    norms = np.linalg.norm(expected.reshape(70, -1), axis=1)
    np.testing.assert_allclose(array(weight_gradient_by_lag(trace)), norms, rtol=0, atol=1e-12)


def test_resets_cut_the_way_back() -> None:
    resets = torch.zeros(1, TIME, dtype=torch.bool)
    resets[0, 4] = True
    trace = run(stack_of("lstm"), random(1, TIME, INPUT), at_the_end, resets=resets)[WAY]
    assert (gradient_by_lag(trace) > 0).tolist() == [True, True, False, False, False, False]
    # the step that starts anew from zero has nothing to weigh
    assert (weight_gradient_by_lag(trace) > 0).tolist() == [True, False, False, False, False, False]


def test_a_recurrent_clip_is_seen_at_the_states() -> None:
    limit = 1e-3
    stack = stack_of("elman", recurrent_gradient_clip=limit)
    trace = run(stack, random(BATCH, TIME, INPUT), at_the_end)[WAY]
    (found,) = state_gradients(trace)
    assert float(found[:-1].abs().max()) <= limit < float(found[-1].abs().max())


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_nan(bad: float) -> None:
    stack = stack_of("lstm")

    def loss(outputs: Tensor, _: Any) -> Tensor:
        return outputs.sum() + outputs[0, 2].sum() * bad

    trace = run(stack, random(1, TIME, INPUT), loss)[WAY]
    assert gradient_by_lag(trace).isnan().tolist() == [False, False, False, True, True, True]
    weights = weight_gradient_by_lag(trace)
    assert bool(weights[0].isnan())
    assert not bool(weights.isinf().any())
    assert bool(share_beyond(weights).isnan().all())


@pytest.mark.parametrize(("batch", "time"), [(0, TIME), (BATCH, 0), (0, 0)])
def test_nothing_has_no_lags(batch: int, time: int) -> None:
    stack = stack_of("lstm")
    with watch(stack) as traces:
        stack(random(batch, time, INPUT))
    trace = traces[WAY]
    assert not len(gradient_by_lag(trace))
    assert not len(weight_gradient_by_lag(trace))
    assert [part.shape for part in state_gradients(trace)] == [(time, batch, HIDDEN)] * 2


def test_sequences_of_no_steps_have_no_lags() -> None:
    lengths = torch.zeros(BATCH, dtype=torch.long)
    stack = stack_of("gru", learn_initial_state=True)
    trace = run(stack, random(BATCH, TIME, INPUT), lengths=lengths)[WAY]
    assert not len(gradient_by_lag(trace))
    assert not len(weight_gradient_by_lag(trace))


def test_shares_of_nothing_are_nothing() -> None:
    assert torch.equal(share_beyond(torch.zeros(3)), torch.zeros(3))
    assert not len(share_beyond(torch.zeros(0)))


def test_a_passage_without_gradient_says_what_it_lacks() -> None:
    stack = stack_of("elman")
    with watch(stack) as traces:
        outputs, _ = stack(random(1, TIME, INPUT))
        early = traces[WAY]
    outputs.sum().backward()
    assert len(gradient_by_lag(traces[WAY])) == TIME
    for diagnose in (gradient_by_lag, weight_gradient_by_lag, state_gradients):
        with pytest.raises(ValueError, match="no gradient has come back to this trace; expected"):
            diagnose(early)


def test_parts_and_lags_that_are_not_there_are_refused() -> None:
    trace = run(stack_of("gru"), random(1, TIME, INPUT))[WAY]
    with pytest.raises(ValueError, match="part is 1; expected 0 to 0"):
        gradient_by_lag(trace, part=1)
    with pytest.raises(ValueError, match="max_lag is -1; expected 0 or more"):
        weight_gradient_by_lag(trace, max_lag=-1)


def test_errors_grow_as_the_recurrence_alone_does():
    """A linear net of one unit: an error that has travelled k steps is w^k times as large."""
    stack = StackSpec(cell=ElmanSpec(activation="identity"), hidden_size=1).build(1).double()
    with torch.no_grad():
        stack.cells()[0].weight_hh.fill_(1.5)
    with watch(stack) as traces:
        stack(torch.randn(3, 6, 1, dtype=torch.float64))[0][:, -1].sum().backward()
    errors, weights, rest = lag_norms(traces["layer_1/forward"])
    assert rest == 0
    expected = 3**0.5 * 1.5 ** torch.arange(6, dtype=torch.float64)
    torch.testing.assert_close(errors, expected)
    torch.testing.assert_close(error_by_lag(traces["layer_1/forward"]), expected)
    torch.testing.assert_close(weights, weight_gradient_by_lag(traces["layer_1/forward"]))


def test_what_the_farthest_lag_leaves_out_is_the_rest_of_the_gradient():
    stack = StackSpec(cell="lstm", hidden_size=4, recurrent_gradient_clip=0.01).build(2).double()
    with watch(stack) as traces:
        stack(torch.randn(3, 9, 2, dtype=torch.float64), lengths=torch.tensor([9, 4, 0]))[0].sum().backward()
    trace = traces["layer_1/forward"]
    _, weights, rest = lag_norms(trace, max_lag=3)
    parts = [found["ifgo"] for found in weight_gradients(trace)]
    assert len(weights) == 4
    assert rest == pytest.approx(float(sum(parts[4:]).norm()), rel=1e-9)
