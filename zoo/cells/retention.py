"""Retention."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from zoo.cells.base import Card, MatrixCell, MatrixSpec, MatrixTerms, register_cell, rms_normed


@final
@dataclass(frozen=True, kw_only=True)
class RetentionSpec(MatrixSpec):
    """Options of retention: those of every cell with a matrix memory."""


@final
@register_cell("retention", RetentionSpec)
class Retention(MatrixCell):
    r"""Linear attention that forgets: each head at a rate of its own, which is fixed.

    Equations, for head n = 0, 1, ..., with γ_n = 1 - 2^(-5 - n)::

        q_t = W_q x_t + b_q,  k_t = (W_k x_t + b_k) / √K,  v_t = W_v x_t + b_v
        S_t = γ_n S_{t-1} + k_t v_t^T
        h_t = silu(W_g x_t + b_g) ∘ N(S_t^T q_t)

    N gives each head a mean square of 1. Rows of the fused weights: q, k, v, g. State: S (B, N K V). Output:
    h_t.
    Reference: Sun et al., 2023, https://arxiv.org/abs/2307.08621.
    Deviations: without the rotation of q and k by their position; N does not take the mean away; the matrix
    that mixes the heads is left to the next layer.
    """

    card: ClassVar[Card] = Card(
        paper="Sun et al., 2023, https://arxiv.org/abs/2307.08621",
        equations="6, 8",
        family="matrix",
        linear=True,
    )
    gates: ClassVar[str] = "qkvg"

    def terms(self, pre: Float[Tensor, "... G"]) -> MatrixTerms:
        q, k, v, _ = self.by_head(pre)
        heads = torch.arange(self.spec.heads, dtype=pre.dtype, device=pre.device).unsqueeze(-1)
        log_decay = torch.log1p(-torch.exp2(-5 - heads)).expand_as(v[..., :1])
        return MatrixTerms(q=q, k=k * self.width**-0.5, v=v, log_decay=log_decay)

    def read(self, found: Tensor, m: Tensor | None, pre: Tensor) -> Tensor:
        *_, g = self.by_head(pre)
        return (F.silu(g) * rms_normed(found)).flatten(-2)
