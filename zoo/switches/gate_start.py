"""Initial values of single gates."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, final

import torch
from torch import Tensor, nn

from zoo.cells import Cell
from zoo.engines import Recurrence
from zoo.registry import PartCard, check_choice, check_finite, check_positive
from zoo.switches.base import Switch, SwitchSpec, register_switch

MATRICES: dict[str, Callable[[Tensor], Tensor]] = {
    "orthogonal": nn.init.orthogonal_,
    "identity": nn.init.eye_,
    "xavier": nn.init.xavier_uniform_,
    "zeros": nn.init.zeros_,
}


@final
@dataclass(frozen=True, kw_only=True)
class GateStartSpec(SwitchSpec):
    """Options of where gates start."""

    gates: str = "f"
    """The letters of the gates whose start is changed."""

    bias: float | Literal["uniform", "chrono"] | None = "uniform"
    """Where their biases start: at a number; "uniform", such that the gates are spread evenly from 1/H to
    1 - 1/H; "chrono", such that units remember over 1 to `steps` steps; null leaves them."""

    opposite: str = ""
    """The letters of gates whose biases start at minus those, such as "i" beside "f"."""

    steps: int = 100
    """T of "chrono", the longest dependence."""

    recurrent: Literal["orthogonal", "identity", "xavier", "zeros"] | None = None
    """What their recurrent matrices start as; null leaves them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("steps", self.steps)
        if self.recurrent is not None:
            check_choice("recurrent", self.recurrent, MATRICES)
        if isinstance(self.bias, str) and self.bias not in ("uniform", "chrono"):
            raise ValueError(f"bias is {self.bias!r}; expected a number, 'uniform', 'chrono' or null")
        if self.bias is not None and not isinstance(self.bias, str):
            check_finite("bias", self.bias)
        if self.bias == "chrono" and self.steps < 3:
            raise ValueError(f"steps is {self.steps} with bias 'chrono'; expected at least 3")


@final
@register_switch("gate_start", GateStartSpec)
class GateStart(Switch):
    """Where the biases and recurrent matrices of single gates start.

    Equations, for the bias b of each unit of a gate::

        uniform: b = -log(1/u - 1),   u ~ U(1/H, 1 - 1/H)
        chrono:  b = log u,           u ~ U(1, T - 1)

    It is a change of first values alone: the recurrence stays as it is, and its engine with it.
    Refused: gates that the cell does not have, biases of cells without them.
    References: Gu et al., 2020, https://arxiv.org/abs/1910.09890 (uniform); Tallec & Ollivier, 2018,
    https://arxiv.org/abs/1804.11188 (chrono); Le et al., 2015, https://arxiv.org/abs/1504.00941 (identity).
    """

    card: ClassVar[PartCard] = PartCard(
        paper="Gu et al., 2020, https://arxiv.org/abs/1910.09890; Tallec & Ollivier, 2018, "
        "https://arxiv.org/abs/1804.11188"
    )
    in_evaluation: ClassVar[bool] = False
    spec: GateStartSpec

    def __init__(self, spec: GateStartSpec, recurrence: Recurrence) -> None:
        super().__init__(spec, recurrence)
        if not recurrence.gates:
            raise ValueError(
                "gate_start is of gates of H units, and this cell has none; expected another cell"
            )
        for gate in spec.gates + spec.opposite:
            if gate not in recurrence.gates:
                raise ValueError(f"gate_start names gate {gate!r}; expected some of {recurrence.gates!r}")
        missing = [gate for gate in spec.gates if gate not in recurrence.recurrent_gates]
        if spec.recurrent and missing:
            raise ValueError(
                f"gate_start has recurrent {spec.recurrent!r}, and gate {missing[0]!r} has no recurrent "
                f"weights; expected some of {recurrence.recurrent_gates!r}"
            )

    @torch.no_grad()
    def start(self, cell: Cell) -> tuple[str, ...]:
        bias = cell.bias
        for gate in self.spec.gates + self.spec.opposite:
            if gate not in cell.gates:
                raise ValueError(
                    f"gate_start names gate {gate!r} of a cell inside; expected a cell without one"
                )
        for gate in self.spec.gates:
            if self.spec.recurrent is not None:
                MATRICES[self.spec.recurrent](Cell.recurrent_weight(cell, gate))
            if self.spec.bias is None:
                continue
            if bias is None:
                raise ValueError(
                    f"gate_start has bias {self.spec.bias!r}, and the cell has none; expected null"
                )
            bias[cell.rows(gate)] = first = self._bias(bias[cell.rows(gate)])
            for other in self.spec.opposite:
                bias[cell.rows(other)] = -first
        changed = {"bias": self.spec.bias is not None, "weight_hh": self.spec.recurrent is not None}
        return tuple(name for name, is_changed in changed.items() if is_changed)

    def _bias(self, like: Tensor) -> Tensor:
        """b of one gate, (H,)."""
        if self.spec.bias == "uniform":
            width = max(len(like), 2)
            return torch.logit(torch.empty_like(like).uniform_(1 / width, 1 - 1 / width))
        if self.spec.bias == "chrono":
            return torch.empty_like(like).uniform_(1, self.spec.steps - 1).log()
        assert not isinstance(self.spec.bias, str | None)
        return torch.full_like(like, self.spec.bias)
