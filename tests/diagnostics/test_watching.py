"""Watching a model changes nothing, and sees what it did in whatever way it was run."""

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from diagnostics.watched import BATCH, HIDDEN, INPUT, LENGTHS, TIME, WAY, everywhere, random, run, stack_of
from zoo.diagnostics import (
    dead_units,
    gate_saturation,
    gradient_by_lag,
    jacobian_singular_values,
    lyapunov_exponents,
    memory_horizon,
    recurrent_spectra,
    state_norm,
    watch,
    weight_gradient_by_lag,
)
from zoo.engines import LayerTrace, Watchable
from zoo.stack import Stack

EVERY = {
    "dead_units": dead_units,
    "gate_saturation": gate_saturation,
    "gradient_by_lag": gradient_by_lag,
    "jacobian_singular_values": lambda trace: jacobian_singular_values(trace, 2),
    "lyapunov_exponents": lambda trace: lyapunov_exponents(trace, 2),
    "memory_horizon": memory_horizon,
    "recurrent_spectra": recurrent_spectra,
    "state_norm": state_norm,
    "weight_gradient_by_lag": weight_gradient_by_lag,
}


def results(stack: Stack, watched: bool, **sequences: Any) -> list[Tensor]:
    """Outputs, final states and gradients of a run, with the final state used more than once."""
    stack.zero_grad()
    x = random(BATCH, TIME, INPUT).requires_grad_()

    def go() -> list[Tensor]:
        outputs, state = stack(x, **sequences)
        loss = (
            everywhere(outputs, state) + everywhere(outputs.tanh(), state) + everywhere(outputs, state) ** 2
        )
        loss.backward()
        return [outputs, x.grad, *(parameter.grad for parameter in stack.parameters())]

    if not watched:
        return go()
    with watch(stack) as traces:
        found = go()
    for trace in traces.values():  # nor does looking at it
        for look in EVERY.values() if not sequences else (gradient_by_lag, memory_horizon, gate_saturation):
            look(trace)
    return found


@pytest.mark.parametrize("sequences", [{}, {"lengths": LENGTHS}], ids=["whole", "lengths"])
@pytest.mark.parametrize("engine", ["reference", "native", "eager", "c"])
@pytest.mark.parametrize("cell", ["elman", "lstm"])
def test_watching_changes_no_bit(cell: str, engine: str, sequences: dict[str, Tensor]) -> None:
    stack = stack_of(cell, torch.float32, num_layers=2, direction="bidirectional", engine=engine).double()
    plain, seen = results(stack, False, **sequences), results(stack, True, **sequences)
    assert all(torch.equal(one, other) for one, other in zip(plain, seen, strict=True))


def watchers(model: nn.Module) -> list[Any]:
    return [each for module in model.modules() if isinstance(module, Watchable) for each in module.watchers]


def test_nobody_watches_after_an_error() -> None:
    stack = stack_of("elman", num_layers=2)
    with pytest.raises(ValueError, match="width 3, got"), watch(stack):  # noqa: PT012 - both are meant
        assert len(watchers(stack)) == 2
        stack(random(BATCH, TIME, INPUT + 1))
    assert not watchers(stack)


def test_two_may_watch_at_once() -> None:
    stack, x = stack_of("elman"), random(BATCH, TIME, INPUT)
    with watch(stack) as outer:
        with watch(stack) as inner:
            stack(x)[0].sum().backward()
        stack(2 * x)[0].sum().backward()
    assert torch.equal(inner[WAY].sequences.x, x.transpose(0, 1))
    assert torch.equal(outer[WAY].sequences.x, 2 * x.transpose(0, 1))
    assert not watchers(stack)


def test_copies_and_pickles_of_a_watched_model_are_not_watched() -> None:
    stack, x = stack_of("lstm"), random(BATCH, TIME, INPUT)
    with watch(stack) as traces:
        copies = [copy.deepcopy(stack), pickle.loads(pickle.dumps(stack))]
        for other in copies:
            assert not watchers(other)
            assert torch.equal(other(x)[0], stack(x)[0])
        stack(2 * x)
        copies[0](x)
    assert torch.equal(traces[WAY].sequences.x, 2 * x.transpose(0, 1))
    with watch(copies[0]) as traces:
        copies[0](x)
    assert WAY in traces


def test_the_last_run_counts() -> None:
    stack, x, y = stack_of("elman"), random(2, TIME, INPUT), random(3, 4, INPUT, seed=9)
    with watch(stack) as traces:
        outputs = [stack(x)[0], stack(y)[0]]
        (outputs[0].sum() + outputs[1].square().sum()).backward()
    alone = run(stack, y, lambda outputs, _: outputs.square().sum())[WAY]
    assert torch.equal(traces[WAY].outputs, alone.outputs)
    assert torch.equal(gradient_by_lag(traces[WAY]), gradient_by_lag(alone))


def test_layers_that_the_loss_does_not_use_have_no_gradient() -> None:
    lower, upper = stack_of("elman"), stack_of("gru", hidden_size=INPUT)
    model = nn.ModuleDict({"encoder": lower, "decoder": upper})
    with watch(model) as traces:
        outputs, _ = lower(random(BATCH, TIME, INPUT))
        upper(random(BATCH, TIME, INPUT))
        outputs.sum().backward()
    assert list(traces) == [WAY, "decoder_layer_1/forward"]
    assert traces["decoder_layer_1/forward"].d_outputs is None
    assert gradient_by_lag(traces[WAY])[0] > 0
    with pytest.raises(ValueError, match="no gradient has come back"):
        gradient_by_lag(traces["decoder_layer_1/forward"])


def test_frozen_weights_have_gradients_where_something_below_learns() -> None:
    stack = stack_of("lstm", num_layers=2)
    free = run(stack, random(BATCH, TIME, INPUT))
    stack.layers[1].requires_grad_(False)
    frozen = run(stack, random(BATCH, TIME, INPUT))
    for way, trace in frozen.items():
        assert torch.equal(gradient_by_lag(trace), gradient_by_lag(free[way]))
        assert torch.equal(weight_gradient_by_lag(trace), weight_gradient_by_lag(free[way]))
    assert not any(parameter.requires_grad for parameter in stack.layers[1].parameters())
    assert all(parameter.grad is not None for parameter in stack.layers[0].parameters())


def test_without_gradients_the_forward_run_is_there() -> None:
    stack = stack_of("lstm").requires_grad_(False)
    with watch(stack) as traces:
        outputs, _ = stack(random(BATCH, TIME, INPUT))
    assert torch.equal(traces[WAY].outputs, outputs.transpose(0, 1))
    assert memory_horizon(traces[WAY]).shape == (HIDDEN,)
    with pytest.raises(ValueError, match="no gradient has come back"):
        gradient_by_lag(traces[WAY])


def test_a_backward_direction_is_shown_in_the_order_in_which_it_reads() -> None:
    stack, x = stack_of("lstm", direction="backward"), random(BATCH, TIME, INPUT)
    forward = stack_of("lstm")
    forward.load_state_dict({k.replace("backward_", "forward_"): v for k, v in stack.state_dict().items()})
    turned = [row[:n].flip(0) for row, n in zip(x, LENGTHS, strict=True)]
    padded = nn.utils.rnn.pad_sequence(turned, batch_first=True)
    there = run(stack, x, lambda outputs, _: outputs.square().sum(), lengths=LENGTHS)["layer_1/backward"]
    back = run(forward, padded, lambda outputs, _: outputs.square().sum(), lengths=LENGTHS)[WAY]
    torch.testing.assert_close(there.outputs, back.outputs, rtol=0, atol=1e-14)
    torch.testing.assert_close(gradient_by_lag(there), gradient_by_lag(back), rtol=0, atol=1e-13)


def test_checkpointed_runs_are_one_passage() -> None:
    plain = run(stack_of("gru"), random(BATCH, TIME, INPUT))[WAY]
    pieces = run(stack_of("gru", checkpoint_every=2), random(BATCH, TIME, INPUT))[WAY]
    torch.testing.assert_close(pieces.outputs, plain.outputs, rtol=0, atol=1e-14)
    torch.testing.assert_close(gradient_by_lag(pieces), gradient_by_lag(plain), rtol=0, atol=1e-13)


COMPILED = """
import torch
from diagnostics.watched import BATCH, INPUT, TIME, random, run, stack_of
from zoo.diagnostics import gradient_by_lag

stack, x = stack_of("lstm", num_layers=2), random(BATCH, TIME, INPUT)
plain = run(stack, x)
for compiled_first in (True, False):
    torch.compiler.reset()
    fast = torch.compile(stack, backend="eager")
    if compiled_first:
        fast(x)
    seen = run(fast, x)
    assert list(seen) == list(plain)
    for way, trace in seen.items():
        torch.testing.assert_close(gradient_by_lag(trace), gradient_by_lag(plain[way]), rtol=0, atol=1e-12)
"""


def test_a_compiled_model_is_seen_like_any_other() -> None:
    # apart, for torch's tracer does not understand the checks of types that come with these tests
    folders = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(folders)}
    done = subprocess.run(
        [sys.executable, "-c", COMPILED], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def looks(trace: LayerTrace) -> dict[str, Any]:
    return {name: look(trace) for name, look in EVERY.items()}


WITH_A_TWIN = ("elman", "gru", "lstm")
RUNS = [
    (cell, engine)
    for cell in (*WITH_A_TWIN, "lru", "mgu")
    for engine in ("reference", "native", "eager", "c")
    if engine != "native" or cell in WITH_A_TWIN
]


@pytest.mark.parametrize(("cell", "engine"), RUNS)
def test_runs_under_autocast_can_be_looked_into(cell: str, engine: str) -> None:
    stack = stack_of(cell, torch.float32, engine=engine, num_layers=2)
    x = random(BATCH, TIME, INPUT).float()
    exact = run(stack, x)
    with torch.autocast("cpu", dtype=torch.bfloat16), watch(stack) as traces:
        outputs, state = stack(x)
        everywhere(outputs.float(), state).backward()
        inside = {way: looks(trace) for way, trace in traces.items()}
    for way, trace in traces.items():
        assert str(looks(trace)) == str(inside[way])
        torch.testing.assert_close(gradient_by_lag(trace), gradient_by_lag(exact[way]), rtol=0.1, atol=0.05)
        assert state_norm(trace) == pytest.approx(state_norm(exact[way]), rel=0.05)


@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
def test_models_in_half_precision_can_be_looked_into(cell: str) -> None:
    stack = stack_of(cell, torch.bfloat16)
    seen = looks(run(stack, random(BATCH, TIME, INPUT).bfloat16())[WAY])
    exact = looks(run(stack.float(), random(BATCH, TIME, INPUT).bfloat16().float())[WAY])
    for name in ("gradient_by_lag", "weight_gradient_by_lag", "jacobian_singular_values"):
        torch.testing.assert_close(seen[name].float(), exact[name].float(), rtol=0.1, atol=0.05)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("cell", ["elman", "gru", "lstm", "lru", "layernorm_lstm"])
@pytest.mark.parametrize("where", ["input", "weight"])
def test_no_look_fails_at_what_is_not_finite(cell: str, where: str, bad: float) -> None:
    stack, x = stack_of(cell), random(BATCH, TIME, INPUT)
    if where == "input":
        x[0, 2] = bad
    else:
        with torch.no_grad():
            stack.cells()[0].weight_hh[0, 0] = bad
    seen = looks(run(stack, x)[WAY])
    both = torch.cat([seen["gradient_by_lag"], seen["weight_gradient_by_lag"]])
    assert bool(both.isnan().any())
    assert not bool(both.isinf().any())


@pytest.mark.parametrize(("batch", "time"), [(0, TIME), (BATCH, 0)])
@pytest.mark.parametrize("cell", ["elman", "gru", "lstm", "lru", "layernorm_lstm"])
def test_no_look_fails_at_nothing(cell: str, batch: int, time: int) -> None:
    stack = stack_of(cell, num_layers=2, direction="bidirectional")
    with watch(stack) as traces:
        stack(random(batch, time, INPUT))
    assert len(traces) == 4
    for trace in traces.values():
        assert gate_saturation(trace) == {}
        assert dead_units(trace) != dead_units(trace)
        assert state_norm(trace) != state_norm(trace)
        assert bool(memory_horizon(trace).isnan().all())
        assert jacobian_singular_values(trace, 0).shape[0] == batch
        assert recurrent_spectra(trace)


def test_the_first_sequences_are_a_run_of_their_own() -> None:
    stack, x = stack_of("lstm"), random(BATCH, TIME, INPUT)
    resets = torch.zeros(BATCH, TIME, dtype=torch.bool)
    resets[1, 1] = True
    whole = run(stack, x, lengths=LENGTHS, resets=resets)[WAY].first(2)
    alone = run(stack, x[:2], lengths=LENGTHS[:2], resets=resets[:2])[WAY]
    assert torch.equal(whole.outputs, alone.outputs)
    for part, own in zip(whole.before, alone.before, strict=True):
        torch.testing.assert_close(part, own)
    assert torch.equal(whole.first(5).outputs, whole.outputs)
    assert torch.equal(whole.d_outputs[..., 0] == 0, alone.d_outputs[..., 0] == 0)
