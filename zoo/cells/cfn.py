"""The chaos-free network."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class CFNSpec(CellSpec):
    """Options of the chaos-free network: those of every cell."""


@final
@register_cell("cfn", CFNSpec)
class CFN(Cell):
    r"""The chaos-free network: units that see one another through gates only, and fall asleep without input.

    Equations::

        t_t = σ(W_t x_t + U_t h_{t-1} + d_t)
        e_t = σ(W_e x_t + U_e h_{t-1} + d_e)
        h_t = t_t ∘ tanh(h_{t-1}) + e_t ∘ tanh(W_n x_t)

    Rows of the fused weights: t, e, n; of the recurrent ones and of `bias_hh`: t, e; no `bias`.
    State: h (B, H). Output: h_t.
    Reference: Laurent & von Brecht, 2016, https://arxiv.org/abs/1612.06212, whose θ, η, V, b, W are t, e, W,
    d, W_n here. No deviations.
    """

    card: ClassVar[Card] = Card(
        paper="Laurent & von Brecht, 2016, https://arxiv.org/abs/1612.06212",
        claim="Without input every state falls to 0, which is its only attractor.",
    )
    gates: ClassVar[str] = "ten"
    spec: CFNSpec

    @property
    def recurrent_gates(self) -> str:
        return "te"

    @property
    def recurrent_bias(self) -> str:
        return "te"

    def add_parameters(self) -> None:
        """What comes in has no bias, or it would keep units awake; those of the gates are in `bias_hh`."""
        self.bias = None

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        x_t, x_e, n = pre.chunk(3, dim=-1)
        h_t, h_e = product("te", h).chunk(2, dim=-1)
        t, e = torch.sigmoid(x_t + h_t), torch.sigmoid(x_e + h_e)
        h = t * torch.tanh(h) + e * candidate(torch.tanh(n), product)
        return h, Hidden(h)
