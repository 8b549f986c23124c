"""The linear recurrent unit."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, CellSpec, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class LRUSpec(CellSpec):
    """Options of the linear recurrent unit."""

    bias: bool = False
    """Whether B x and D x have additive biases; the paper's have none."""

    r_min: float = 0.0
    """Smallest |λ| at the start; near 1 the memory is long."""

    r_max: float = 1.0
    """Largest |λ| at the start."""

    max_phase: float = 2 * math.pi
    """Largest phase of λ at the start; small phases make for slow oscillations."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("no matrix between its states")
        if not 0 <= self.r_min < self.r_max <= 1:
            raise ValueError(
                f"r_min is {self.r_min} and r_max is {self.r_max}; expected 0 <= r_min < r_max <= 1"
            )
        if not 0 < self.max_phase <= 2 * math.pi:
            raise ValueError(f"max_phase is {self.max_phase}; expected more than 0 and at most 2 pi")


class LRUState(NamedTuple):
    """State of the linear recurrent unit: the real and the imaginary part of s."""

    re: Float[Tensor, "B H"]
    im: Float[Tensor, "B H"]


@final
@register_cell("lru", LRUSpec)
class LRU(Cell):
    r"""The linear recurrent unit: a diagonal complex recurrence that cannot explode, read out linearly.

    Equations, s complex, with ν, θ, γ for `nu_log`, `theta_log`, `gamma_log`, (H,) each::

        λ   = exp(-exp(ν) + i exp(θ))
        s_t = λ ∘ s_{t-1} + exp(γ) ∘ (B x_t)
        y_t = Re(C s_t) + D x_t

    Rows of the fused weights: Re B, Im B, D as r, i, d; of the recurrent ones: Re C, Im C as r, i, which
    multiply the new state. State: re, im (B, H). Output: y_t.
    λ starts uniformly on the ring between `r_min` and `r_max`, γ where it keeps the variance of the input,
    B and C normally with variances 1/2I and 1/H, as in the paper.
    Reference: Orvieto et al., 2023, https://arxiv.org/abs/2303.06349, whose x and u are s and x here; the
    block around it there (norm, gated linear unit, skip) is the stack's business.
    Deviation: D is a matrix, as inputs may have another width; it starts normally with variance 1/I.
    """

    card: ClassVar[Card] = Card(
        paper="Orvieto et al., 2023, https://arxiv.org/abs/2303.06349",
        no_decay=("nu_log", "theta_log", "gamma_log"),
        own_start=("nu_log", "theta_log", "gamma_log"),
        family="linear",
        linear=True,
    )
    gates: ClassVar[str] = "rid"
    state_type = LRUState
    spec: LRUSpec

    @property
    def recurrent_gates(self) -> str:
        return "ri"

    def add_parameters(self) -> None:
        self.nu_log = nn.Parameter(torch.empty(self.hidden_size))
        self.theta_log = nn.Parameter(torch.empty(self.hidden_size))
        self.gamma_log = nn.Parameter(torch.empty(self.hidden_size))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        r_min, r_max, tiny = self.spec.r_min, self.spec.r_max, 1e-6
        squared = torch.empty_like(self.nu_log).uniform_(r_min**2, r_max**2).clamp(tiny, 1 - tiny)
        self.nu_log.copy_((-squared.log() / 2).log())
        self.theta_log.uniform_(0, self.spec.max_phase).clamp_(min=tiny).log_()
        self.gamma_log.copy_((1 - squared).log() / 2)
        nn.init.normal_(self.weight_ih[self.rows("ri")], std=(2 * self.input_size) ** -0.5)
        nn.init.normal_(self.weight_ih[self.rows("d")], std=self.input_size**-0.5)
        nn.init.normal_(self.recurrent_weight("ri"), std=self.hidden_size**-0.5)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        re, im = state
        x_re, x_im, x_d = pre.chunk(3, dim=-1)
        radius, phase = torch.exp(-torch.exp(self.nu_log)), torch.exp(self.theta_log)
        a, b, gain = radius * torch.cos(phase), radius * torch.sin(phase), torch.exp(self.gamma_log)
        re, im = a * re - b * im + gain * x_re, b * re + a * im + gain * x_im
        y = product("r", re) - product("i", im) + x_d
        return y, LRUState(re, im)
