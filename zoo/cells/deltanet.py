"""The delta network."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from zoo.cells.base import Card, MatrixCell, MatrixSpec, MatrixTerms, register_cell, rms_normed, unit


@final
@dataclass(frozen=True, kw_only=True)
class DeltaNetSpec(MatrixSpec):
    """Options of the delta network: those of every cell with a matrix memory."""


@final
@register_cell("deltanet", DeltaNetSpec)
class DeltaNet(MatrixCell):
    r"""Linear attention that corrects itself: what is kept under a key takes the place of what was there.

    Equations, for each head, with a number β::

        q_t = silu(W_q x_t + b_q) / ‖.‖,  k_t = silu(W_k x_t + b_k) / ‖.‖,  v_t = silu(W_v x_t + b_v)
        β_t = σ(w_b x_t + b_b)
        S_t = S_{t-1} + β_t k_t (v_t - S_{t-1}^T k_t)^T
        h_t = N(S_t^T q_t)

    N gives each head a mean square of 1. Rows of the fused weights: q, k, v; of `weight_heads`: β. State: S
    (B, N K V). Output: h_t.
    Reference: Yang et al., 2024, https://arxiv.org/abs/2406.06484; the rule: Schlag et al., 2021,
    https://arxiv.org/abs/2102.11174.
    Deviations: without the short convolutions; the matrix that mixes the heads is left to the next layer.
    """

    card: ClassVar[Card] = Card(
        paper="Yang et al., 2024, https://arxiv.org/abs/2406.06484",
        equations="4",
        family="matrix",
        linear=True,
        recommended="the place of each step in its input where order counts, for nothing fades",
    )
    gates: ClassVar[str] = "qkv"
    head_gates = 1
    has_delta = True

    def terms(self, pre: Float[Tensor, "... G"]) -> MatrixTerms:
        q, k, v, b = self.by_head(pre)
        return MatrixTerms(
            q=unit(F.silu(q)),
            k=unit(F.silu(k)),
            v=F.silu(v),
            log_decay=torch.zeros_like(b),
            beta=torch.sigmoid(b),
        )

    def read(self, found: Tensor, m: Tensor | None, pre: Tensor) -> Tensor:
        return rms_normed(found).flatten(-2)
