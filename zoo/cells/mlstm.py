"""The LSTM with a matrix as its memory."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from zoo.cells.base import Card, MatrixCell, MatrixSpec, MatrixTerms, StabilisedMemory, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class MLSTMSpec(MatrixSpec):
    """Options of the mLSTM."""

    forget_bias: float = 3.0
    """Initial bias of the forget gate of the first head; those of the others go up to 3 more."""


@final
@register_cell("mlstm", MLSTMSpec)
class MLSTM(MatrixCell):
    r"""An LSTM that keeps values under keys in a matrix, and lets them in by an exponential gate.

    Equations, for each head, with numbers i and f::

        q_t = W_q x_t + b_q,  k_t = (W_k x_t + b_k) / √K,  v_t = W_v x_t + b_v
        i_t = exp(w_i x_t + b_i),  f_t = σ(w_f x_t + b_f),  o_t = σ(W_o x_t + b_o)
        C_t = f_t C_{t-1} + i_t k_t v_t^T
        n_t = f_t n_{t-1} + i_t k_t
        h_t = o_t ∘ C_t^T q_t / max(|n_t · q_t|, 1)

    C and n are kept divided by exp(m), so that exp(i) cannot overflow::

        m_t = max(log f_t + m_{t-1}, log i_t)

    Rows of the fused weights: q, k, v, o; of `weight_heads`: i, f. State: S (B, N K (V + 1)), whose last
    column is n, and m (B, N). Output: h_t.
    Reference: Beck et al., 2024, https://arxiv.org/abs/2405.04517, equations 19-27.
    Deviations: the block around it there (projections, convolution, group norm) is the stack's business.
    """

    card: ClassVar[Card] = Card(
        paper="Beck et al., 2024, https://arxiv.org/abs/2405.04517",
        equations="19-27",
        family="matrix",
        own_start=("bias_heads",),
        recommended="heads: 4 or so",
    )
    gates: ClassVar[str] = "qkvo"
    state_type = StabilisedMemory
    head_gates = 2
    has_normaliser = True
    spec: MLSTMSpec

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        if self.bias_heads is not None:
            first = self.spec.forget_bias
            self.bias_heads[self.spec.heads :] = torch.linspace(first, first + 3, self.spec.heads)

    def terms(self, pre: Float[Tensor, "... G"]) -> MatrixTerms:
        q, k, v, _, i, f = self.by_head(pre)
        return MatrixTerms(
            q=q,
            k=k * self.width**-0.5,
            v=torch.cat([v, torch.ones_like(v[..., :1])], dim=-1),
            log_decay=F.logsigmoid(f),
            log_input=i,
        )

    def read(self, found: Tensor, m: Tensor | None, pre: Tensor) -> Tensor:
        assert m is not None
        _, _, _, o, _, _ = self.by_head(pre)
        h = found[..., :-1] / torch.maximum(found[..., -1:].abs(), torch.exp(-m))
        return (torch.sigmoid(o) * h).flatten(-2)
