"""What the catalogue and the registries hold, by name."""

from fnmatch import fnmatchcase

from zoo.catalogue.models import MODELS
from zoo.cells import CELLS
from zoo.switches import SWITCHES
from zoo.wiring import WIRINGS


def list_models(pattern: str = "*") -> list[str]:
    """Names of the curated models that match a shell-style pattern."""
    return sorted(name for name in MODELS if fnmatchcase(name, pattern))


def list_cells(pattern: str = "*") -> list[str]:
    """Names of the registered cells that match a shell-style pattern."""
    return CELLS.names(pattern)


def list_wirings(pattern: str = "*") -> list[str]:
    """Names of the registered wirings that match a shell-style pattern."""
    return WIRINGS.names(pattern)


def list_switches(pattern: str = "*") -> list[str]:
    """Names of the registered switches that match a shell-style pattern."""
    return SWITCHES.names(pattern)
