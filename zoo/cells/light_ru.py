"""The light recurrent unit."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class LightRUSpec(CellSpec):
    """Options of the light recurrent unit: those of every cell."""


@final
@register_cell("light_ru", LightRUSpec)
class LightRU(Cell):
    r"""The light recurrent unit: one gate, and a candidate that sees the input alone.

    Equations::

        n_t = tanh(W_n x_t + b_n)
        f_t = σ(W_f x_t + U_f h_{t-1} + b_f)
        h_t = (1 - f_t) ∘ h_{t-1} + f_t ∘ n_t

    Rows of the fused weights: n, f; of the recurrent ones: f. State: h (B, H). Output: h_t.
    Reference: Ye et al., 2024, https://doi.org/10.3390/electronics13163204, whose h̃ is n
    here, as torchrecurrent writes its equations: the paper itself was not at hand.
    Deviation: its stack of cells with other activations is not here.
    """

    card: ClassVar[Card] = Card(
        paper="Ye et al., 2024, https://doi.org/10.3390/electronics13163204",
        claim="One recurrent matrix, where a GRU has three.",
    )
    gates: ClassVar[str] = "nf"
    spec: LightRUSpec

    @property
    def recurrent_gates(self) -> str:
        return "f"

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        n, x_f = pre.chunk(2, dim=-1)
        f = torch.sigmoid(x_f + product("f", h))
        h = (1 - f) * h + f * candidate(torch.tanh(n), product)
        return h, Hidden(h)
