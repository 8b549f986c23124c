"""Without gradients the same numbers come out, in memory that does not hold every step."""

import pytest
import torch
from torch.autograd.profiler import profile

from engines.subjects import EACH, Size, assert_identical, module_of, run_of, sequences_of

SIZES = [
    Size(1, 1),
    Size(200, 1),
    Size(200, 2, backward=True),
    Size(11, 40, lengths=True),
    Size(7, 100, lengths=True, resets=True),
    Size(9, 5, lengths=True, resets=True, backward=True),
]
"""More steps than input products are taken of at a time, more sequences, and neither."""


@EACH
def test_the_same_numbers_come_out(name: str, engine: str) -> None:
    recurrence = module_of(name).recurrence()
    run = run_of(engine, recurrence)
    for size in SIZES:
        sequences = sequences_of(recurrence, size)
        outputs, final = run(recurrence, sequences)
        with torch.no_grad():
            again, again_final = run(recurrence, sequences)
        keys = ["outputs", *(f"final {k}" for k in range(len(final)))]
        wanted = {key: part.detach() for key, part in zip(keys, (outputs, *final), strict=True)}
        assert_identical(dict(zip(keys, (again, *again_final), strict=True)), wanted)


@pytest.mark.parametrize("name", ["lstm", "gru", "layernorm_lstm"])
def test_threads_of_unlike_many_rows(name: str) -> None:
    """Each thread takes the input products of its own rows."""
    recurrence = module_of(name, width=40, dtype=torch.float32).recurrence()
    sequences, run = sequences_of(recurrence, Size(900, 7, lengths=True)), run_of("c", recurrence)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            with torch.no_grad():
                found.append(run(recurrence, sequences)[0])
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*found)


@pytest.mark.parametrize("name", ["lstm", "gru", "elman", "gru before"])
def test_no_step_is_kept_but_the_outputs(name: str) -> None:
    recurrence = module_of(name, width=32, dtype=torch.float32).recurrence()
    size = Size(400, 8)
    sequences = sequences_of(recurrence, size)
    run = run_of("c", recurrence)
    with torch.no_grad():
        outputs, _ = run(recurrence, sequences)  # compiles
        with profile(profile_memory=True) as profiled:
            run(recurrence, sequences)
    asked = sum(max(0, event.self_cpu_memory_usage) for event in profiled.function_events)
    # the products of the gates alone would be as much again, or more
    assert asked < 1.8 * outputs.numel() * outputs.element_size()
