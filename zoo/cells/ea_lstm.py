"""The entity-aware LSTM."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import Card, Cell, ForgetSpec, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class EALSTMSpec(ForgetSpec):
    """Options of the entity-aware LSTM."""

    static: int = 1
    """How many of the first input columns say what the sequence is of; the others change with time."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.static < 1:
            raise ValueError(f"static is {self.static}; expected at least 1")


class EALSTMState(NamedTuple):
    """State of the entity-aware LSTM: hidden and cell state."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]


@final
@register_cell("ea_lstm", EALSTMSpec)
class EALSTM(Cell):
    r"""An LSTM whose input gate says which units a sequence uses, by what it is of alone.

    Equations, with s_t the first `static` columns of the input and x_t the others::

        i_t = σ(W_s s_t + b_s)
        f_t = σ(W_f x_t + U_f h_{t-1} + b_f)
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)
        o_t = σ(W_o x_t + U_o h_{t-1} + b_o)
        c_t = f_t ∘ c_{t-1} + i_t ∘ g_t
        h_t = o_t ∘ tanh(c_t)

    Rows of the fused weights: f, g, o, over the columns of x. `weight_static` (H, static), `bias_static`
    (H,): W_s, b_s. State: h, c (B, H). Output: h_t.
    Reference: Kratzert et al., 2019, https://doi.org/10.5194/hess-23-5089-2019, eq. 7-12.
    Deviations: what is static comes with every step, as columns of its input, and nothing checks that it
    does not change; b_f starts at `forget_bias`.
    """

    card: ClassVar[Card] = Card(
        paper="Kratzert et al., 2019, https://doi.org/10.5194/hess-23-5089-2019",
        equations="7-12",
        claim="The input gate is the same at every step of a sequence whose first columns are.",
    )
    gates: ClassVar[str] = "fgo"
    state_type = EALSTMState
    spec: EALSTMSpec
    bias_static: Tensor | None

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return ()

    def add_parameters(self) -> None:
        static, width = self.spec.static, self.hidden_size
        if static > self.input_size:
            raise ValueError(f"static is {static} of {self.input_size} input columns; expected at most all")
        self.weight_ih = nn.Parameter(torch.empty(3 * width, self.input_size - static))
        self.weight_static = nn.Parameter(torch.empty(width, static))
        self.register_parameter("bias_static", nn.Parameter(torch.empty(width)) if self.spec.bias else None)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.xavier_uniform_(self.weight_static)
        if self.bias_static is not None:
            nn.init.zeros_(self.bias_static)

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """The sums of f, g and o, and behind them that of i."""
        static, dynamic = x[..., : self.spec.static], x[..., self.spec.static :]
        entity = F.linear(static, self.weight_static, self.bias_static)
        return torch.cat([F.linear(dynamic, self.weight_ih, self.bias), entity], dim=-1)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, c = state
        x_f, x_g, x_o, i = pre.chunk(4, dim=-1)
        h_f, h_g, h_o = product("fgo", h).chunk(3, dim=-1)
        c = torch.sigmoid(x_f + h_f) * c + torch.sigmoid(i) * candidate(torch.tanh(x_g + h_g), product)
        h = torch.sigmoid(x_o + h_o) * torch.tanh(c)
        return h, EALSTMState(h, c)
