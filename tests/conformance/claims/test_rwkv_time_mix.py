"""The WKV of RWKV-4, against its sum over the past, and far out of the range of exponentials."""

import torch

from zoo.cells import RWKVTimeMixSpec

TIME, WIDTH = 6, 4


def traced(scale: float) -> tuple[torch.Tensor, torch.Tensor]:
    """wkv of each step as the cell has it and as eq. 14 of Peng et al. (2023) has it."""
    torch.manual_seed(0)
    cell = RWKVTimeMixSpec().build(3, WIDTH).double()
    with torch.no_grad():
        cell.mix.fill_(1)
        cell.weight_ih[cell.rows("k")] *= scale
        cell.weight_ih[cell.rows("r")] = 0
        cell.weight_out.copy_(torch.eye(WIDTH))
    x = torch.randn(TIME, 1, 3, dtype=torch.float64)
    _, k, v = (x[:, 0] @ cell.weight_ih.T).chunk(3, dim=-1)
    w, u = cell.log_decay.exp(), cell.bonus
    found, expected = [], []
    state = cell.state_type(*(x.new_zeros(1, size) for size in cell.state_sizes))
    for t in range(TIME):
        output, state = cell(x[t], state)
        found.append(2 * output[0])  # σ(r) is 1/2
        ages = torch.arange(t - 1, -1, -1, dtype=torch.float64)[:, None]
        weights = torch.softmax(torch.cat([k[:t] - ages * w, u + k[t : t + 1]]), dim=0)
        expected.append((weights * v[: t + 1]).sum(0))
    return torch.stack(found), torch.stack(expected)


def test_it_is_an_average_of_values_with_weights_that_decay_with_age() -> None:
    found, expected = traced(1.0)
    torch.testing.assert_close(found, expected)


def test_it_stays_finite_where_exponentials_do_not() -> None:
    found, expected = traced(300.0)
    torch.testing.assert_close(found, expected)
