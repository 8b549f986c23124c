"""The input gate of an entity-aware LSTM sees what is static, and nothing else does."""

import torch

from zoo.cells import EALSTMSpec


def test_static_inputs_act_through_the_input_gate_alone_and_others_never_through_it() -> None:
    torch.manual_seed(0)
    cell = EALSTMSpec(static=2).build(5, 4).double()
    x = torch.randn(7, 5, dtype=torch.float64)
    x[:, :2] = x[0, :2]
    f, g, o, i = cell.project(x).chunk(4, dim=-1)
    assert (i == i[0]).all()
    other = x.clone()
    other[:, :2] += 1
    *same, changed = cell.project(other).chunk(4, dim=-1)
    assert all(torch.equal(a, b) for a, b in zip(same, (f, g, o), strict=True))
    assert (changed != i).all()
