"""The cell that neural architecture search found for the Penn Treebank."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, CellSpec, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class NASSpec(CellSpec):
    """Options of the NAS cell."""

    bias: bool = False
    """Whether the units have additive biases; the authors' cell has none by default."""


class NASState(NamedTuple):
    """State of the NAS cell: hidden and cell state."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]


@final
@register_cell("nas", NASSpec)
class NAS(Cell):
    r"""The NAS cell: eight units in pairs, put together by a search that was rewarded for low perplexity.

    Equations, with a_k = W_k x_t + U_k h_{t-1} + b_k::

        p, r, u, w = σ(a_p), σ(a_r), σ(a_u), σ(a_w)
        q, t, v = relu(a_q), tanh(a_t), tanh(a_v)
        s = relu((W_s x_t + b_s) ∘ U_s h_{t-1})
        c_t = tanh(tanh(p ∘ q) + c_{t-1}) ∘ tanh(r + s)
        h_t = tanh(c_t ∘ tanh(tanh(t ∘ u) + σ(v + w)))

    Rows of the fused weights: p, q, r, s, t, u, v, w. State: h, c (B, H). Output: h_t.
    Reference: Zoph & Le, 2016, https://arxiv.org/abs/1611.01578, figure 8, of base 8; the figure is read as
    in NASCell of TensorFlow, which its first author wrote.
    Deviation: b_s is added to W_s x_t; TensorFlow's cell, if asked for biases, adds it to U_s h_{t-1}.
    """

    card: ClassVar[Card] = Card(paper="Zoph & Le, 2016, https://arxiv.org/abs/1611.01578")
    gates: ClassVar[str] = "pqrstuvw"
    state_type = NASState
    spec: NASSpec

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, c = state
        x_p, x_q, x_r, x_s, x_t, x_u, x_v, x_w = pre.chunk(8, dim=-1)
        h_p, h_q, h_r, h_s, h_t, h_u, h_v, h_w = product("pqrstuvw", h).chunk(8, dim=-1)
        p, q = torch.sigmoid(x_p + h_p), torch.relu(x_q + h_q)
        r, s = torch.sigmoid(x_r + h_r), torch.relu(x_s * h_s)
        t, u = torch.tanh(x_t + h_t), torch.sigmoid(x_u + h_u)
        v, w = torch.tanh(x_v + h_v), torch.sigmoid(x_w + h_w)
        c = torch.tanh(torch.tanh(p * q) + c) * torch.tanh(r + s)
        h = torch.tanh(c * torch.tanh(torch.tanh(t * u) + torch.sigmoid(v + w)))
        return h, NASState(h, c)
