"""The real-gated linear recurrent unit of Griffin."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, check_finite, register_cell

TINY = 1e-12
"""Least 1 - a², so that the slope of its root is finite where a gate shuts altogether."""


@final
@dataclass(frozen=True, kw_only=True)
class RGLRUSpec(CellSpec):
    """Options of the real-gated linear recurrent unit."""

    power: float = 8.0
    """c: a fully open gate r forgets this many times faster than a by itself."""

    a_min: float = 0.9
    """Smallest a^c at the start; near 1 the memory is long."""

    a_max: float = 0.999
    """Largest a^c at the start."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("no recurrent weights")
        check_finite("power", self.power)
        if self.power <= 0:
            raise ValueError(f"power is {self.power}; expected a positive number")
        if not 0 < self.a_min < self.a_max < 1:
            raise ValueError(
                f"a_min is {self.a_min} and a_max is {self.a_max}; expected 0 < a_min < a_max < 1"
            )


@final
@register_cell("rg_lru", RGLRUSpec)
class RGLRU(Cell):
    r"""A linear recurrence whose decay is gated by the input, and whose state keeps the scale of its input.

    Equations, with a = σ(Λ), Λ for `decay` (H,)::

        r_t = σ(W_r x_t + b_r)
        i_t = σ(W_i x_t + b_i)
        u_t = W_u x_t + b_u
        a_t = a^(c r_t)
        h_t = a_t ∘ h_{t-1} + sqrt(1 - a_t²) ∘ (i_t ∘ u_t)

    Rows of the fused weights: r, i, u; no recurrent weights. State: h (B, H). Output: h_t.
    Λ starts where a^c is uniform between `a_min` and `a_max`, as in the paper.
    Reference: De et al., 2024, https://arxiv.org/abs/2402.19427, eq. 1-4, whose x is u here.
    Deviations: W_u, as inputs may have another width (in the paper's block a linear layer goes before); the
    gates' matrices are full, not of diagonal blocks; 1 - a_t² is at least 1e-12; the temporal convolution
    of the block around it is left to the stack.
    """

    card: ClassVar[Card] = Card(
        paper="De et al., 2024, https://arxiv.org/abs/2402.19427",
        equations="1-4",
        family="linear",
        linear=True,
        claim="White noise of variance 1 gives a state of variance 1, whatever the decay.",
        recommended="a_min: 0.1 and a_max: 0.9 for ten steps or so, where it takes in too little by default",
        no_decay=("decay",),
        own_start=("decay",),
    )
    gates: ClassVar[str] = "riu"
    spec: RGLRUSpec

    @property
    def recurrent_gates(self) -> str:
        return ""

    def add_parameters(self) -> None:
        self.decay = nn.Parameter(torch.empty(self.hidden_size))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        powered = torch.empty_like(self.decay).uniform_(self.spec.a_min, self.spec.a_max)
        self.decay.copy_(torch.logit(powered ** (1 / self.spec.power)))

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        r, i, u = pre.chunk(3, dim=-1)
        log_a = self.spec.power * torch.sigmoid(r) * F.logsigmoid(self.decay)
        scale = torch.sqrt((-torch.expm1(2 * log_a)).clamp(min=TINY))
        h = torch.exp(log_a) * h + scale * (torch.sigmoid(i) * u)
        return h, Hidden(h)
