"""Weights of low rank."""

import pytest
import torch

from conformance.bridge import expected
from conformance.cases import (
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
from zoo.cells import FastGRNNSpec
from zoo.stack import StackSpec


@pytest.mark.parametrize("engine", ["reference", "c", "eager"])
@pytest.mark.parametrize("ranks", [(2, None), (None, 2), (1, 3)])
def test_low_ranks_equal_their_equations_in_value_and_gradient(
    ranks: tuple[int | None, int | None], engine: str
) -> None:
    cell = FastGRNNSpec(rank_ih=ranks[0], rank_hh=ranks[1])
    spec = StackSpec(cell=cell, hidden_size=6, num_layers=2, direction="bidirectional", engine=engine)
    stack = randomised(spec.build(INPUT).double())
    x, state = padded(random_x(), LENGTHS, 0.0), random_state(stack)
    assert_close(evaluate(stack, x, state, LENGTHS, RESETS), expected(stack, x, state, LENGTHS, RESETS))


def test_low_ranks_save_parameters_and_start_at_full_length() -> None:
    torch.manual_seed(0)
    cell, full = FastGRNNSpec(rank_ih=4, rank_hh=4).build(32, 32), FastGRNNSpec().build(32, 32)
    numbers = [sum(p.numel() for p in each.parameters()) for each in (cell, full)]
    assert numbers[1] - numbers[0] == 2 * 32 * 32 - 4 * 4 * 32
    sizes = torch.linalg.svdvals(cell.recurrent_weight("s"))
    assert_close(sizes, torch.tensor([1.0] * 4 + [0.0] * 28), 1e-5)


def test_zeta_and_nu_start_where_they_are_asked_to() -> None:
    for spec, found in ((FastGRNNSpec(), (1.0, -4.0)), (FastGRNNSpec(zeta=2.0, nu=-1.0), (2.0, -1.0))):
        cell = spec.build(3, 4)
        assert (cell.zeta.item(), cell.nu.item()) == found


@pytest.mark.parametrize("rank", [0, -1, True, 1.5])
def test_a_rank_that_is_none_is_refused(rank: object) -> None:
    with pytest.raises(ValueError, match=r"rank_hh is .* expected a whole number"):
        FastGRNNSpec(rank_hh=rank)
