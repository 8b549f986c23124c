"""What cells around other cells share."""

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.cell import Cell
from zoo.cells.cell_spec import CellSpec
from zoo.cells.register import cell_spec
from zoo.cells.step_reads import StepReads
from zoo.engines import Map, Recurrence

AnyWrapperSpec = TypeVar("AnyWrapperSpec", bound="WrapperSpec")


@dataclass(frozen=True, kw_only=True)
class WrapperSpec(CellSpec, ABC):
    """What every cell around another one lets its user choose."""

    bias: bool = True
    """Whether the cell inside may have biases; without, it is built with `bias` false."""

    cell: CellSpec | str = "lstm"
    """The cell inside: its name, or its spec."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("recurrent matrices of the cell inside, which has this option itself")
        self.settle("cell")

    @classmethod
    def from_plain(cls: type[AnyWrapperSpec], options: Mapping[str, Any]) -> AnyWrapperSpec:
        """The spec with these values of its fields, where a cell inside may be in its plain form, too."""
        settled = {
            key: cell_spec(value) if isinstance(value, Mapping) else value for key, value in options.items()
        }
        return super().from_plain(settled)

    def settle(self, field: str) -> None:
        """Makes a spec of what describes a cell, without biases where this one is to have none."""
        inner = cell_spec(getattr(self, field))
        object.__setattr__(self, field, inner if self.bias or not inner.bias else replace(inner, bias=False))

    @property
    def inner(self) -> CellSpec:
        """The cell inside."""
        return cast("CellSpec", self.cell)

    @property
    def width_step(self) -> int:
        return self.inner.width_step


class Wrapper(Cell, ABC):
    """A cell around another one, whose parameters are `inner.*`; a subclass says what it changes.

    Attributes:
        inner: The cell inside.
    """

    gates: ClassVar[str] = ""
    spec: WrapperSpec
    inner: Cell

    def __init__(self, spec: WrapperSpec, input_size: int, hidden_size: int) -> None:
        nn.Module.__init__(self)  # that of a cell would make fused weights of its own
        self.spec, self.input_size, self.hidden_size = spec, input_size, hidden_size
        self.inner = spec.inner.build(input_size, hidden_size)
        self.reads_deltas = self.inner.reads_deltas  # type: ignore[misc]  # a class variable of other cells
        self.add_parameters()
        self.reset_parameters()

    @property
    def weight_ih(self) -> Tensor:  # type: ignore[override]  # a parameter of other cells
        """The input weights of the cell inside."""
        return self.inner.weight_ih

    @property
    def weight_hh(self) -> Tensor | None:  # type: ignore[override]
        """The recurrent weights of the cell inside."""
        return self.inner.weight_hh

    @property
    def bias(self) -> Tensor | None:  # type: ignore[override]
        """The biases of the cell inside."""
        return self.inner.bias

    @property
    def bias_hh(self) -> Tensor | None:  # type: ignore[override]
        """The biases within products of the cell inside."""
        return self.inner.bias_hh

    @property
    def state_type(self) -> Any:
        return self.inner.state_type

    @property
    def recurrent_gates(self) -> str:
        return self.inner.recurrent_gates

    @property
    def recurrent_size(self) -> int:
        return self.inner.recurrent_size

    @property
    def output_size(self) -> int:
        return self.inner.output_size

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return self.inner.state_sizes

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return self.inner.vectors

    @property
    def inside(self) -> dict[str, Cell]:
        """The cells inside by the paths of their parameters."""
        return {"inner": self.inner}

    @property
    def reads(self) -> StepReads:
        """What the steps of this cell and of those inside were seen to read and do."""
        if self._reads is None:
            own = StepReads.of(self)
            names = [f"{path}.{name}" for path, cell in self.inside.items() for name in cell.reads.names]
            obstacles = [own.obstacle, *(cell.reads.obstacle for cell in self.inside.values())]
            self._reads = StepReads((*own.names, *names), next(filter(None, obstacles), ""))
        return self._reads

    def gate_rows(self, parameter: str) -> dict[str, slice]:
        for path, cell in self.inside.items():
            if parameter.startswith(f"{path}."):
                return cell.gate_rows(parameter.removeprefix(f"{path}."))
        return super().gate_rows(parameter)

    def constrain(self) -> None:
        for cell in self.inside.values():
            cell.constrain()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        for cell in self.inside.values():
            cell.reset_parameters()

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """What the cell inside makes of the input."""
        return self.inner.project(x)

    def recurrent(self, gates: str) -> Map:
        """The linear map behind `product(gates, ...)`: that of the cell inside."""
        return self.inner.recurrent(gates)

    def recurrence(self) -> Recurrence:
        """This cell as an engine sees it, with the gates of the cell inside."""
        return replace(super().recurrence(), gates=self.inner.recurrence().gates)
