"""The LSTM with a matrix as its memory."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import (
    Card,
    MatrixCell,
    MatrixSpec,
    MatrixTerms,
    StabilisedMemory,
    check_finite,
    register_cell,
)

EPSILON = 1e-6
"""Added to the variance within a head."""


@final
@dataclass(frozen=True, kw_only=True)
class MLSTMSpec(MatrixSpec):
    """Options of the mLSTM, which comes as in its first paper; xLSTM 7B has others."""

    forget_bias: float = 3.0
    """Initial bias of the forget gate of the first head; those of the others go up to 3 more."""

    input_bias: float = 0.0
    """Initial bias of the input gate; -10 in xLSTM 7B."""

    gate_bias_only: bool = False
    """Whether only the input and the forget gate have biases, and not q, k, v and o, as in xLSTM 7B."""

    key_ratio: float = 1.0
    """K / V: how wide keys and queries are beside values, rounded to whole units; 0.5 in xLSTM 7B."""

    gate_cap: float | None = None
    """What the sums of the input and the forget gate come close to at most, either way; 15 in xLSTM 7B."""

    head_norm: bool = False
    """Whether what a head reads is normalised before it meets the output gate, as in xLSTM 7B."""

    read_epsilon: float = 0.0
    """ε, added to what divides what is read; 1e-6 in xLSTM 7B."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_finite("input_bias", self.input_bias)
        check_finite("read_epsilon", self.read_epsilon)
        if self.read_epsilon < 0:
            raise ValueError(f"read_epsilon is {self.read_epsilon}; expected 0 or a positive number")
        for name, value in (("key_ratio", self.key_ratio), ("gate_cap", self.gate_cap)):
            if value is not None and not 0 < value < float("inf"):
                raise ValueError(f"{name} is {value}; expected a positive number")


@final
@register_cell("mlstm", MLSTMSpec)
class MLSTM(MatrixCell):
    r"""An LSTM that keeps values under keys in a matrix, and lets them in by an exponential gate.

    Equations, for each head, with numbers i and f::

        q_t = W_q x_t + b_q,  k_t = (W_k x_t + b_k) / √K,  v_t = W_v x_t + b_v
        i_t = exp(κ(w_i x_t + b_i)),  f_t = σ(κ(w_f x_t + b_f)),  o_t = σ(W_o x_t + b_o)
        C_t = f_t C_{t-1} + i_t k_t v_t^T
        n_t = f_t n_{t-1} + i_t k_t
        h_t = o_t ∘ N(C_t^T q_t / (max(|n_t · q_t|, 1) + ε exp(m_t)))

    C and n are kept divided by exp(m), so that exp(i) cannot overflow; m starts at 0::

        m_t = max(log f_t + m_{t-1}, log i_t)

    κ(z) = c tanh(z / c) where there is a `gate_cap` c, else z. With `head_norm`
    N(z) = α ∘ (z - mean z) / sqrt(var z + 1e-6) over the V units of the head, else z. ε is 0 unless given.
    Rows of the fused weights: q, k (N K each), v, o (N V = H each); of `weight_heads`: i, f. `gain` (H,): α.
    State: S (B, N K (V + 1)), whose last column is n, and m (B, N). Output: h_t.
    References: Beck et al., 2024, https://arxiv.org/abs/2405.04517, equations 19-27; κ, N, ε, K < V and the
    lack of b_q, b_k, b_v, b_o: Beck et al., 2025, https://arxiv.org/abs/2503.13427 (xLSTM 7B), and its code,
    https://github.com/NX-AI/xlstm, which divides q by √K, not k, so that its C and n are √K times as large.
    Deviations: the block around it there (projections, convolution, group norm) is the stack's business.
    """

    card: ClassVar[Card] = Card(
        paper="Beck et al., 2024, https://arxiv.org/abs/2405.04517",
        equations="19-27",
        family="matrix",
        no_decay=("gain",),
        own_start=("bias_heads", "gain"),
        recommended="heads: 4 or so; for a language model gate_cap: 15, head_norm: true, input_bias: -10",
    )
    gates: ClassVar[str] = "qkvo"
    state_type = StabilisedMemory
    head_gates = 2
    has_normaliser = True
    spec: MLSTMSpec
    gain: Tensor | None

    @property
    def key_size(self) -> int:
        return max(1, round(self.spec.key_ratio * self.width))

    def gate_size(self, gate: str) -> int:
        return self.spec.heads * self.key_size if gate in "qk" else self.hidden_size

    def add_parameters(self) -> None:
        super().add_parameters()
        if self.spec.gate_bias_only:
            self.bias = None
        self.register_parameter(
            "gain", nn.Parameter(torch.empty(self.hidden_size)) if self.spec.head_norm else None
        )

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        if self.gain is not None:
            nn.init.ones_(self.gain)
        if self.bias_heads is not None:
            heads, first = self.spec.heads, self.spec.forget_bias
            nn.init.constant_(self.bias_heads[:heads], self.spec.input_bias)
            self.bias_heads[heads:] = torch.linspace(first, first + 3, heads)

    def terms(self, pre: Float[Tensor, "... G"]) -> MatrixTerms:
        q, k, v, _, i, f = self.by_head(pre)
        return MatrixTerms(
            q=q,
            k=k * self.key_size**-0.5,
            v=torch.cat([v, torch.ones_like(v[..., :1])], dim=-1),
            log_decay=F.logsigmoid(self._capped(f)),
            log_input=self._capped(i),
        )

    def read(self, found: Tensor, m: Tensor | None, pre: Tensor) -> Tensor:
        assert m is not None
        _, _, _, o, _, _ = self.by_head(pre)
        size = torch.maximum(found[..., -1:].abs(), torch.exp(-m)) + self.spec.read_epsilon
        return (torch.sigmoid(o) * self._normed(found[..., :-1] / size)).flatten(-2)

    def _capped(self, z: Float[Tensor, "... N 1"]) -> Float[Tensor, "... N 1"]:
        """κ(z)."""
        cap = self.spec.gate_cap
        return z if cap is None else cap * torch.tanh(z / cap)

    def _normed(self, z: Float[Tensor, "... N V"]) -> Float[Tensor, "... N V"]:
        """N(z)."""
        if self.gain is None:
            return z
        return F.layer_norm(z, z.shape[-1:], eps=EPSILON) * self.gain.view(-1, self.width)
