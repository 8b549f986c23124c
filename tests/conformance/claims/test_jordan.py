"""State units are a trace of the outputs."""

import pytest
import torch

from conformance.bridge import expected
from conformance.cases import (
    HIDDEN,
    INPUT,
    LENGTHS,
    RESETS,
    assert_close,
    evaluate,
    padded,
    random_state,
    random_x,
    randomised,
)
from zoo.cells import JordanSpec
from zoo.stack import StackSpec


@pytest.mark.parametrize("decay", [0.0, 0.7])
def test_the_state_is_an_exponential_trace_of_the_outputs(decay: float) -> None:
    torch.manual_seed(0)
    cell = JordanSpec(decay=decay).build(INPUT, HIDDEN).double()
    s, outputs = torch.zeros(2, HIDDEN, dtype=torch.float64), []
    for x in torch.randn(12, 2, INPUT, dtype=torch.float64):
        output, (s,) = cell(x, (s,))
        outputs.append(output)
    assert_close(s, sum(decay**k * y for k, y in enumerate(reversed(outputs))), 1e-12)


@pytest.mark.parametrize("engine", ["reference", "c"])
def test_a_decay_equals_its_equations_in_value_and_gradient(engine: str) -> None:
    stack = randomised(
        StackSpec(cell=JordanSpec(decay=0.6), hidden_size=4, engine=engine).build(INPUT).double()
    )
    x, state = padded(random_x(), LENGTHS, 0.0), random_state(stack)
    assert_close(evaluate(stack, x, state, LENGTHS, RESETS), expected(stack, x, state, LENGTHS, RESETS))


@pytest.mark.parametrize("decay", [-0.1, 1.0])
def test_a_decay_that_is_none_is_refused(decay: float) -> None:
    with pytest.raises(ValueError, match="decay is"):
        JordanSpec(decay=decay)
