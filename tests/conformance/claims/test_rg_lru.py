"""The RG-LRU keeps the scale of its input, and its decay starts where its options say."""

import torch

from zoo.cells import RGLRUSpec


def test_white_noise_gives_a_state_of_its_own_variance() -> None:
    """sqrt(1 - a²) is made for that; the gates are shut open, so that u goes in as it is."""
    torch.manual_seed(0)
    cell = RGLRUSpec(a_min=0.5, a_max=0.9).build(1, 8).double()
    with torch.no_grad():
        cell.weight_ih[cell.rows("ri")] = 0
        cell.bias[cell.rows("i")] = 40
        cell.weight_ih[cell.rows("u")] = 1
    (h,) = state = cell.state_type(torch.zeros(4_000, 8, dtype=torch.float64))
    for _ in range(40):
        h, state = cell(torch.randn(4_000, 1, dtype=torch.float64), state)
    torch.testing.assert_close(h.var(0), torch.ones(8, dtype=torch.float64), rtol=0, atol=0.12)


def test_its_decay_starts_between_the_bounds() -> None:
    torch.manual_seed(0)
    cell = RGLRUSpec().build(3, 1000)
    powered = torch.sigmoid(cell.decay) ** 8
    assert 0.9 - 1e-4 < powered.min() < 0.902
    assert 0.997 < powered.max() < 0.999 + 1e-4
