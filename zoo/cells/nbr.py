"""The neuromodulated bistable recurrent cell."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class NBRSpec(CellSpec):
    """Options of the neuromodulated bistable recurrent cell: those of every cell."""


@final
@register_cell("nbr", NBRSpec)
class NBR(Cell):
    r"""The neuromodulated bistable cell: units that hold one of two values, and set each other's feedback.

    Equations::

        a_t = 1 + tanh(W_a x_t + U_a h_{t-1} + b_a)
        c_t = σ(W_c x_t + U_c h_{t-1} + b_c)
        h_t = c_t ∘ h_{t-1} + (1 - c_t) ∘ tanh(W_n x_t + a_t ∘ h_{t-1} + b_n)

    Rows of the fused weights: a, c, n; of the recurrent ones: a, c. State: h (B, H). Output: h_t.
    Reference: Vecoven et al., 2021, https://doi.org/10.1371/journal.pone.0252676, whose U and W are W and U
    here.
    Deviation: b_n; the authors' code has b_a and b_c, and the paper none.
    """

    card: ClassVar[Card] = Card(
        paper="Vecoven et al., 2021, https://doi.org/10.1371/journal.pone.0252676",
        claim="A unit has one stable state where a is at most 1, and two where it is more.",
    )
    gates: ClassVar[str] = "acn"
    spec: NBRSpec

    @property
    def recurrent_gates(self) -> str:
        return "ac"

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        x_a, x_c, x_n = pre.chunk(3, dim=-1)
        h_a, h_c = product("ac", h).chunk(2, dim=-1)
        a, c = 1 + torch.tanh(x_a + h_a), torch.sigmoid(x_c + h_c)
        h = c * h + (1 - c) * torch.tanh(x_n + a * h)
        return h, Hidden(h)
