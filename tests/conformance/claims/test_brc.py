"""Two stable states where a is more than 1."""

import math

import pytest
import torch

from zoo.cells import CELLS, BRCSpec


def rests(key: str, a: list[float]) -> list[list[float]]:
    """Where units come to rest from a little below and from a little above 0, without input."""
    cell = CELLS[key].spec_class().build(1, len(a)).double()
    h = torch.tensor([[-0.01], [0.01]], dtype=torch.float64).expand(2, len(a))
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
        cell.bias[cell.rows("a")] = torch.atanh(torch.tensor(a, dtype=torch.float64) - 1)
        for _ in range(4000):
            _, (h,) = cell(torch.zeros(2, 1, dtype=torch.float64), (h,))
    return h.T.tolist()


@pytest.mark.parametrize("key", ["brc", "nbr"])
def test_a_unit_is_bistable_where_a_is_more_than_1_and_only_there(key: str) -> None:
    single, double = [0.3, 0.9, 0.99], [1.05, 1.5, 1.9]
    found = rests(key, single + double)
    assert max(abs(h) for pair in found[: len(single)] for h in pair) < 1e-9
    for a, (below, above) in zip(double, found[len(single) :], strict=True):
        assert above == pytest.approx(-below, abs=1e-12)
        assert above > 0.3
        assert above == pytest.approx(math.tanh(a * above), abs=1e-9)


def test_the_feedback_of_a_brc_starts_as_in_its_authors_code() -> None:
    modulation = BRCSpec().build(3, 4).modulation
    assert torch.equal(modulation, torch.ones_like(modulation))
