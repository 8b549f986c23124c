"""A step is that of a Hamiltonian system: areas are kept, and the past can be computed from the future."""

import torch

from zoo.cells import UnICORNNSpec

WIDTH = 5


def test_a_step_keeps_the_area_of_each_unit() -> None:
    torch.manual_seed(0)
    cell = UnICORNNSpec(dt=0.5).build(3, WIDTH).double()
    x, start = (torch.randn(1, size, dtype=torch.float64) for size in (3, 2 * WIDTH))

    def step(joined: torch.Tensor) -> torch.Tensor:
        return torch.cat(cell(x, tuple(joined.chunk(2, dim=-1)))[1], dim=-1)

    jacobian = torch.autograd.functional.jacobian(step, start)[0, :, 0, :]
    for unit in range(WIDTH):
        rows = torch.tensor([unit, WIDTH + unit])
        assert abs(torch.linalg.det(jacobian[rows][:, rows]).item() - 1) < 1e-12


def test_the_states_can_be_computed_backwards() -> None:
    torch.manual_seed(0)
    spec, x = UnICORNNSpec(dt=0.5), torch.randn(200, 1, 3, dtype=torch.float64)
    cell = spec.build(3, WIDTH).double()
    start = tuple(torch.randn(1, WIDTH, dtype=torch.float64) for _ in "yz")
    state = start
    with torch.no_grad():
        for row in x:
            _, state = cell(row, state)
        y, z = state
        pace = spec.dt * torch.sigmoid(cell.c)
        for row in x.flip(0):
            y = y - pace * z
            z = z + pace * (torch.tanh(cell.w * y + cell.project(row)) + spec.alpha * y)
    torch.testing.assert_close((y, z), start, rtol=0, atol=1e-10)
