"""What the tests of the command line share."""

import pytest

from zoo.cells import CELLS


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    """Cells that a test lets in are gone after it."""
    monkeypatch.setattr(CELLS, "_parts", dict(CELLS._parts))
