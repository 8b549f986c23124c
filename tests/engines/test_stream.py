"""Streams: moment after moment the numbers of a whole run, for every way to run a step."""

import copy
import pickle
import resource

import pytest
import torch

from zoo.cells import CELLS
from zoo.stack import Stack, StackSpec

BATCH, STEPS = 3, 9
OPTIONS = {
    "residual": {"num_layers": 3, "wiring": "residual", "cell": "gru"},
    "highway": {"num_layers": 2, "wiring": "highway"},
    "block": {"num_layers": 2, "wiring": "block"},
    "zoneout": {"switches": "zoneout"},
    "orthogonal": {"switches": "orthogonal", "cell": "elman"},
    "normalisation": {"switches": "normalisation"},
    "projection": {"switches": "projection"},
    "recurrent gradient clip": {"recurrent_gradient_clip": 1.0},
    "learned start": {"learn_initial_state": True},
    "the loop": {"engine": "reference"},
}


def stack_of(dtype: torch.dtype = torch.float64, **options: object) -> Stack:
    torch.manual_seed(0)
    stack = StackSpec(**{"cell": "lstm", "hidden_size": 6, **options}).build(6).to(dtype).eval()  # type: ignore[arg-type]
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    for cell in stack.cells():
        cell.constrain()
    return stack


def assert_streams(stack: Stack, deltas: torch.Tensor | None = None) -> None:
    x = torch.randn(BATCH, STEPS, stack.input_size, dtype=torch.float64)
    with torch.no_grad():
        expected, last = stack(x, deltas=deltas)
    stream = stack.stream(BATCH)
    found = [stream(x[:, t], None if deltas is None else deltas[:, t]) for t in range(STEPS)]
    torch.testing.assert_close(torch.stack(found, 1), expected, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(stream.state, last, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("cell", sorted(CELLS.names()))
def test_a_stream_gives_what_a_whole_run_does(cell: str) -> None:
    assert_streams(stack_of(cell=cell, hidden_size=8))


@pytest.mark.parametrize("name", OPTIONS)
def test_it_does_so_with_wirings_switches_and_other_engines(name: str) -> None:
    assert_streams(stack_of(**OPTIONS[name]))


def test_it_does_so_with_times_between_the_moments() -> None:
    assert_streams(stack_of(cell="cfc"), torch.rand(BATCH, STEPS, dtype=torch.float64) + 0.5)


def test_it_goes_on_from_a_state_and_gives_one_to_go_on_from() -> None:
    stack, x = stack_of(num_layers=2), torch.randn(1, STEPS, 6, dtype=torch.float64)
    with torch.no_grad():
        expected, _ = stack(x)
        _, middle = stack(x[:, :4])
    stream = stack.stream(state=middle)
    torch.testing.assert_close(stream(x[:, 4]), expected[:, 4])
    kept = stream.state
    first = stream(x[:, 5])
    stream(x[:, 6])
    again = stack.stream(state=kept)(x[:, 5])
    torch.testing.assert_close(again, expected[:, 5])
    torch.testing.assert_close(first, again)  # not written over by the moment after it


def test_it_has_the_weights_of_the_moment_in_which_it_was_made() -> None:
    stack, x = stack_of(), torch.randn(1, 6, dtype=torch.float64)
    stream, (before, _) = stack.stream(), stack(x[:, None])
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.mul_(2)
    torch.testing.assert_close(stream(x), before[:, 0].detach())
    assert not torch.allclose(stack.stream()(x), before[:, 0])


def test_a_copy_goes_on_by_itself() -> None:
    stack, x = stack_of(num_layers=2), torch.randn(STEPS, 1, 6, dtype=torch.float64)
    stream = stack.stream()
    stream(x[0])
    for other in (copy.deepcopy(stream), pickle.loads(pickle.dumps(stream))):
        torch.testing.assert_close(other(x[1]), stack.stream(1, stream.state)(x[1]))


def test_it_does_not_mind_the_mode_in_which_it_is_made_or_called() -> None:
    stack, x = stack_of(torch.float32, cell="gru", switches="projection", num_layers=2), torch.randn(1, 6)
    with torch.inference_mode():
        stream = stack.stream()
    first = stream(x)
    torch.testing.assert_close(first, stack.stream()(x))
    with torch.autocast("cpu", torch.bfloat16):
        rounded = stack.stream()(x)
    torch.testing.assert_close(rounded.float(), first, rtol=0.05, atol=0.05)


def test_what_cannot_stream_is_refused() -> None:
    with pytest.raises(ValueError, match="direction 'bidirectional' cannot stream; expected 'forward'"):
        stack_of(direction="bidirectional").stream()
    with pytest.raises(ValueError, match="a stack in training cannot stream; call eval"):
        stack_of().train().stream()
    stream = stack_of().stream(2)
    with pytest.raises(ValueError, match=r"inputs \(3, 6\).*expected \(2, 6\)"):
        stream(torch.zeros(3, 6, dtype=torch.float64))
    with pytest.raises(ValueError, match="width 6, got shape"):
        stream(torch.zeros(2, 5, dtype=torch.float64))
    with pytest.raises(ValueError, match="deltas were given, and no cell here reads them"):
        stream(torch.zeros(2, 6, dtype=torch.float64), torch.ones(2))
    with pytest.raises(ValueError, match="state of layer 0 has shapes"):
        stack_of().stream(2, stack_of().initial_state(3))


def test_a_long_stream_does_not_grow() -> None:
    stream, x = stack_of(torch.float32, num_layers=2, wiring="residual").stream(), torch.randn(1, 6)
    for _ in range(2000):
        stream(x)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(20_000):
        y = stream(x)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4096  # KiB
    assert y.isfinite().all()
