"""What every cell lets its user choose."""

from abc import ABC
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from zoo.registry import Spec

if TYPE_CHECKING:  # a cell imports this module
    from zoo.cells.cell import Cell


@dataclass(frozen=True, kw_only=True)
class CellSpec(Spec, ABC):
    """What every cell lets its user choose.

    A number whose name ends in `_bias` is where a bias starts, and is refused without biases.
    """

    bias: bool = True
    """Whether the gates have additive biases."""

    recurrent_init: Literal["orthogonal", "identity"] = "orthogonal"
    """Initial recurrent matrix of each gate; "identity" is the IRNN's (Le et al., 2015)."""

    cell_class: ClassVar[Any]

    def __post_init__(self) -> None:
        super().__post_init__()
        for field in () if self.bias else fields(self):
            value = getattr(self, field.name)
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if field.name.endswith("_bias") and is_number and value != field.default:
                raise ValueError(f"{field.name} is {value} with bias False; expected bias True")

    @property
    def width_step(self) -> int:
        """What the width must be a multiple of."""
        return 1

    def refuse_recurrent_init(self, why: str) -> None:
        """Refuses `recurrent_init`, for a cell that it makes no sense for.

        Raises:
            ValueError: it was given.
        """
        if self.recurrent_init != "orthogonal":
            raise ValueError(
                f"recurrent_init is {self.recurrent_init!r}, and {self.key} has {why}; expected 'orthogonal'"
            )

    def build(self, input_size: int, hidden_size: int) -> "Cell":
        """The cell, for inputs (B, input_size) and states (B, hidden_size)."""
        return cast("Cell", self.cell_class(self, input_size, hidden_size))


@dataclass(frozen=True, kw_only=True)
class ForgetSpec(CellSpec):
    """Options of a cell with a forget gate f."""

    forget_bias: float = 1.0
    """Initial bias of the forget gate; 1 keeps the memory open at the start (Jozefowicz et al., 2015)."""
