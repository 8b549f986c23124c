"""The LSTM with a recurrent projection."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, ForgetSpec, Product, State, candidate, check_positive, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class LSTMPSpec(ForgetSpec):
    """Options of the LSTM with a recurrent projection."""

    projection: int | None = None
    """P: width of the output, which is also what the gates see; that of the cell state if not given."""

    peephole: bool = True
    """Whether the gates i, f, o see the cell state."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.projection is not None:
            check_positive("projection", self.projection)
            if self.recurrent_init == "identity":
                self.refuse_recurrent_init("recurrent matrices that need not be square with a projection")


class LSTMPState(NamedTuple):
    """State of the LSTM with a recurrent projection: projected output and cell state."""

    r: Float[Tensor, "B P"]
    c: Float[Tensor, "B H"]


@final
@register_cell("lstmp", LSTMPSpec)
class LSTMP(Cell):
    r"""The LSTM with a recurrent projection: a large cell state behind a small output saves weights.

    Equations::

        i_t = σ(W_i x_t + U_i r_{t-1} + p_i ∘ c_{t-1} + b_i)
        f_t = σ(W_f x_t + U_f r_{t-1} + p_f ∘ c_{t-1} + b_f)
        g_t = tanh(W_g x_t + U_g r_{t-1} + b_g)
        c_t = f_t ∘ c_{t-1} + i_t ∘ g_t
        o_t = σ(W_o x_t + U_o r_{t-1} + p_o ∘ c_t + b_o)
        r_t = V (o_t ∘ tanh(c_t))

    Rows of the fused weights: i, f, g, o; the recurrent ones are (4H, P). `peephole` (3H,): p_i, p_f, p_o,
    unless `peephole` is false; `weight_projection` (P, H): V. State: r (B, P), c (B, H). Output: r_t.
    Reference: Sak et al., 2014, https://arxiv.org/abs/1402.1128, equations 7 to 13, whose W_rm is V.
    Deviations: no second projection p_t, which is not recurrent; the peepholes start at 0; b_f starts at
    `forget_bias`. Without peepholes it is nn.LSTM with proj_size.
    """

    card: ClassVar[Card] = Card(
        paper="Sak et al., 2014, https://arxiv.org/abs/1402.1128",
        equations="7 to 13",
        claim="The weights grow with the width of the projection, and not with the square of the units.",
        no_decay=("peephole",),
    )
    gates: ClassVar[str] = "ifgo"
    state_type = LSTMPState
    products: ClassVar[Mapping[str, str]] = {"projection": "weight_projection"}
    spec: LSTMPSpec
    peephole: Tensor | None

    @property
    def recurrent_size(self) -> int:
        return self.spec.projection or self.hidden_size

    @property
    def output_size(self) -> int:
        return self.recurrent_size

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return self.recurrent_size, self.hidden_size

    def add_parameters(self) -> None:
        own = nn.Parameter(torch.empty(3 * self.hidden_size)) if self.spec.peephole else None
        self.register_parameter("peephole", own)
        self.weight_projection = nn.Parameter(torch.empty(self.recurrent_size, self.hidden_size))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.xavier_uniform_(self.weight_projection)
        if self.peephole is not None:
            nn.init.zeros_(self.peephole)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        r, c = state
        z_i, z_f, z_g, z_o = (pre + product("ifgo", r)).chunk(4, dim=-1)
        if self.peephole is None:
            i, f = torch.sigmoid(z_i), torch.sigmoid(z_f)
            c = f * c + i * candidate(torch.tanh(z_g), product)
            o = torch.sigmoid(z_o)
        else:
            p_i, p_f, p_o = self.peephole.chunk(3, dim=-1)
            i, f = torch.sigmoid(z_i + p_i * c), torch.sigmoid(z_f + p_f * c)
            c = f * c + i * candidate(torch.tanh(z_g), product)
            o = torch.sigmoid(z_o + p_o * c)
        r = product("projection", o * torch.tanh(c))
        return r, LSTMPState(r, c)
