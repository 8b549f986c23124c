"""The LSTM to which the layer below carries its cell state."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import (
    Card,
    Cell,
    ChronoSpec,
    ForgetSpec,
    Product,
    State,
    candidate,
    chrono_,
    register_cell,
)


@final
@dataclass(frozen=True, kw_only=True)
class HighwayLSTMSpec(ForgetSpec, ChronoSpec):
    """Options of the highway LSTM; the wiring `cell_highway` gives them to the layers of a stack."""

    below: bool = False
    """Whether the second half of the inputs is the cell state of the layer below; without it is an LSTM."""

    carry_bias: float = 0.0
    """How far the gate leans towards carrying the cell state of the layer below at the start."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.carry_bias and not self.below:
            raise ValueError(f"carry_bias is {self.carry_bias} with below False; expected below True")


class HighwayLSTMState(NamedTuple):
    """State of the highway LSTM: hidden and cell state."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]


@final
@register_cell("highway_lstm", HighwayLSTMSpec)
class HighwayLSTM(Cell):
    r"""An LSTM that adds the cell state of the layer below to its own, as much of it as a gate lets through.

    Equations, with x_t the first half of the input and k_t the second, the cell state of the layer below::

        i_t = σ(W_i x_t + U_i h_{t-1} + b_i)
        f_t = σ(W_f x_t + U_f h_{t-1} + b_f)
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)
        o_t = σ(W_o x_t + U_o h_{t-1} + b_o)
        d_t = σ(W_d x_t + p ∘ c_{t-1} + q ∘ k_t + b_d)
        c_t = f_t ∘ c_{t-1} + i_t ∘ g_t + d_t ∘ k_t
        h_t = o_t ∘ tanh(c_t)

    Rows of the fused weights: i, f, g, o, over the columns of x. With `below` also `weight_carry` (H, .),
    `bias_carry` (H,) and `peephole` (2H,): W_d, b_d, and p and q; without, k_t is 0 and x_t the whole input.
    Where k is not as wide as the layer, P k takes its place, with `weight_below` (H, .): P.
    State: h, c (B, H). Output: [h_t; c_t], for the layer above.
    Reference: Zhang et al., 2016, https://arxiv.org/abs/1510.08983.
    Deviations: the gates i, f, o have no peepholes; p and q start at 0; b_f starts at `forget_bias`.
    """

    card: ClassVar[Card] = Card(
        paper="Zhang et al., 2016, https://arxiv.org/abs/1510.08983",
        claim="A gate that is open passes the cell state of the layer below on as it is.",
        no_decay=("peephole",),
        own_start=("bias_carry",),
    )
    gates: ClassVar[str] = "ifgo"
    state_type = HighwayLSTMState
    spec: HighwayLSTMSpec
    bias_carry: Tensor | None
    weight_below: Tensor | None

    @property
    def output_size(self) -> int:
        return 2 * self.hidden_size

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return (self.peephole,) if self.spec.below else ()

    def add_parameters(self) -> None:
        if not self.spec.below:
            return
        if self.input_size < 2:
            raise ValueError("inputs of width 1 have no second half; expected below False, or wider inputs")
        width, carried = self.hidden_size, self.input_size // 2
        self.weight_ih = nn.Parameter(torch.empty(4 * width, self.input_size - carried))
        self.weight_carry = nn.Parameter(torch.empty(width, self.input_size - carried))
        self.register_parameter("bias_carry", nn.Parameter(torch.empty(width)) if self.spec.bias else None)
        self.peephole = nn.Parameter(torch.empty(2 * width))
        below = None if carried == width else nn.Parameter(torch.empty(width, carried))
        self.register_parameter("weight_below", below)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        chrono_(self, keep="f", take="i")
        if not self.spec.below:
            return
        nn.init.xavier_uniform_(self.weight_carry)
        nn.init.zeros_(self.peephole)
        if self.bias_carry is not None:
            nn.init.constant_(self.bias_carry, self.spec.carry_bias)
        if self.weight_below is not None:
            nn.init.xavier_uniform_(self.weight_below)

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """The sums of i, f, g and o, and behind them with `below` that of d, and k."""
        if not self.spec.below:
            return super().project(x)
        x, k = torch.split(x, [self.weight_ih.shape[1], self.input_size // 2], dim=-1)
        k = k if self.weight_below is None else F.linear(k, self.weight_below)
        d = F.linear(x, self.weight_carry, self.bias_carry)
        return torch.cat([F.linear(x, self.weight_ih, self.bias), d, k], dim=-1)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, c = state
        x_i, x_f, x_g, x_o, *carried = pre.chunk(6 if self.spec.below else 4, dim=-1)
        h_i, h_f, h_g, h_o = product("ifgo", h).chunk(4, dim=-1)
        g = candidate(torch.tanh(x_g + h_g), product)
        new = torch.sigmoid(x_f + h_f) * c + torch.sigmoid(x_i + h_i) * g
        if carried:
            (x_d, k), (p, q) = carried, self.peephole.chunk(2, dim=-1)
            new = new + torch.sigmoid(x_d + p * c + q * k) * k
        h = torch.sigmoid(x_o + h_o) * torch.tanh(new)
        return torch.cat([h, new], dim=-1), HighwayLSTMState(h, new)
