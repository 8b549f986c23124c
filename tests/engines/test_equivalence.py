"""Every engine computes what the reference loop computes: values, and the gradients of all there is."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engines.subjects import (
    EACH,
    EACH_SUBJECT,
    Size,
    assert_close,
    engines,
    expected,
    module_of,
    results,
    run_of,
    sequences_of,
)
from zoo.engines import Sequences, run_reference

SIZES = [
    Size(0, 5),
    Size(0, 5, lengths=True, resets=True),
    Size(1, 1),
    Size(1, 5, lengths=True, resets=True),
    Size(2, 1, resets=True),
    Size(2, 5, lengths=True),
    Size(17, 5),
    Size(17, 5, lengths=True),
    Size(17, 5, resets=True),
    Size(17, 0, lengths=True, resets=True),
    Size(63, 5, lengths=True, resets=True),
    Size(17, 5, backward=True),
    Size(17, 5, lengths=True, resets=True, backward=True),
    Size(1, 2, lengths=True, resets=True, backward=True),
]


@EACH
def test_value_and_gradient_equal_the_reference(name: str, engine: str) -> None:
    module = module_of(name)
    run = run_of(engine, module.recurrence())
    for size in SIZES:
        sequences = sequences_of(module.recurrence(), size)
        assert_close(results(run, module, sequences), expected(module, sequences))


@EACH_SUBJECT
def test_other_widths(name: str) -> None:
    """One unit, as many units as the trace has rows, and a multiple of what a processor takes at once."""
    for width in (1, 3, 8):
        module = module_of(name, width)
        sequences = sequences_of(module.recurrence(), Size(4, 3, lengths=True, resets=True))
        wanted = expected(module, sequences)
        for engine in engines(name, width):
            assert_close(results(run_of(engine, module.recurrence()), module, sequences), wanted)


@EACH_SUBJECT
def test_single_precision(name: str) -> None:
    exact, module = module_of(name), module_of(name, dtype=torch.float32)
    size = Size(17, 5, lengths=True, resets=True)
    wanted = expected(exact, sequences_of(exact.recurrence(), size))
    for engine in engines(name):
        sequences = sequences_of(module.recurrence(), size)
        found = results(run_of(engine, module.recurrence()), module, sequences)
        assert {part.dtype for part in found.values()} == {torch.float32}
        assert_close({key: part.double() for key, part in found.items()}, wanted, 2e-5)


@pytest.mark.parametrize("chunk", [1, 40, 130])
@pytest.mark.parametrize("name", ["lstm", "highway", "passing", "decay"])
def test_slopes_taken_a_few_steps_at_once(name: str, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they are where T B H is large; the steps are no multiple of a chunk."""
    monkeypatch.setattr("zoo.engines.eager.backward.CACHED_NUMBERS", chunk)
    module = module_of(name)
    sequences = sequences_of(module.recurrence(), Size(17, 5, lengths=True, resets=True))
    found = results(run_of("eager", module.recurrence()), module, sequences)
    assert_close(found, expected(module, sequences))


@EACH
def test_a_run_can_be_split_anywhere(name: str, engine: str) -> None:
    """The state that comes out goes in again, and the gradient flows through it."""
    module = module_of(name)
    recurrence = module.recurrence()
    run, whole = run_of(engine, recurrence), sequences_of(recurrence, Size(7, 3))

    def in_two(recurrence, sequences):
        first, state = run(recurrence, Sequences(sequences.x[:3], sequences.state, sequences.reset_state))
        second, final = run(recurrence, Sequences(sequences.x[3:], state, sequences.reset_state))
        return torch.cat([first, second]), final

    assert_close(results(in_two, module, whole), results(run_reference, module, whole))


PROPERTY = ("lstm", "gru before", "highway", "passing", "second_out", "constant", "running")


@st.composite
def sizes(draw):
    """T, B, and the lengths and resets of each sequence, or None."""
    time, batch = draw(st.integers(1, 9)), draw(st.integers(1, 4))
    lengths = draw(st.none() | st.lists(st.integers(0, time), min_size=batch, max_size=batch))
    row = st.lists(st.booleans(), min_size=batch, max_size=batch)
    return time, batch, lengths, draw(st.none() | st.lists(row, min_size=time, max_size=time))


@pytest.mark.parametrize("name", PROPERTY)
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(size=sizes())
def test_the_engines_agree_on_any_lengths_and_resets(name: str, size) -> None:
    time, batch, lengths, resets = size
    module = module_of(name)
    plain = sequences_of(module.recurrence(), Size(time, batch))
    lengths = None if lengths is None else torch.tensor(lengths)
    resets = None if resets is None else torch.tensor(resets)
    if lengths is not None and resets is not None:
        resets &= torch.arange(time)[:, None] < lengths
    sequences = Sequences(plain.x, plain.state, plain.reset_state, lengths, resets)
    wanted = expected(module, sequences)
    for engine in engines(name):
        assert_close(results(run_of(engine, module.recurrence()), module, sequences), wanted)
