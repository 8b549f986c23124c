"""The scalar memory of xLSTM."""

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from zoo.cells.base import Card, Cell, ForgetSpec, Product, State, check_positive, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class SLSTMSpec(ForgetSpec):
    """Options of the scalar memory of xLSTM."""

    heads: int = 1
    """Groups of units that see only their own group's state, but no more than units; they share H out."""

    forget: Literal["sigmoid", "exp"] = "sigmoid"
    """Activation of the forget gate; the paper has both."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("heads", self.heads)


class SLSTMState(NamedTuple):
    """State of the scalar memory of xLSTM: hidden and cell state, normaliser, and stabiliser."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]
    n: Float[Tensor, "B H"]
    m: Float[Tensor, "B H"]


@final
@register_cell("slstm", SLSTMSpec)
class SLSTM(Cell):
    r"""The scalar memory of xLSTM: exponential gates, which can revise what was stored, and a normaliser.

    Equations, f̂_t the logarithm of σ(f_t), or f_t itself where `forget` is "exp"::

        [z, i, f, o]_t = W x_t + R h_{t-1} + b
        k_t = f̂_t + m_{t-1}, but i_t where n_{t-1} = 0
        m_t = max(k_t, i_t)
        p_t = exp(k_t - m_t), q_t = exp(i_t - m_t)
        c_t = p_t ∘ c_{t-1} + q_t ∘ tanh(z_t)
        n_t = p_t ∘ n_{t-1} + q_t
        h_t = σ(o_t) ∘ c_t / n_t

    R is block-diagonal, one block for each head, and `weight_hh` (4H, H/heads) has the rows of these blocks.
    Rows of the fused weights: z, i, f, o. State: h, c, n, m (B, H). Output: h_t.
    Reference: Beck et al., 2024, https://arxiv.org/abs/2405.04517, eq. 8-17, whose f', i' are p, q here; the
    blocks around it there (convolution, norm, projection) are the stack's business.
    Deviations: where n is 0, as before the first step, nothing was stored whose scale m could keep, and m_t
    is i_t: h_t is the same for every m, and none underflows. Of an n below 0, which a learned initial state
    may have, the absolute value counts. b_f starts at `forget_bias`, not spread over the heads.
    """

    card: ClassVar[Card] = Card(
        paper="Beck et al., 2024, https://arxiv.org/abs/2405.04517",
        equations="8-17",
        claim="its stabiliser changes no output, and keeps those of large gates finite",
    )
    gates: ClassVar[str] = "zifo"
    state_type = SLSTMState
    spec: SLSTMSpec

    @property
    def recurrent_size(self) -> int:
        return self.hidden_size // min(self.spec.heads, self.hidden_size)

    def add_parameters(self) -> None:
        if self.hidden_size % min(self.spec.heads, self.hidden_size):
            raise ValueError(
                f"hidden_size is {self.hidden_size}; expected a multiple of heads {self.spec.heads}"
            )

    def recurrent_weight(self, gates: str) -> Tensor:
        """R, with zeros between the heads."""
        rows, own = super().recurrent_weight(gates), self.recurrent_size
        if own == self.hidden_size:
            return rows
        heads = self.hidden_size // own
        apart = torch.eye(heads, dtype=rows.dtype, device=rows.device)
        blocks = rows.view(len(gates), heads, own, 1, own) * apart.view(heads, 1, heads, 1)
        return blocks.reshape(len(gates) * self.hidden_size, self.hidden_size)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, c, n, m = state
        z, i, f, o = (pre + product("zifo", h)).chunk(4, dim=-1)
        n = torch.abs(n)
        k = torch.where(n > 0, m + (f if self.spec.forget == "exp" else -F.softplus(-f)), i)
        m = torch.maximum(k, i)
        p, q = torch.exp(k - m), torch.exp(i - m)
        c = p * c + q * torch.tanh(z)
        n = p * n + q
        h = torch.sigmoid(o) * c / n
        return h, SLSTMState(h, c, n, m)
