"""The second of the three units that a search over architectures found."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class MUT2Spec(CellSpec):
    """Options of MUT2: those of every cell."""


@final
@register_cell("mut2", MUT2Spec)
class MUT2(Cell):
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
    weight_skip: Tensor | None

    @property
    def recurrent_gates(self) -> str:
        return "zrn"

    @property
    def recurrent_bias(self) -> str:
        return "r"

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return ()

    def add_parameters(self) -> None:
        width, width_in = self.hidden_size, self.input_size
        skip = None if width_in == width else nn.Parameter(torch.empty(width, width_in))
        self.register_parameter("weight_skip", skip)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        if self.weight_skip is not None:
            nn.init.xavier_uniform_(self.weight_skip)

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """The input products and biases of z and n, and x̂ behind them."""
        skip = x if self.weight_skip is None else F.linear(x, self.weight_skip)
        return torch.cat([super().project(x), skip], dim=-1)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        x_z, x_n, x = pre.chunk(3, dim=-1)
        h_z, h_r = product("zr", h).chunk(2, dim=-1)
        z, r = torch.sigmoid(x_z + h_z), torch.sigmoid(x + h_r)
        n = torch.tanh(x_n + product("n", r * h))
        h = z * n + (1 - z) * h
        return h, Hidden(h)
