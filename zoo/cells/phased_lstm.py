"""The LSTM that opens for a short time of each period."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, ForgetSpec, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class PhasedLSTMSpec(ForgetSpec):
    """Options of the phased LSTM."""

    open_ratio: float = 0.05
    """r: the part of each period in which a unit is open."""

    leak: float = 0.001
    """α: how far a closed unit opens, so that its gradient is not 0; the paper sets it to 0 for testing."""

    max_log_period: float = 3.0
    """The periods start with logarithms that are uniform from 0 to this; long ones remember for longer."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.leak < 1:
            raise ValueError(f"leak is {self.leak}; expected at least 0 and less than 1")
        if not 0 < self.open_ratio <= 1:
            raise ValueError(f"open_ratio is {self.open_ratio}; expected more than 0 and at most 1")


class PhasedLSTMState(NamedTuple):
    """State of the phased LSTM: hidden and cell state, and the time, which is the same for all units."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]
    t: Float[Tensor, "B H"]


@final
@register_cell("phased_lstm", PhasedLSTMSpec)
class PhasedLSTM(Cell):
    r"""An LSTM with a clock for each unit: updated while its phase is open, kept while it is closed.

    Equations, with Δ_t the time since the step before, τ = exp(`log_period`) and s = `shift`, (H,) each::

        t_t = t_{t-1} + Δ_t
        φ_t = ((t_t - s) mod τ) / τ
        k_t = 2 φ_t / r  where φ_t < r/2,  2 - 2 φ_t / r  where φ_t < r,  α φ_t  elsewhere
        i_t = σ(W_i x_t + U_i h_{t-1} + p_i ∘ c_{t-1} + b_i)
        f_t = σ(W_f x_t + U_f h_{t-1} + p_f ∘ c_{t-1} + b_f)
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)
        c̃_t = f_t ∘ c_{t-1} + i_t ∘ g_t
        c_t = k_t ∘ c̃_t + (1 - k_t) ∘ c_{t-1}
        o_t = σ(W_o x_t + U_o h_{t-1} + p_o ∘ c̃_t + b_o)
        h_t = k_t ∘ (o_t ∘ tanh(c̃_t)) + (1 - k_t) ∘ h_{t-1}

    Rows of the fused weights: i, f, g, o. `peephole` (3H,): p_i, p_f, p_o. State: h, c, t (B, H).
    Output: h_t.
    Reference: Neil et al., 2016, https://arxiv.org/abs/1610.09513, eq. 1-10.
    Deviations: r is an option, and not learned; s starts uniformly within its period; o sees c̃_t, as the
    authors' code has it, where the paper's eq. 5 writes c_t; b_f starts at `forget_bias`, the peepholes at 0.
    """

    card: ClassVar[Card] = Card(
        paper="Neil et al., 2016, https://arxiv.org/abs/1610.09513",
        equations="1-10",
        family="continuous",
        claim="Without a leak, units whose phase is closed keep their state and its gradient.",
        no_decay=("peephole", "log_period", "shift"),
        own_start=("log_period", "shift"),
    )
    gates: ClassVar[str] = "ifgo"
    state_type = PhasedLSTMState
    reads_deltas: ClassVar[bool] = True
    spec: PhasedLSTMSpec

    def add_parameters(self) -> None:
        self.peephole = nn.Parameter(torch.empty(3 * self.hidden_size))
        self.log_period = nn.Parameter(torch.empty(self.hidden_size))
        self.shift = nn.Parameter(torch.empty(self.hidden_size))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.zeros_(self.peephole)
        self.log_period.uniform_(0, self.spec.max_log_period)
        self.shift.copy_(torch.rand_like(self.shift) * self.log_period.exp())

    def openness(self, t: Float[Tensor, "B H"]) -> Float[Tensor, "B H"]:
        """k: how far each unit is open at this time."""
        turns, r = (t - self.shift) * torch.exp(-self.log_period), self.spec.open_ratio
        phase = turns - torch.floor(turns)
        rising, falling = 2 / r * phase, 2 - 2 / r * phase
        return torch.where(phase < r / 2, rising, torch.where(phase < r, falling, self.spec.leak * phase))

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, c, t = state
        x_i, x_f, x_g, x_o, delta = pre.chunk(5, dim=-1)
        h_i, h_f, h_g, h_o = product("ifgo", h).chunk(4, dim=-1)
        p_i, p_f, p_o = self.peephole.chunk(3, dim=-1)
        t = t + delta
        k = self.openness(t)
        i, f = torch.sigmoid(x_i + h_i + p_i * c), torch.sigmoid(x_f + h_f + p_f * c)
        new = f * c + i * candidate(torch.tanh(x_g + h_g), product)
        o = torch.sigmoid(x_o + h_o + p_o * new)
        c = k * new + (1 - k) * c
        h = k * (o * torch.tanh(new)) + (1 - k) * h
        return h, PhasedLSTMState(h, c, t)
