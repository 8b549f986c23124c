"""What cells share whose recurrent matrix is antisymmetric: Chang et al., 2019."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from zoo.cells.cell import Cell
from zoo.cells.cell_spec import CellSpec


@dataclass(frozen=True, kw_only=True)
class AntisymmetricSpec(CellSpec):
    """Options of every cell with an antisymmetric matrix."""

    dt: float = 0.1
    """ε: how much time a step takes."""

    gamma: float = 0.01
    """γ: diffusion, which makes up for what a step of finite length adds."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("an antisymmetric matrix")
        if self.dt <= 0:
            raise ValueError(f"dt is {self.dt}; expected more than 0")
        if self.gamma < 0:
            raise ValueError(f"gamma is {self.gamma}; expected 0 or more")


class AntisymmetricCell(Cell):
    """A cell whose recurrent matrix is W - Wᵀ - γ I; W starts normally with variance 1/H."""

    spec: AntisymmetricSpec

    @property
    def recurrent_gates(self) -> str:
        return "h"

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        assert self.weight_hh is not None
        nn.init.normal_(self.weight_hh, std=self.hidden_size**-0.5)

    def recurrent_weight(self, gates: str) -> Tensor:
        """W - Wᵀ - γ I."""
        w = super().recurrent_weight(gates)
        return w - w.T - self.spec.gamma * torch.eye(self.hidden_size, dtype=w.dtype, device=w.device)
