"""The time mixing of RWKV."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import Card, Cell, CellSpec, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class RWKVTimeMixSpec(CellSpec):
    """Options of the time mixing of RWKV."""

    bias: bool = False
    """Whether r, k and v have additive biases; the paper's have none."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("no matrix between its states")


class RWKVTimeMixState(NamedTuple):
    """State of the time mixing: what the last input adds to r, k, v; p, and both sums divided by exp(p)."""

    q: Float[Tensor, "B 3H"]
    p: Float[Tensor, "B H"]
    a: Float[Tensor, "B H"]
    b: Float[Tensor, "B H"]


@final
@register_cell("rwkv_time_mix", RWKVTimeMixSpec)
class RWKVTimeMix(Cell):
    r"""Attention of each unit to its own past, with a decay per step: the WKV of RWKV-4.

    Equations, for each gate g of r, k, v a mix μ_g of this input and the one before::

        g_t   = W_g (μ_g ∘ x_t + (1 - μ_g) ∘ x_{t-1}) + b_g
        wkv_t = (Σ_{i<t} exp(k_i - (t-1-i) w) ∘ v_i + exp(u + k_t) ∘ v_t)
                / (Σ_{i<t} exp(k_i - (t-1-i) w) + exp(u + k_t))
        h_t   = W_o (σ(r_t) ∘ wkv_t)

    with w = exp(`log_decay`) and u = `bonus`, both (H,). The sums are a exp(p) and b exp(p)::

        m = max(p, u + k),  wkv = (exp(p - m) a + exp(u + k - m) v) / (exp(p - m) b + exp(u + k - m))
        n = max(p - w, k),  a <- exp(p - w - n) a + exp(k - n) v,  b <- exp(p - w - n) b + exp(k - n),  p <- n

    Rows of the fused weights: r, k, v. `mix` (3, I): μ of r, k, v; `weight_out` (H, H): W_o. State:
    q_t = W ((1 - μ) ∘ x_t) of r, k, v (B, 3H), and p, a, b (B, H). Output: h_t.
    Linear in its state but for p, which keeps exponentials in range: the card does not call it linear.
    Reference: Peng et al., 2023, https://arxiv.org/abs/2305.13048, eq. 11-15 and appendix D (stabilised).
    Deviations: p starts at 0, not at -1e38, which changes nothing while k is above -80; all μ, w and u start
    as in the first layer of the authors' code, but W as in every other cell, not at 0;
    a state that is given with b < 0, which no run reaches, counts as one with -b.
    """

    card: ClassVar[Card] = Card(
        paper="Peng et al., 2023, https://arxiv.org/abs/2305.13048",
        equations="11-15",
        family="linear",
        claim="wkv is an average of the values, with weights that decay with age.",
        no_decay=("mix", "log_decay", "bonus"),
        own_start=("mix", "log_decay", "bonus"),
    )
    gates: ClassVar[str] = "rkv"
    state_type = RWKVTimeMixState
    products: ClassVar[dict[str, str]] = {"o": "weight_out"}
    spec: RWKVTimeMixSpec

    @property
    def recurrent_gates(self) -> str:
        return ""

    @property
    def state_sizes(self) -> tuple[int, ...]:
        width = self.hidden_size
        return 3 * width, width, width, width

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return self.log_decay, self.bonus

    def add_parameters(self) -> None:
        width = self.hidden_size
        self.mix = nn.Parameter(torch.empty(3, self.input_size))
        self.log_decay = nn.Parameter(torch.empty(width))
        self.bonus = nn.Parameter(torch.empty(width))
        self.weight_out = nn.Parameter(torch.empty(width, width))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.xavier_uniform_(self.weight_out)
        channel = torch.arange(self.input_size) / self.input_size
        self.mix.copy_(torch.stack([channel**0.5, channel, channel]))
        unit = torch.arange(self.hidden_size)
        self.log_decay.copy_(-5 + 8 * (unit / max(1, self.hidden_size - 1)) ** 0.7)
        self.bonus.copy_(math.log(0.3) + 0.5 * ((unit + 1) % 3 - 1))

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """What this input adds to r, k, v of this step, and behind it what it adds to those of the next."""
        width = self.hidden_size
        mix = self.mix.repeat_interleave(width, dim=0)
        now = F.linear(x, self.weight_ih * mix, self.bias)
        return torch.cat([now, F.linear(x, self.weight_ih * (1 - mix))], dim=-1)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        q, p, a, b = state
        b = torch.where(b < 0, -b, b)
        now, after = pre.chunk(2, dim=-1)
        r, k, v = (now + q).chunk(3, dim=-1)
        u, w = self.bonus, torch.exp(self.log_decay)
        m = torch.maximum(p, u + k)
        old, new = torch.exp(p - m), torch.exp(u + k - m)
        wkv = (old * a + new * v) / (old * b + new)
        h = product("o", torch.sigmoid(r) * wkv)
        n = torch.maximum(p - w, k)
        old, new = torch.exp(p - w - n), torch.exp(k - n)
        return h, RWKVTimeMixState(after, n, old * a + new * v, old * b + new)
