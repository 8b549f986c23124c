"""The simplified state space layer."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, Product, State, StepSizeSpec, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class S5Spec(StepSizeSpec):
    """Options of S5."""

    bias: bool = False
    """Whether B x and D x have additive biases; the paper's have none."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("no matrix between its states")


class S5State(NamedTuple):
    """State of S5: the real and the imaginary part of s."""

    re: Float[Tensor, "B H"]
    im: Float[Tensor, "B H"]


@final
@register_cell("s5", S5Spec)
class S5(Cell):
    r"""One state space for all inputs and outputs, diagonal and complex, with a learned step for each state.

    Equations, s complex::

        λ   = -exp(a) + i ω,  Δ = exp(δ)
        s_t = exp(Δ λ) ∘ s_{t-1} + (exp(Δ λ) - 1) / λ ∘ (B x_t)
        h_t = 2 Re(C s_t) + D x_t

    Rows of the fused weights: Re B, Im B, D as r, i, d; of the recurrent ones: Re C, Im C as r, i, which
    multiply the new state. `log_decay`, `frequency`, `log_step` (H,): a, ω, δ. State: re, im (B, H), each
    for a pair of conjugates. Output: h_t.
    λ starts at the eigenvalues of HiPPO-N of 2H states, one of each pair, with B and C in their basis; Δ
    log-uniformly between `step_min` and `step_max`.
    Reference: Smith et al., 2023, https://arxiv.org/abs/2208.04933, eq. 6 and sections 3.2-3.3, appendix B.1.
    Deviations: D is a matrix, as inputs may have another width; it starts normally with variance 1/I; the
    real part of λ stays negative, by its exponential.
    """

    card: ClassVar[Card] = Card(
        paper="Smith et al., 2023, https://arxiv.org/abs/2208.04933",
        equations="6",
        family="linear",
        linear=True,
        claim="λ starts at the eigenvalues of HiPPO-N, whose real parts are all -1/2.",
        no_decay=("log_decay", "frequency", "log_step"),
        own_start=("log_decay", "frequency", "log_step"),
    )
    gates: ClassVar[str] = "rid"
    state_type = S5State
    spec: S5Spec

    @property
    def recurrent_gates(self) -> str:
        return "ri"

    def add_parameters(self) -> None:
        self.log_decay = nn.Parameter(torch.empty(self.hidden_size))
        self.frequency = nn.Parameter(torch.empty(self.hidden_size))
        self.log_step = nn.Parameter(torch.empty(self.hidden_size))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        width, width_in = self.hidden_size, self.input_size
        root = torch.sqrt(torch.arange(2 * width, dtype=torch.float64) + 0.5)
        full = torch.outer(root, root)
        skew = full.triu(1) - full.tril(-1)  # HiPPO-N is this minus 1/2
        frequencies, basis = torch.linalg.eigh(-1j * skew)
        basis = basis[:, width:]  # ascending: the later half is positive
        nn.init.constant_(self.log_decay, math.log(0.5))
        self.frequency.copy_(frequencies[width:])
        self.log_step.uniform_(math.log(self.spec.step_min), math.log(self.spec.step_max))
        b = basis.mH @ (torch.randn(2 * width, width_in) * width_in**-0.5).to(basis.dtype)
        c = (torch.randn(width, 2 * width) * (2 * width) ** -0.5).to(basis.dtype) @ basis
        self.weight_ih[self.rows("ri")] = torch.cat([b.real, b.imag]).to(self.weight_ih)
        nn.init.normal_(self.weight_ih[self.rows("d")], std=width_in**-0.5)
        self.recurrent_weight("ri").copy_(torch.cat([c.real, c.imag]))

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        re, im = state
        x_re, x_im, x_d = pre.chunk(3, dim=-1)
        decay, frequency, step = -torch.exp(self.log_decay), self.frequency, torch.exp(self.log_step)
        size, angle = torch.exp(step * decay), step * frequency
        a, b = size * torch.cos(angle), size * torch.sin(angle)
        norm = decay * decay + frequency * frequency
        b_re = ((a - 1) * decay + b * frequency) / norm
        b_im = (b * decay - (a - 1) * frequency) / norm
        re, im = (
            a * re - b * im + b_re * x_re - b_im * x_im,
            b * re + a * im + b_re * x_im + b_im * x_re,
        )
        h = 2 * (product("r", re) - product("i", im)) + x_d
        return h, S5State(re, im)
