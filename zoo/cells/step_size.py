"""What state-space cells share: how long their steps are at the start."""

from dataclasses import dataclass

from zoo.cells.cell_spec import CellSpec


@dataclass(frozen=True, kw_only=True)
class StepSizeSpec(CellSpec):
    """Options of a cell that learns how long its steps Δ are."""

    step_min: float = 0.001
    """Smallest Δ at the start, in S6 for inputs of 0; the memory is about 2/Δ steps long."""

    step_max: float = 0.1
    """Largest Δ at the start."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.step_min <= self.step_max:
            raise ValueError(
                f"step_min is {self.step_min} and step_max is {self.step_max}; "
                f"expected 0 < step_min <= step_max"
            )
