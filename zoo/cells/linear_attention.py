"""Linear attention."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from zoo.cells.base import Card, MatrixCell, MatrixSpec, MatrixTerms, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class LinearAttentionSpec(MatrixSpec):
    """Options of linear attention: those of every cell with a matrix memory."""


@final
@register_cell("linear_attention", LinearAttentionSpec)
class LinearAttention(MatrixCell):
    r"""Attention without a softmax is a recurrence: what was seen is summed up in a matrix for ever.

    Equations, for each head, with φ(x) = elu(x) + 1::

        q_t = φ(W_q x_t + b_q),  k_t = φ(W_k x_t + b_k),  v_t = W_v x_t + b_v
        S_t = S_{t-1} + k_t v_t^T
        z_t = z_{t-1} + k_t
        h_t = S_t^T q_t / (z_t · q_t)

    Rows of the fused weights: q, k, v. State: S (B, N K (V + 1)), whose last column is z. Output: h_t.
    Reference: Katharopoulos et al., 2020, https://arxiv.org/abs/2006.16236.
    Deviation: the matrix that mixes the heads is left to the next layer.
    """

    card: ClassVar[Card] = Card(
        paper="Katharopoulos et al., 2020, https://arxiv.org/abs/2006.16236",
        equations="18-20",
        family="matrix",
        linear=True,
        recommended="heads: 4; the place of each step in its input where order counts, for nothing fades",
    )
    gates: ClassVar[str] = "qkv"
    has_normaliser = True

    def terms(self, pre: Float[Tensor, "... G"]) -> MatrixTerms:
        q, k, v = self.by_head(pre)
        return MatrixTerms(
            q=F.elu(q) + 1,
            k=F.elu(k) + 1,
            v=torch.cat([v, torch.ones_like(v[..., :1])], dim=-1),
            log_decay=torch.zeros_like(v[..., :1]),
        )

    def read(self, found: Tensor, m: Tensor | None, pre: Tensor) -> Tensor:
        return (found[..., :-1] / found[..., -1:]).flatten(-2)
