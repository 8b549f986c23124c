"""The delta network with a forget gate."""

import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import Card, MatrixCell, MatrixSpec, MatrixTerms, register_cell, rms_normed, unit


@final
@dataclass(frozen=True, kw_only=True)
class GatedDeltaNetSpec(MatrixSpec):
    """Options of the gated delta network: those of every cell with a matrix memory."""


@final
@register_cell("gated_deltanet", GatedDeltaNetSpec)
class GatedDeltaNet(MatrixCell):
    r"""The delta rule replaces what is under one key; a gate beside it forgets all of it at once.

    Equations, for each head, with numbers α and β, and A = `decay_log`::

        q_t = silu(W_q x_t + b_q) / ‖.‖,  k_t = silu(W_k x_t + b_k) / ‖.‖,  v_t = silu(W_v x_t + b_v)
        β_t = σ(w_b x_t + b_b),  α_t = exp(-exp(A) softplus(w_a x_t + b_a))
        S_t = α_t S_{t-1} + β_t k_t (v_t - α_t S_{t-1}^T k_t)^T
        h_t = silu(W_g x_t + b_g) ∘ N(S_t^T q_t)

    N gives each head a mean square of 1. Rows of the fused weights: q, k, v, g; of `weight_heads`: β, α.
    State: S (B, N K V). Output: h_t. exp(A) starts uniformly between 1 and 16, b_a so that at x = 0 softplus
    lies between 0.001 and 0.1, as in Mamba-2.
    Reference: Yang et al., 2025, https://arxiv.org/abs/2412.06464.
    Deviations: without the short convolutions; the matrix that mixes the heads is left to the next layer.
    """

    card: ClassVar[Card] = Card(
        paper="Yang et al., 2025, https://arxiv.org/abs/2412.06464",
        equations="10",
        family="matrix",
        linear=True,
        no_decay=("decay_log", "bias_heads"),
        own_start=("decay_log", "bias_heads"),
    )
    gates: ClassVar[str] = "qkvg"
    head_gates = 2
    has_delta = True

    def add_parameters(self) -> None:
        super().add_parameters()
        self.decay_log = nn.Parameter(torch.empty(self.spec.heads))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        self.decay_log.uniform_(1, 16).log_()
        if self.bias_heads is not None:
            first = torch.exp(torch.empty(self.spec.heads).uniform_(math.log(1e-3), math.log(1e-1)))
            self.bias_heads[self.spec.heads :] = first + torch.log(-torch.expm1(-first))

    def terms(self, pre: Float[Tensor, "... G"]) -> MatrixTerms:
        q, k, v, _, b, a = self.by_head(pre)
        return MatrixTerms(
            q=unit(F.silu(q)),
            k=unit(F.silu(k)),
            v=F.silu(v),
            log_decay=-torch.exp(self.decay_log).unsqueeze(-1) * F.softplus(a),
            beta=torch.sigmoid(b),
        )

    def read(self, found: Tensor, m: Tensor | None, pre: Tensor) -> Tensor:
        _, _, _, g, _, _ = self.by_head(pre)
        return (F.silu(g) * rms_normed(found)).flatten(-2)
