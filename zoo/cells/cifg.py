"""The LSTM with coupled input and forget gates."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, CellSpec, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class CIFGSpec(CellSpec):
    """Options of the LSTM with coupled gates."""

    peephole: bool = True
    """Whether the gates see the cell, as in the paper."""


class CIFGState(NamedTuple):
    """State of the LSTM with coupled gates: hidden and cell state."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]


@final
@register_cell("cifg", CIFGSpec)
class CIFG(Cell):
    r"""The LSTM with one gate that lets in as much as it forgets, so that a quarter of the weights is saved.

    Equations, with `peephole` = [p_i, p_o], (2H,), which are 0 without it::

        i_t = σ(W_i x_t + U_i h_{t-1} + p_i ∘ c_{t-1} + b_i)
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)
        c_t = (1 - i_t) ∘ c_{t-1} + i_t ∘ g_t
        o_t = σ(W_o x_t + U_o h_{t-1} + p_o ∘ c_t + b_o)
        h_t = o_t ∘ tanh(c_t)

    Rows of the fused weights: i, g, o. State: h, c (B, H). Output: h_t.
    Reference: Greff et al., 2015, https://arxiv.org/abs/1503.04069, variant CIFG: the forward pass of its
    vanilla LSTM with f = 1 - i; its y, z, R are h, g, U here.
    Deviation: the peepholes start at 0, where the paper draws them normally with a tuned deviation.
    """

    card: ClassVar[Card] = Card(
        paper="Greff et al., 2015, https://arxiv.org/abs/1503.04069",
        no_decay=("peephole",),
    )
    gates: ClassVar[str] = "igo"
    state_type = CIFGState
    spec: CIFGSpec
    peephole: Tensor | None

    def add_parameters(self) -> None:
        peephole = nn.Parameter(torch.empty(2 * self.hidden_size)) if self.spec.peephole else None
        self.register_parameter("peephole", peephole)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        if self.peephole is not None:
            nn.init.zeros_(self.peephole)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, c = state
        i, g, o = (pre + product("igo", h)).chunk(3, dim=-1)
        if self.peephole is None:
            i = torch.sigmoid(i)
            c = (1 - i) * c + i * candidate(torch.tanh(g), product)
        else:
            p_i, p_o = self.peephole.chunk(2, dim=-1)
            i = torch.sigmoid(i + p_i * c)
            c = (1 - i) * c + i * candidate(torch.tanh(g), product)
            o = o + p_o * c
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, CIFGState(h, c)
