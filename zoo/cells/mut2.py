"""The second of the three units that a search over architectures found."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, CellSpec, Hidden, Product, SkipCell, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class MUT2Spec(CellSpec):
    """Options of MUT2: those of every cell."""


@final
@register_cell("mut2", MUT2Spec)
class MUT2(SkipCell):
    r"""MUT2, a mutated GRU: its reset gate takes the input as it is.

    Equations, with x̂_t = x_t where I = H, and W_s x_t (`weight_skip`) elsewhere::

        z_t = σ(W_z x_t + U_z h_{t-1} + b_z)
        r_t = σ(x̂_t + U_r h_{t-1} + d_r)
        n_t = tanh(W_n x_t + U_n (r_t ∘ h_{t-1}) + b_n)
        h_t = z_t ∘ n_t + (1 - z_t) ∘ h_{t-1}

    Rows of the fused weights: z, n; of the recurrent ones: z, r, n; of `bias_hh`: r. State: h (B, H).
    Output: h_t.
    Reference: Jozefowicz et al., 2015, https://proceedings.mlr.press/v37/jozefowicz15.html, MUT2,
    whose b_r is d_r here and whose h_{t+1} is h_t.
    Deviation: W_s, as inputs may have another width; with it the unit is a GRU.
    """

    card: ClassVar[Card] = Card(
        paper="Jozefowicz et al., 2015, https://proceedings.mlr.press/v37/jozefowicz15.html"
    )
    gates: ClassVar[str] = "zn"
    spec: MUT2Spec

    @property
    def recurrent_gates(self) -> str:
        return "zrn"

    @property
    def recurrent_bias(self) -> str:
        return "r"

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        x_z, x_n, x = pre.chunk(3, dim=-1)
        h_z, h_r = product("zr", h).chunk(2, dim=-1)
        z, r = torch.sigmoid(x_z + h_z), torch.sigmoid(x + h_r)
        n = candidate(torch.tanh(x_n + product("n", r * h)), product)
        h = z * n + (1 - z) * h
        return h, Hidden(h)
