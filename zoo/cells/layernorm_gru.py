"""The gated recurrent unit with layer normalisation."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, candidate, register_cell

EPSILON = 1e-5
"""Added to each variance, so that a constant vector is no division by zero."""


@final
@dataclass(frozen=True, kw_only=True)
class LayerNormGRUSpec(CellSpec):
    """Options of the GRU with layer normalisation: those of every cell."""


@final
@register_cell("layernorm_gru", LayerNormGRUSpec)
class LayerNormGRU(Cell):
    r"""The GRU with layer normalisation: each sum keeps its scale, whatever the weights and the state are.

    Equations, with N(a) = (a - mean a) / sqrt(var a + 1e-5) over all entries of a::

        [r, z] = α_x ∘ N([W_r; W_z] x_t) + α_h ∘ N([U_r; U_z] h_{t-1}) + b
        n_t = tanh(α_n ∘ N(W_n x_t) + b_n + σ(r) ∘ (α_u ∘ N(U_n h_{t-1}) + β_u))
        h_t = (1 - σ(z)) ∘ h_{t-1} + σ(z) ∘ n_t

    Rows of the fused weights: r, z, n; b, b_n: `bias`. `gain_ih` (3H,): α_x, α_n; `gain_hh` (3H,): α_h, α_u;
    `bias_u` (H,): β_u. State: h (B, H). Output: h_t.
    Reference: Ba et al., 2016, https://arxiv.org/abs/1607.06450, supplement, the GRU of skip-thoughts: r
    and z are normalised as one vector of 2H, n by itself.
    Deviation: b stands for the shifts of both normalisations of r and z, which only add up.
    """

    card: ClassVar[Card] = Card(
        paper="Ba et al., 2016, https://arxiv.org/abs/1607.06450",
        no_decay=("gain_ih", "gain_hh", "bias_u"),
        own_start=("gain_ih", "gain_hh"),
        claim="Scaling all input or all recurrent weights of a normalised sum changes nothing.",
    )
    gates: ClassVar[str] = "rzn"
    spec: LayerNormGRUSpec
    bias_u: Tensor | None

    def add_parameters(self) -> None:
        width = self.hidden_size
        self.gain_ih = nn.Parameter(torch.empty(3 * width))
        self.gain_hh = nn.Parameter(torch.empty(3 * width))
        self.register_parameter("bias_u", nn.Parameter(torch.empty(width)) if self.spec.bias else None)

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return (self.gain_hh,) if self.bias_u is None else (self.gain_hh, self.bias_u)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.ones_(self.gain_ih)
        nn.init.ones_(self.gain_hh)
        if self.bias_u is not None:
            nn.init.zeros_(self.bias_u)

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """α_x ∘ N([W_r; W_z] x) + b, and α_n ∘ N(W_n x) + b_n."""
        gates, n = self.rows("rz"), self.rows("n")
        a = F.linear(x, self.weight_ih)
        normalised = [
            F.layer_norm(a[..., rows], (rows.stop - rows.start,), self.gain_ih[rows], None, EPSILON)
            for rows in (gates, n)
        ]
        pre = torch.cat(normalised, dim=-1)
        return pre if self.bias is None else pre + self.bias

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        x_r, x_z, x_n = pre.chunk(3, dim=-1)
        a, u = product("rz", h), product("n", h)
        alpha_r, alpha_z, alpha_u = self.gain_hh.chunk(3, dim=-1)
        h_r, h_z = F.layer_norm(a, a.shape[-1:], None, None, EPSILON).chunk(2, dim=-1)
        h_n = F.layer_norm(u, u.shape[-1:], alpha_u, self.bias_u, EPSILON)
        r, z = torch.sigmoid(x_r + alpha_r * h_r), torch.sigmoid(x_z + alpha_z * h_z)
        n = candidate(torch.tanh(x_n + r * h_n), product)
        h = (1 - z) * h + z * n
        return h, Hidden(h)
