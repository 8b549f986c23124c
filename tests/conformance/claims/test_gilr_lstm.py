"""The GILR-LSTM without a loop: two linear scans."""

import torch

from zoo.cells import GILRLSTMSpec
from zoo.engines.scan.scan import linear_scan


def test_two_scans_run_it() -> None:
    torch.manual_seed(0)
    time, width = 7, 4
    cell = GILRLSTMSpec().build(3, width).double()
    x = torch.randn(time, 1, 3, dtype=torch.float64)
    start = torch.randn(2, 1, width, dtype=torch.float64)
    i, f, g, o, r, j = cell.project(x).chunk(6, dim=-1)
    r = torch.sigmoid(r)
    (s,) = linear_scan([[r]], [(1 - r) * torch.tanh(j)], [start[0]])
    s_i, s_f, s_g, s_o = (s[:-1] @ cell.weight_hh.T).chunk(4, dim=-1)
    written = torch.sigmoid(i + s_i) * torch.tanh(g + s_g)
    (c,) = linear_scan([[torch.sigmoid(f + s_f)]], [written], [start[1]])
    expected, state = torch.sigmoid(o + s_o) * c[1:], cell.state_type(*start)
    for t in range(time):
        output, state = cell(x[t], state)
        torch.testing.assert_close(output, expected[t])
