"""What the cells' papers and cards claim of them."""

import pytest
import torch

from conformance.cases import (
    HIDDEN,
    INPUT,
    VARIANTS,
    WIRING_VARIANTS,
    Case,
    assert_close,
    random_x,
    randomised,
)
from zoo.cells import CELLS, Cell, LSTMSpec, MinLSTMSpec, PeepholeLSTMSpec, SRUSpec
from zoo.cells.base import WrapperSpec
from zoo.stack import StackSpec
from zoo.wiring import WIRINGS


def bends(variant: str) -> bool:
    """Whether the new state is no affine function of the old one."""
    (cell,) = Case(variant).stack(num_layers=1).cells()
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(4, INPUT, dtype=torch.float64, generator=generator)
    one, two = (
        tuple(torch.randn(4, size, dtype=torch.float64, generator=generator) for size in cell.state_sizes)
        for _ in range(2)
    )
    between = tuple(0.3 * a + 0.7 * b for a, b in zip(one, two, strict=True))
    (_, at_one), (_, at_two), (_, found) = (cell(x, state) for state in (one, two, between))
    straight = [0.3 * a + 0.7 * b for a, b in zip(at_one, at_two, strict=True)]
    return not all(torch.allclose(a, b, atol=1e-12) for a, b in zip(found, straight, strict=True))


@pytest.mark.parametrize("name", CELLS.names())
def test_a_card_says_truly_whether_the_cell_is_linear_in_its_state(name: str) -> None:
    assert CELLS[name].card.linear != bends(name)


def test_the_peepholes_of_an_sru_make_it_bend() -> None:
    assert bends("sru(peephole=True)")


@pytest.mark.parametrize("name", CELLS.names())
def test_what_a_card_spares_from_weight_decay_exists(name: str) -> None:
    """In one of the cell's variants at least."""
    cells = [spec.build(INPUT, HIDDEN) for spec in VARIANTS.values() if spec.key == name]
    known = {parameter for cell in cells for parameter, _ in cell.named_parameters()}
    card = CELLS[name].card
    assert {*card.no_decay, *card.own_start, *card.skew} <= known


class RecurrentWeight(torch.nn.Module):
    """The recurrent matrix as a function of what it is kept in."""

    def __init__(self, cell: Cell) -> None:
        super().__init__()
        self.cell = cell

    def forward(self) -> torch.Tensor:
        return self.cell.recurrent_weight(self.cell.recurrent_gates)


@pytest.mark.parametrize("name", CELLS.names())
def test_a_card_says_truly_which_matrices_are_skew(name: str) -> None:
    """They can be moved in H (H - 1) / 2 directions alone."""
    spec = CELLS[name].spec_class()
    kept = None if isinstance(spec, WrapperSpec) else spec.build(INPUT, HIDDEN).weight_hh
    if kept is None or kept.shape != (HIDDEN, HIDDEN):
        assert not CELLS[name].card.skew
        return
    made = RecurrentWeight(spec.build(INPUT, HIDDEN).double())

    def matrix(m: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = torch.func.functional_call(made, {"cell.weight_hh": m}, ())
        return found

    drawn = torch.randn(kept.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    slopes = torch.autograd.functional.jacobian(matrix, drawn).reshape(HIDDEN**2, HIDDEN**2)
    directions = torch.linalg.matrix_rank(slopes).item()
    assert (directions == HIDDEN * (HIDDEN - 1) // 2) == (CELLS[name].card.skew == ("weight_hh",))


@pytest.mark.parametrize("name", WIRINGS.names())
def test_what_the_card_of_a_wiring_names_exists(name: str) -> None:
    """In one of its variants at least."""
    wirings = [spec.build(HIDDEN, HIDDEN) for spec in WIRING_VARIANTS.values() if spec.key == name]
    names = {parameter for wiring in wirings for parameter, _ in wiring.named_parameters()}
    card = WIRINGS[name].card
    assert {*card.no_decay, *card.own_start} <= names


@pytest.mark.parametrize("name", WIRINGS.names())
def test_a_card_says_truly_whether_the_wiring_starts_as_the_identity(name: str) -> None:
    """Where it does nearly, a test in `claims` says how near."""
    torch.manual_seed(0)
    wiring = WIRINGS[name].spec_class().build(HIDDEN, HIDDEN).eval()
    x, y = torch.randn(2, 4, HIDDEN)
    z = wiring(x, y)
    assert torch.equal(z, x) == (WIRINGS[name].card.identity == "yes")


def test_peepholes_start_shut() -> None:
    """Then the cell is an LSTM without them."""
    with_peepholes, without = PeepholeLSTMSpec().build(3, 4), LSTMSpec().build(3, 4)
    with_peepholes.load_state_dict(without.state_dict(), strict=False)
    x, state = torch.randn(2, 3), (torch.randn(2, 4), torch.randn(2, 4))
    assert_close(with_peepholes(x, state)[0], without(x, state)[0], 0.0)


def test_layer_normalisation_forgives_the_scale_of_the_weights() -> None:
    stack, x = Case("layernorm_lstm").stack(), 100 * random_x()
    outputs, _ = stack(x)
    with torch.no_grad():
        for cell in stack.cells():
            for weight in (cell.weight_ih, cell.weight_hh):
                weight.mul_(1000)
    scaled, _ = stack(x)
    assert_close(scaled[:, 0], outputs[:, 0], 1e-3)


@pytest.mark.parametrize(("i", "f", "kept"), [(-900.0, -800.0, True), (-800.0, -900.0, False)])
def test_a_minlstm_whose_gates_are_both_shut_still_keeps_or_writes(i: float, f: float, kept: bool) -> None:
    """f / (f + i) as it is written would be 0 / 0."""
    cell = MinLSTMSpec().build(1, 1)
    with torch.no_grad():
        cell.weight_ih.zero_()
        cell.bias.copy_(torch.tensor([i, f, 3.0]))
    output, _ = cell(torch.ones(1, 1), (torch.full((1, 1), 5.0),))
    output.backward()
    assert output.item() == (5.0 if kept else 3.0)
    assert cell.bias.grad.isfinite().all()


def test_an_lru_forgets_however_its_parameters_are() -> None:
    stack = randomised(StackSpec(cell="lru", hidden_size=HIDDEN).build(INPUT))
    with torch.no_grad():
        for name in ("nu_log", "theta_log"):
            stack.cells()[0].get_parameter(name).uniform_(-3, 3)
    _, (last,) = stack(torch.zeros(1, 2000, INPUT), (tuple(torch.full((1, HIDDEN), 9.0) for _ in "ri"),))
    assert max(part.abs().max() for part in last) < 1e-3


def test_the_highway_of_an_sru_is_its_input_where_widths_agree() -> None:
    assert SRUSpec().build(4, 4).weight_skip is None
    projected = SRUSpec().build(3, 4).weight_skip
    assert projected is not None
    assert projected.shape == (4, 3)
    cell = SRUSpec().build(4, 4)
    with torch.no_grad():
        cell.bias[cell.rows("r")] = -1e3
    x = torch.randn(2, 4)
    output, _ = cell(x, (torch.randn(2, 4),))
    assert_close(output, x, 0.0)
