"""Gated linear attention."""

from dataclasses import dataclass
from typing import ClassVar, final

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from zoo.cells.base import Card, MatrixCell, MatrixSpec, MatrixTerms, check_finite, register_cell, rms_normed


@final
@dataclass(frozen=True, kw_only=True)
class GLASpec(MatrixSpec):
    """Options of gated linear attention."""

    temperature: float = 16.0
    """τ: the forget gate is the τ-th root of a sigmoid, so that it starts near 1."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_finite("temperature", self.temperature)
        if self.temperature <= 0:
            raise ValueError(f"temperature is {self.temperature}; expected a positive number")


@final
@register_cell("gla", GLASpec)
class GLA(MatrixCell):
    r"""Linear attention with a forget gate for each row of its matrix, which sees the input.

    Equations, for each head::

        q_t = (W_q x_t + b_q) / √K,  k_t = W_k x_t + b_k,  v_t = W_v x_t + b_v
        α_t = σ(W_a x_t + b_a)^(1/τ)
        S_t = diag(α_t) S_{t-1} + k_t v_t^T
        h_t = silu(W_r x_t + b_r) ∘ N(S_t^T q_t)

    N gives each head a mean square of 1. Rows of the fused weights: q, k, v, a, r. State: S (B, N K V).
    Output: h_t.
    Reference: Yang et al., 2024, https://arxiv.org/abs/2312.06635, section 4.4.
    Deviations: W_a has full rank (the paper's has 16); N does not take the mean away; the matrix that mixes
    the heads is left to the next layer.
    """

    card: ClassVar[Card] = Card(
        paper="Yang et al., 2024, https://arxiv.org/abs/2312.06635",
        equations="3",
        family="matrix",
        linear=True,
    )
    gates: ClassVar[str] = "qkvar"
    spec: GLASpec

    def terms(self, pre: Float[Tensor, "... G"]) -> MatrixTerms:
        q, k, v, a, _ = self.by_head(pre)
        return MatrixTerms(
            q=q * self.width**-0.5, k=k, v=v, log_decay=F.logsigmoid(a) / self.spec.temperature
        )

    def read(self, found: Tensor, m: Tensor | None, pre: Tensor) -> Tensor:
        *_, r = self.by_head(pre)
        return (F.silu(r) * rms_normed(found)).flatten(-2)
