"""Fast weights: a matrix is attention to the past."""

import torch

from zoo.cells import FastWeightsSpec


def test_the_fast_weights_are_attention_to_earlier_states() -> None:
    torch.manual_seed(0)
    cell = FastWeightsSpec(decay=0.8, rate=0.3).build(2, 5).double()
    state = cell.state_type(torch.randn(1, 5, dtype=torch.float64), torch.zeros(1, 25, dtype=torch.float64))
    seen = []
    for x in torch.randn(6, 1, 2, dtype=torch.float64):
        seen.append(state.h[0])
        _, state = cell(x, state)
    asked = torch.randn(5, dtype=torch.float64)
    found = state.a.view(5, 5) @ asked
    expected = sum(0.3 * 0.8**age * (h @ asked) * h for age, h in enumerate(reversed(seen)))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
