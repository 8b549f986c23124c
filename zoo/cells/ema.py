"""The exponential moving average of Mega."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, CellSpec, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class EMASpec(CellSpec):
    """Options of the moving average."""

    expansion: int = 4
    """N: averages of each unit, each with a decay of its own; the paper takes 16."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("no recurrent weights")
        if self.expansion < 1:
            raise ValueError(f"expansion is {self.expansion}; expected at least 1")


class EMAState(NamedTuple):
    """State of the moving average: for each n a block of H units."""

    s: Float[Tensor, "B NH"]


@final
@register_cell("ema", EMASpec)
class EMA(Cell):
    r"""Damped exponential moving averages: N for each unit, with decays that are learned, then mixed.

    Equations, for n = 1..N::

        α_n = σ(a_n),  δ_n = σ(d_n)
        u_t = W_u x_t + b_u
        s_{n,t} = α_n ∘ β_n ∘ u_t + (1 - α_n ∘ δ_n) ∘ s_{n,t-1}
        h_t = Σ_n η_n ∘ s_{n,t}

    Rows of the fused weights: u; no recurrent weights. `alpha`, `damping`, `beta`, `eta` (N H,): a, d, β, η.
    State: s (B, N H). Output: h_t. a and d start normally with deviation 0.2, β at 1 and -1 in turns with
    deviation 0.02, η normally.
    Reference: Ma et al., 2023, https://arxiv.org/abs/2209.10655, section 3.1; first values as in its code.
    Deviation: W_u, as inputs may have another width; the attention around it is no part of the cell.
    """

    card: ClassVar[Card] = Card(
        paper="Ma et al., 2023, https://arxiv.org/abs/2209.10655",
        equations="section 3.1",
        family="linear",
        linear=True,
        claim="No decay is below 0 or above 1, so that old inputs fade exponentially.",
        no_decay=("alpha", "damping", "beta", "eta"),
        own_start=("alpha", "damping", "beta", "eta"),
    )
    gates: ClassVar[str] = "u"
    state_type = EMAState
    spec: EMASpec

    @property
    def recurrent_gates(self) -> str:
        return ""

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return (self.spec.expansion * self.hidden_size,)

    def add_parameters(self) -> None:
        width = self.spec.expansion * self.hidden_size
        self.alpha = nn.Parameter(torch.empty(width))
        self.damping = nn.Parameter(torch.empty(width))
        self.beta = nn.Parameter(torch.empty(width))
        self.eta = nn.Parameter(torch.empty(width))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        for part in (self.alpha, self.damping):
            nn.init.normal_(part, std=0.2)
        signs = 1 - 2 * (torch.arange(self.spec.expansion) % 2)
        self.beta.normal_(std=0.02).add_(signs.repeat_interleave(self.hidden_size))
        nn.init.normal_(self.eta)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (s,) = state
        u = torch.cat([pre] * self.spec.expansion, dim=-1)
        alpha, damping = torch.sigmoid(self.alpha), torch.sigmoid(self.damping)
        s = alpha * self.beta * u + (1 - alpha * damping) * s
        read = (self.eta * s).chunk(self.spec.expansion, dim=-1)
        return sum(read[1:], read[0]), EMAState(s)
