"""The selective state space of Mamba."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import Card, Cell, Product, State, StepSizeSpec, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class S6Spec(StepSizeSpec):
    """Options of S6."""

    expansion: int = 4
    """N: states of each unit."""

    hold: Literal["exact", "euler"] = "exact"
    """What Δ makes of B: the zero-order hold, or its first order, Δ B."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("no recurrent weights")
        if self.expansion < 1:
            raise ValueError(f"expansion is {self.expansion}; expected at least 1")


class S6State(NamedTuple):
    """State of S6: for each n a block of H units."""

    s: Float[Tensor, "B NH"]


@final
@register_cell("s6", S6Spec)
class S6(Cell):
    r"""A state space that selects: the input says how long a step is, what is written and what is read.

    Equations, for n = 1..N, where B_t and C_t have N numbers each::

        u_t = W_u x_t + b_u
        Δ_t = softplus(W_d x_t + b_d)
        [B_t; C_t] = W_s x_t
        A_n = -exp(a_n)
        s_{n,t} = exp(Δ_t ∘ A_n) ∘ s_{n,t-1} + B_{n,t} (exp(Δ_t ∘ A_n) - 1) / A_n ∘ u_t
        h_t = Σ_n C_{n,t} s_{n,t} + D ∘ u_t

    Rows of the fused weights: u, d; no recurrent weights. `weight_select` (2N, I): W_s. `log_decay` (N H,):
    a; `skip` (H,): D. State: s (B, N H). Output: h_t.
    a starts at log n (S4D-Real), D at 1, and b_d so that Δ is log-uniform between `step_min` and `step_max`.
    Reference: Gu & Dao, 2023, https://arxiv.org/abs/2312.00752, eq. 4 and algorithm 2. With hold "euler",
    which is what its authors' code does, Δ B stands for the zero-order hold of B.
    Deviations: u is W_u x, as inputs may have another width (a linear layer and a convolution go before in
    the paper's block, which is the stack's business); W_d has full rank, where the paper's may be low.
    """

    card: ClassVar[Card] = Card(
        paper="Gu & Dao, 2023, https://arxiv.org/abs/2312.00752",
        equations="4, algorithm 2",
        family="linear",
        linear=True,
        claim="With N = 1 and a = 0 it is a gated recurrence of gate σ(W_d x + b_d) (theorem 1).",
        no_decay=("log_decay", "skip"),
        own_start=("log_decay", "skip", "bias"),
    )
    gates: ClassVar[str] = "ud"
    state_type = S6State
    spec: S6Spec

    @property
    def recurrent_gates(self) -> str:
        return ""

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return (self.spec.expansion * self.hidden_size,)

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return self.log_decay, self.skip

    def add_parameters(self) -> None:
        times = self.spec.expansion
        self.weight_select = nn.Parameter(torch.empty(2 * times, self.input_size))
        self.log_decay = nn.Parameter(torch.empty(times * self.hidden_size))
        self.skip = nn.Parameter(torch.empty(self.hidden_size))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.xavier_uniform_(self.weight_select)
        n = torch.arange(1, self.spec.expansion + 1, dtype=self.log_decay.dtype)
        self.log_decay.copy_(n.log().repeat_interleave(self.hidden_size))
        nn.init.ones_(self.skip)
        if self.bias is not None:
            step = torch.empty_like(self.skip)
            step.uniform_(math.log(self.spec.step_min), math.log(self.spec.step_max)).exp_()
            self.bias[self.rows("d")] = step + torch.log(-torch.expm1(-step))  # the inverse of softplus

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """u and the sum of Δ, and behind them each number of B and of C, repeated for all units."""
        select = F.linear(x, self.weight_select)
        return torch.cat([super().project(x), select.repeat_interleave(self.hidden_size, dim=-1)], dim=-1)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (s,) = state
        times, front = self.spec.expansion, 2 * self.hidden_size
        u, d = pre[..., :front].chunk(2, dim=-1)
        b, c = pre[..., front:].chunk(2, dim=-1)
        delta = F.softplus(d)
        steps, inputs = (torch.cat([part] * times, dim=-1) for part in (delta, u))
        rate = torch.exp(self.log_decay)
        held = steps if self.spec.hold == "euler" else -torch.expm1(-steps * rate) / rate
        s = torch.exp(-steps * rate) * s + b * held * inputs
        read = (c * s).chunk(times, dim=-1)
        h = sum(read[1:], read[0]) + self.skip * u
        return h, S6State(s)
