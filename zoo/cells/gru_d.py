"""The GRU for series with missing values."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import Card, Cell, CellSpec, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class GRUDSpec(CellSpec):
    """Options of the GRU-D."""

    mean: float = 0.0
    """What a feature that was not seen for long is taken to be: its mean, which is 0 for scaled data."""


class GRUDState(NamedTuple):
    """State of the GRU-D: hidden state, last value of each feature, and the time since it was seen."""

    h: Float[Tensor, "B H"]
    last: Float[Tensor, "B I"]
    gap: Float[Tensor, "B I"]


@final
@register_cell("gru_d", GRUDSpec)
class GRUD(Cell):
    r"""A GRU that takes NaN for a missing value: what it saw last fades to the mean, and its state fades too.

    Equations, with m_t 1 where x_t is a number and 0 where it is NaN, Δ_t the time since the step before::

        δ_t = Δ_t + (1 - m_{t-1}) ∘ δ_{t-1}
        γ_x = exp(-max(0, p ∘ δ_t + q)),  γ_h = exp(-max(0, D δ_t + e))
        x̂_t = m_t ∘ x_t + (1 - m_t) ∘ (γ_x ∘ x' + (1 - γ_x) x̄)
        h' = γ_h ∘ h_{t-1}
        z_t = σ(W_z x̂_t + U_z h' + V_z m_t + b_z)
        r_t = σ(W_r x̂_t + U_r h' + V_r m_t + b_r)
        n_t = tanh(W_n x̂_t + U_n (r_t ∘ h') + V_n m_t + b_n)
        h_t = (1 - z_t) ∘ h' + z_t ∘ n_t

    with x' the last value that was seen, and x̄ the option `mean`. Rows of the fused weights: z, r, n.
    `weight_mask` (3H, I): V of z, r, n; `weight_gap` (H, I), `bias_gap` (H,): D, e; `decay`, `bias_decay`
    (I,): p, q. State: h (B, H); x' and (1 - m) ∘ δ (B, I). Output: h_t.
    Reference: Che et al., 2018, https://arxiv.org/abs/1606.01865.
    Deviations: one mean for all features; before any value was seen, x' is 0 and counts from Δ_1; what is
    missing gets no gradient; p starts uniformly between 0 and 1, q and e at 0.
    """

    card: ClassVar[Card] = Card(
        paper="Che et al., 2018, https://arxiv.org/abs/1606.01865",
        family="continuous",
        claim="A missing value fades from the last that was seen to the mean.",
        no_decay=("decay", "bias_decay", "bias_gap"),
        own_start=("decay",),
    )
    gates: ClassVar[str] = "zrn"
    state_type = GRUDState
    reads_deltas: ClassVar[bool] = True
    products: ClassVar[dict[str, str]] = {"x": "weight_ih", "m": "weight_mask", "gap": "weight_gap"}
    spec: GRUDSpec
    bias_gap: Tensor | None
    bias_decay: Tensor | None

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return self.hidden_size, self.input_size, self.input_size

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return tuple(part for part in (*super().vectors, self.bias) if part is not None)

    def add_parameters(self) -> None:
        width, width_in = self.hidden_size, self.input_size
        self.weight_mask = nn.Parameter(torch.empty(3 * width, width_in))
        self.weight_gap = nn.Parameter(torch.empty(width, width_in))
        self.decay = nn.Parameter(torch.empty(width_in))
        for name, size in (("bias_gap", width), ("bias_decay", width_in)):
            self.register_parameter(name, nn.Parameter(torch.empty(size)) if self.spec.bias else None)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        for gate in self.gates:
            nn.init.xavier_uniform_(self.weight_mask[self.rows(gate)])
        nn.init.xavier_uniform_(self.weight_gap)
        nn.init.uniform_(self.decay, 0, 1)
        for bias in (self.bias_gap, self.bias_decay):
            if bias is not None:
                nn.init.zeros_(bias)

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """x with 0 for what is missing, m, and Δ for each feature; what is missing is known at the step."""
        x, delta = x[..., :-1], x[..., -1:]
        missing = torch.isnan(x)
        return torch.cat([torch.where(missing, 0, x), (~missing).to(x.dtype), delta.expand_as(x)], dim=-1)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, last, gap = state
        x, m, delta = pre.chunk(3, dim=-1)
        gap = delta + gap
        faded = self._fading(self.decay * gap, self.bias_decay)
        h = self._fading(product("gap", gap), self.bias_gap) * h
        seen = m * x + (1 - m) * (faded * last + (1 - faded) * self.spec.mean)
        sums = product("x", seen) + product("m", m)
        x_z, x_r, x_n = (sums if self.bias is None else sums + self.bias).chunk(3, dim=-1)
        h_z, h_r = product("zr", h).chunk(2, dim=-1)
        z, r = torch.sigmoid(x_z + h_z), torch.sigmoid(x_r + h_r)
        n = candidate(torch.tanh(x_n + product("n", r * h)), product)
        h = (1 - z) * h + z * n
        return h, GRUDState(h, m * x + (1 - m) * last, (1 - m) * gap)

    @staticmethod
    def _fading(rate: Tensor, bias: Tensor | None) -> Tensor:
        """exp(-max(0, rate + bias))."""
        return torch.exp(-F.relu(rate if bias is None else rate + bias))
