"""The LSTM whose output goes on changing between its inputs."""

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, ForgetSpec, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class ODELSTMSpec(ForgetSpec):
    """Options of the ODE-LSTM."""

    solver: Literal["euler", "rk4"] = "euler"
    """What solves the equation of h: Euler's method, or Runge-Kutta of order 4 (four times the work)."""

    unfolds: int = 3
    """Steps of the solver between two inputs."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.unfolds < 1:
            raise ValueError(f"unfolds is {self.unfolds}; expected at least 1")


class ODELSTMState(NamedTuple):
    """State of the ODE-LSTM: hidden and cell state."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]


@final
@register_cell("ode_lstm", ODELSTMSpec)
class ODELSTM(Cell):
    r"""An LSTM for irregular times: its memory keeps the gradient, and its output follows a field in between.

    Equations, with Δ_t the time since the step before::

        (z_t, c_t) = LSTM(x_t, (h_{t-1}, c_{t-1}))
        h_t = y(Δ_t)  where  y(0) = z_t,  dy/dt = V tanh(U y + u) + v

    Rows of the fused weights: i, f, g, o of the LSTM. `weight_in`, `weight_out` (H, H): U, V; `bias_in`,
    `bias_out` (H,): u, v. State: h, c (B, H). Output: h_t.
    Reference: Lechner & Hasani, 2020, https://arxiv.org/abs/2006.04418, algorithm 1; the field and the
    solvers are those of its authors' code.
    Deviations: fixed steps only, and Euler's by default; b_f starts at `forget_bias`.
    """

    card: ClassVar[Card] = Card(
        paper="Lechner & Hasani, 2020, https://arxiv.org/abs/2006.04418",
        equations="algorithm 1",
        family="continuous",
        claim="The path of the gradient through c is that of an LSTM, whatever the times.",
        no_decay=("bias_in", "bias_out"),
    )
    gates: ClassVar[str] = "ifgo"
    state_type = ODELSTMState
    reads_deltas: ClassVar[bool] = True
    products: ClassVar[dict[str, str]] = {"u": "weight_in", "v": "weight_out"}
    spec: ODELSTMSpec
    bias_in: Tensor | None
    bias_out: Tensor | None

    def add_parameters(self) -> None:
        width = self.hidden_size
        self.weight_in = nn.Parameter(torch.empty(width, width))
        self.weight_out = nn.Parameter(torch.empty(width, width))
        for name in ("bias_in", "bias_out"):
            self.register_parameter(name, nn.Parameter(torch.empty(width)) if self.spec.bias else None)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        for weight in (self.weight_in, self.weight_out):
            nn.init.xavier_uniform_(weight)
        for bias in (self.bias_in, self.bias_out):
            if bias is not None:
                nn.init.zeros_(bias)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, c = state
        x_i, x_f, x_g, x_o, delta = pre.chunk(5, dim=-1)
        h_i, h_f, h_g, h_o = product("ifgo", h).chunk(4, dim=-1)
        g = candidate(torch.tanh(x_g + h_g), product)
        c = torch.sigmoid(x_f + h_f) * c + torch.sigmoid(x_i + h_i) * g
        y = torch.sigmoid(x_o + h_o) * torch.tanh(c)
        d = delta / self.spec.unfolds
        for _ in range(self.spec.unfolds):
            y = y + d * self._slope(y, d, product)
        return y, ODELSTMState(y, c)

    def _slope(self, y: Tensor, d: Tensor, product: Product) -> Tensor:
        """The slope of y over the next d: at its beginning, or a mean of four."""
        first = self._field(y, product)
        if self.spec.solver == "euler":
            return first
        second = self._field(y + d / 2 * first, product)
        third = self._field(y + d / 2 * second, product)
        fourth = self._field(y + d * third, product)
        return (first + 2 * second + 2 * third + fourth) / 6

    def _field(self, y: Tensor, product: Product) -> Tensor:
        inner = product("u", y)
        if self.bias_in is not None:
            inner = inner + self.bias_in
        slope = product("v", torch.tanh(inner))
        return slope if self.bias_out is None else slope + self.bias_out
