"""A slope that is well conditioned."""

import torch

from conformance.cases import INPUT
from zoo.cells import CELLS, FastRNNSpec

HIDDEN, TIME = 8, 30


def condition(key: str) -> float:
    """That of the slope of h_T in h_0."""
    torch.manual_seed(0)
    cell = CELLS[key].spec_class().build(INPUT, HIDDEN).double()
    x = torch.randn(TIME, 1, INPUT, dtype=torch.float64)

    def last(h: torch.Tensor) -> torch.Tensor:
        for x_t in x:
            _, (h,) = cell(x_t, (h,))
        return h.squeeze(0)

    slope = torch.autograd.functional.jacobian(last, torch.zeros(1, HIDDEN, dtype=torch.float64)).squeeze()
    return torch.linalg.cond(slope).item()


def test_the_slope_in_the_first_state_is_conditioned_as_the_paper_says() -> None:
    """|U| is 1 at the start. A simple recurrent network has no such bound."""
    alpha, beta = torch.sigmoid(torch.tensor([-3.0, 3.0])).tolist()
    bound = ((beta + alpha) / (beta - alpha)) ** TIME
    assert condition("fastrnn") <= bound
    assert condition("elman") > 100 * bound


def test_alpha_and_beta_start_where_they_are_asked_to() -> None:
    for spec, expected in ((FastRNNSpec(), (-3.0, 3.0)), (FastRNNSpec(alpha=-1.0, beta=2.0), (-1.0, 2.0))):
        cell = spec.build(3, 4)
        assert (cell.alpha.item(), cell.beta.item()) == expected
