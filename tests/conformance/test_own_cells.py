"""A cell of a user's own file: the battery above runs it; here it is found by name like the zoo's."""

import pytest
import torch

from conformance.cases import INPUT, VARIANTS
from conformance.own_cells import OWN, MGUSpec
from zoo.cells import CELLS, Cell
from zoo.cells import register as cells_register
from zoo.registry import Registry
from zoo.stack import StackSpec


@pytest.fixture
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The zoo's cells and the user's own in one registry, for the length of a test."""
    both: Registry[type[Cell]] = Registry("cell")
    for registry in (CELLS, OWN):
        for name in registry.names():
            both.add(name, registry[name])
    monkeypatch.setattr(cells_register, "CELLS", both)


def test_own_cells_are_in_the_battery_and_not_in_the_zoo() -> None:
    assert {spec.key for spec in VARIANTS.values()} == {*CELLS.names(), *OWN.names()}
    assert not set(CELLS.names()) & set(OWN.names())


@pytest.mark.usefixtures("_registered")
def test_an_own_cell_is_found_by_name_and_reloads_from_plain_data() -> None:
    spec = StackSpec(cell="own_mgu", hidden_size=4, num_layers=2, direction="bidirectional")
    assert spec.cells[0] == MGUSpec()
    assert StackSpec.of(spec.plain()) == spec
    outputs, _ = spec.build(INPUT)(torch.zeros(2, 3, INPUT))
    assert outputs.shape == (2, 3, 8)


@pytest.mark.usefixtures("_registered")
def test_two_cells_cannot_have_one_name() -> None:
    with pytest.raises(ValueError, match="taken"):
        cells_register.register_cell("lstm", MGUSpec)(OWN["own_mgu"])
