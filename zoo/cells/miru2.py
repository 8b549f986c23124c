"""The second minion recurrent unit."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class MiRU2Spec(CellSpec):
    """Options of MiRU2."""

    update: float = 0.5
    """λ: the part of the state that stays in each step."""

    reset: float = 0.5
    """θ: the part of the state that the candidate sees."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.update < 1:
            raise ValueError(f"update is {self.update}; expected at least 0 and less than 1")
        if not 0 < self.reset <= 1:
            raise ValueError(f"reset is {self.reset}; expected more than 0 and at most 1")


@final
@register_cell("miru2", MiRU2Spec)
class MiRU2(Cell):
    r"""A GRU whose gates are both constants: a leaky recurrent network.

    Equations::

        n_t = tanh(W_n x_t + U_n (θ h_{t-1}) + b_n)
        h_t = λ h_{t-1} + (1 - λ) n_t

    Rows of the fused weights: n. State: h (B, H). Output: h_t.
    Reference: Zyarah & Kudithipudi, 2026, https://doi.org/10.1016/j.neucom.2026.132847, whose h̃ is n
    here, as torchrecurrent writes its equations: the paper itself was not at hand.
    """

    card: ClassVar[Card] = Card(
        paper="Zyarah & Kudithipudi, 2026, https://doi.org/10.1016/j.neucom.2026.132847",
        claim="A third of a GRU's parameters, and a part λ of the state that always stays.",
    )
    gates: ClassVar[str] = "n"
    spec: MiRU2Spec

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        n = candidate(torch.tanh(pre + product("n", self.spec.reset * h)), product)
        h = self.spec.update * h + (1 - self.spec.update) * n
        return h, Hidden(h)
