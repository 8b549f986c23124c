"""The diagonal structured state space."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, Product, State, StepSizeSpec, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class S4DSpec(StepSizeSpec):
    """Options of S4D."""

    expansion: int = 4
    """N: complex states of each unit, each of which stands for a conjugate pair."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("no recurrent weights")
        if self.expansion < 1:
            raise ValueError(f"expansion is {self.expansion}; expected at least 1")


class S4DState(NamedTuple):
    """State of S4D: the real and the imaginary part of s, for each n a block of H units."""

    re: Float[Tensor, "B NH"]
    im: Float[Tensor, "B NH"]


@final
@register_cell("s4d", S4DSpec)
class S4D(Cell):
    r"""A diagonal state space for each unit: N damped oscillators that its input drives, read out linearly.

    Equations, s complex, for n = 1..N::

        A_n = -exp(a_n) + i ω_n,  Δ = exp(δ)
        u_t = W_u x_t + b_u
        s_{n,t} = exp(Δ A_n) ∘ s_{n,t-1} + (exp(Δ A_n) - 1) / A_n ∘ u_t
        h_t = 2 Σ_n Re(C_n ∘ s_{n,t}) + D ∘ u_t

    Rows of the fused weights: u; no recurrent weights. `log_decay`, `frequency`, `c_re`, `c_im` (N H,): a, ω,
    Re C, Im C; `log_step`, `skip` (H,): δ, D. State: re, im (B, N H). Output: h_t.
    A starts as S4D-Lin, A_n = -1/2 + iπn with n from 0; Δ log-uniformly between `step_min` and `step_max`;
    C normally with variance 1/2 each, D with variance 1.
    Reference: Gu et al., 2022, https://arxiv.org/abs/2206.11893, section 4 and eq. 9 (S4D-Lin); the
    discretisation is its zero-order hold.
    Deviations: W_u, as inputs may have another width; B is 1, as only its product with C acts; the
    non-linearity and the mixing of units behind it are left to the stack.
    """

    card: ClassVar[Card] = Card(
        paper="Gu et al., 2022, https://arxiv.org/abs/2206.11893",
        equations="section 4",
        family="linear",
        linear=True,
        claim="A step of Δ is the exact solution of s' = A s + u with u held in between.",
        no_decay=("log_decay", "frequency", "log_step", "c_re", "c_im", "skip"),
        own_start=("log_decay", "frequency", "log_step", "c_re", "c_im", "skip"),
    )
    gates: ClassVar[str] = "u"
    state_type = S4DState
    spec: S4DSpec

    @property
    def recurrent_gates(self) -> str:
        return ""

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return (self.spec.expansion * self.hidden_size,) * 2

    def add_parameters(self) -> None:
        width = self.hidden_size
        self.log_decay, self.frequency, self.c_re, self.c_im = (
            nn.Parameter(torch.empty(self.spec.expansion * width)) for _ in range(4)
        )
        self.log_step = nn.Parameter(torch.empty(width))
        self.skip = nn.Parameter(torch.empty(width))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.constant_(self.log_decay, math.log(0.5))
        n = torch.arange(self.spec.expansion, dtype=self.frequency.dtype)
        self.frequency.copy_(math.pi * n.repeat_interleave(self.hidden_size))
        self.log_step.uniform_(math.log(self.spec.step_min), math.log(self.spec.step_max))
        for part in (self.c_re, self.c_im):
            nn.init.normal_(part, std=0.5**0.5)
        nn.init.normal_(self.skip)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        re, im = state
        times = self.spec.expansion
        u = torch.cat([pre] * times, dim=-1)
        step = torch.exp(torch.cat([self.log_step] * times))
        decay, frequency = -torch.exp(self.log_decay), self.frequency
        size, angle = torch.exp(step * decay), step * frequency
        a, b = size * torch.cos(angle), size * torch.sin(angle)
        norm = decay * decay + frequency * frequency
        b_re = ((a - 1) * decay + b * frequency) / norm
        b_im = (b * decay - (a - 1) * frequency) / norm
        re, im = a * re - b * im + b_re * u, b * re + a * im + b_im * u
        read = (self.c_re * re - self.c_im * im).chunk(times, dim=-1)
        h = 2 * sum(read[1:], read[0]) + self.skip * pre
        return h, S4DState(re, im)
