"""The hierarchically gated recurrent network."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import Card, Cell, CellSpec, Product, State, register_cell

BASE = 10_000.0
"""The largest wavelength of the phases at the start, over 2π, as in rotary position embeddings."""


@final
@dataclass(frozen=True, kw_only=True)
class HGRNSpec(CellSpec):
    """Options of the HGRN."""

    lower_bound: float = 0.0
    """γ: the forget gate lies between it and 1; in a deep stack it grows from the first layer to the last."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.lower_bound < 1:
            raise ValueError(f"lower_bound is {self.lower_bound}; expected at least 0 and less than 1")


class HGRNState(NamedTuple):
    """State of the HGRN: the real and the imaginary part of s."""

    re: Float[Tensor, "B H"]
    im: Float[Tensor, "B H"]


@final
@register_cell("hgrn", HGRNSpec)
class HGRN(Cell):
    r"""A complex linear recurrence whose forget gate sees the input, and never falls below a bound.

    Equations, s complex, θ for `theta` (H,)::

        f_t = γ + (1 - γ) σ(W_f x_t + b_f)
        c_t = silu(W_r x_t + b_r) + i silu(W_i x_t + b_i)
        s_t = f_t ∘ exp(iθ) ∘ s_{t-1} + (1 - f_t) ∘ c_t
        h_t = U_r (σ(W_p x_t + b_p) ∘ Re s_t) + U_i (σ(W_q x_t + b_q) ∘ Im s_t)

    Rows of the fused weights: f, r, i, p, q; of the recurrent ones: r, i, which multiply the new state.
    State: re, im (B, H). Output: h_t. θ starts at the frequencies of rotary position embeddings.
    Reference: Qin et al., 2023, https://arxiv.org/abs/2311.04823, section 3, whose λ, h and W_o are f, s
    and [U_r, U_i] here.
    Deviations: γ is an option of a layer, where the paper learns it from layer to layer; no layer
    normalisation before U; no bias behind U.
    """

    card: ClassVar[Card] = Card(
        paper="Qin et al., 2023, https://arxiv.org/abs/2311.04823",
        family="linear",
        linear=True,
        claim="What a state forgets in a step is bounded by γ, whatever the input.",
        no_decay=("theta",),
        own_start=("theta",),
    )
    gates: ClassVar[str] = "fripq"
    state_type = HGRNState
    spec: HGRNSpec

    @property
    def recurrent_gates(self) -> str:
        return "ri"

    def add_parameters(self) -> None:
        self.theta = nn.Parameter(torch.empty(self.hidden_size))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        self.theta.copy_(BASE ** -(torch.arange(self.hidden_size) / self.hidden_size))

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        re, im = state
        f, c_re, c_im, p, q = pre.chunk(5, dim=-1)
        written = (1 - self.spec.lower_bound) * torch.sigmoid(-f)  # 1 - f_t, to the last digit
        a, b = (1 - written) * torch.cos(self.theta), (1 - written) * torch.sin(self.theta)
        re, im = a * re - b * im + written * F.silu(c_re), b * re + a * im + written * F.silu(c_im)
        h = product("r", torch.sigmoid(p) * re) + product("i", torch.sigmoid(q) * im)
        return h, HGRNState(re, im)
