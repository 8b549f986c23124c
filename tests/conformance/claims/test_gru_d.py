"""Missing values of a GRU-D: where they are NaN, what stands in for them, and against the oracle."""

import numpy as np
import torch
from oracles.cells import oracle

from conformance.bridge import cell_weights
from conformance.cases import (
    BATCH,
    LENGTHS,
    RESETS,
    TIME,
    Case,
    assert_close,
    evaluate,
    random_deltas,
    random_state,
    random_x,
)
from zoo.cells import GRUDSpec

MISSING = torch.rand(BATCH, TIME, 3, generator=torch.Generator().manual_seed(0)) < 0.5


def test_missing_values_agree_with_the_oracle_in_value_and_in_gradient() -> None:
    cell = Case("gru_d").stack(num_layers=1).cells()[0]
    own, generator = oracle("gru_d", GRUDSpec(mean=0.4)), np.random.default_rng(0)
    cell.spec = own.spec
    weights = cell_weights(cell)
    x, delta, missing = generator.normal(size=3), 0.7, np.array([True, False, True])
    x[missing] = np.nan
    state = generator.normal(size=6), generator.normal(size=3), generator.uniform(size=3)
    named = dict(cell.named_parameters())
    given = [torch.tensor(part[None], requires_grad=True) for part in state]
    output, new = cell(torch.tensor(x[None]), tuple(given), torch.tensor([delta], dtype=torch.float64))
    seen = np.append(x, delta)
    expected, expected_state = own.step(weights, seen, state)
    for found, wanted in zip((output, *new), (expected, *expected_state), strict=True):
        np.testing.assert_allclose(found.detach()[0], wanted, rtol=0, atol=1e-12)
    d_output, d_state = generator.normal(size=6), tuple(generator.normal(size=len(part)) for part in state)
    pairs = zip((output, *new), (d_output, *d_state), strict=True)
    loss = sum((part[0] * torch.tensor(d)).sum() for part, d in pairs)
    d_given = torch.autograd.grad(loss, [*given, named["decay"], named["bias_decay"]])
    _, wanted_state, wanted_weights = own.slopes(weights, seen, state).back(d_output, d_state)
    wanted = [*wanted_state, wanted_weights["decay"], wanted_weights["bias_decay"]]
    for found, part in zip(d_given, wanted, strict=True):
        assert part.any()
        np.testing.assert_allclose(found.reshape(part.shape), part, rtol=0, atol=1e-10)


def test_gradients_stay_finite_and_none_reaches_what_is_missing() -> None:
    stack, x = Case("gru_d", "bidirectional").stack(), random_x()
    x[MISSING] = torch.nan
    found = evaluate(stack, x, random_state(stack), LENGTHS, RESETS, random_deltas())
    assert found.outputs.isfinite().all()
    for gradient in found.gradients.values():
        assert gradient.isfinite().all()
    assert not found.gradients["x"][MISSING].any()
    assert found.gradients["layers.0.directions.forward_.cell.decay"].any()


def test_a_missing_value_fades_from_the_last_that_was_seen_to_the_mean() -> None:
    """Halfway after log 2 / p; and the state's own time goes on meanwhile."""
    cell = GRUDSpec(mean=-2.0).build(1, 1).double()
    with torch.no_grad():
        cell.decay.fill_(1.0)
        cell.weight_gap.zero_()
    one = torch.ones(1, dtype=torch.float64)
    state = cell.state_type(*torch.zeros(3, 1, 1, dtype=torch.float64))
    _, state = cell(torch.full((1, 1), 4.0).double(), state, one)
    alone = state._replace(last=torch.ones(1, 1).double(), gap=torch.zeros(1, 1).double())
    missing, shown = torch.full((1, 1), torch.nan).double(), torch.ones(1, 1).double()
    with torch.no_grad():
        cell.weight_mask.zero_()
    found, after = cell(missing, state, torch.tensor([2.0]).log().double())  # 4 and -2 are 1 in the middle
    assert_close(found, cell(shown, alone, one)[0], 1e-7)
    assert after.last.item() == 4.0
    assert_close(after.gap, torch.tensor([[2.0]]).log().double(), 1e-7)


def test_missing_values_under_the_engine_equal_the_loop() -> None:
    case, x = Case("gru_d", "bidirectional"), random_x()
    x[MISSING] = torch.nan
    found = {}
    for engine in ("reference", "c"):
        stack = case.stack(engine=engine)
        found[engine] = evaluate(stack, x, random_state(stack), LENGTHS, RESETS, random_deltas())
    assert_close(found["c"].outputs, found["reference"].outputs)
    for name, gradient in found["reference"].gradients.items():
        assert_close(found["c"].gradients[name], gradient)
