"""What a cell is written with; a file of a cell imports from here, and from no other cell."""

from zoo.cells.antisymmetric import AntisymmetricCell, AntisymmetricSpec
from zoo.cells.card import Card, Hidden
from zoo.cells.cell import Cell
from zoo.cells.cell_spec import CellSpec, ForgetSpec
from zoo.cells.chrono import LONG_SEQUENCES, ChronoSpec, chrono_
from zoo.cells.matrix import MatrixCell, MatrixSpec, Memory, StabilisedMemory, rms_normed, unit
from zoo.cells.orthogonal import (
    OrthogonalSpec,
    SkewCell,
    UnitaryCell,
    UnitarySpec,
    mod_relu,
    rotated,
    rotations,
)
from zoo.cells.register import CELLS, cell_spec, register_cell
from zoo.cells.skip import SkipCell
from zoo.cells.step_size import StepSizeSpec
from zoo.cells.strongly_typed import StronglyTypedCell, StronglyTypedSpec
from zoo.cells.wrapper import Wrapper, WrapperSpec
from zoo.engines import Map, MatrixMemory, MatrixTerms, Product, Recurrence, State, TorchEquivalent, candidate
from zoo.registry import check_choice, check_finite, check_positive

__all__ = [
    "CELLS",
    "LONG_SEQUENCES",
    "AntisymmetricCell",
    "AntisymmetricSpec",
    "Card",
    "Cell",
    "CellSpec",
    "ChronoSpec",
    "ForgetSpec",
    "Hidden",
    "Map",
    "MatrixCell",
    "MatrixMemory",
    "MatrixSpec",
    "MatrixTerms",
    "Memory",
    "OrthogonalSpec",
    "Product",
    "Recurrence",
    "SkewCell",
    "SkipCell",
    "StabilisedMemory",
    "State",
    "StepSizeSpec",
    "StronglyTypedCell",
    "StronglyTypedSpec",
    "TorchEquivalent",
    "UnitaryCell",
    "UnitarySpec",
    "Wrapper",
    "WrapperSpec",
    "candidate",
    "cell_spec",
    "check_choice",
    "check_finite",
    "check_positive",
    "chrono_",
    "mod_relu",
    "register_cell",
    "rms_normed",
    "rotated",
    "rotations",
    "unit",
]
