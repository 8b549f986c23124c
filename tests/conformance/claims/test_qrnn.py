"""The window of the convolution is what the gates see of the past."""

import torch

from zoo.cells import QRNNSpec


def test_gates_with_a_window_of_two_see_the_input_before() -> None:
    """As a convolution over the sequence with a zero in front (Bradbury et al., 2017, eq. 2)."""
    torch.manual_seed(0)
    cell = QRNNSpec(window=2).build(3, 4).double()
    x, width = torch.randn(6, 1, 3, dtype=torch.float64), 4
    kernel = torch.stack([cell.weight_before, cell.weight_ih], dim=-1)  # (3H, I, 2)
    padded = torch.cat([x.new_zeros(1, 1, 3), x]).permute(1, 2, 0)
    z, f, o = torch.nn.functional.conv1d(padded, kernel, cell.bias).permute(2, 0, 1).chunk(3, dim=-1)
    state = cell.state_type(x.new_zeros(1, 3 * width), x.new_zeros(1, width))
    c = x.new_zeros(1, width)
    for t in range(6):
        output, state = cell(x[t], state)
        f_t = torch.sigmoid(f[t])
        c = f_t * c + (1 - f_t) * torch.tanh(z[t])
        torch.testing.assert_close(output, torch.sigmoid(o[t]) * c)
