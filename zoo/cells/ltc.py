"""The liquid time-constant network."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, register_cell

STEEPNESS = 5.0
"""Of the sigmoids at the start."""


@final
@dataclass(frozen=True, kw_only=True)
class LTCSpec(CellSpec):
    """Options of the liquid time-constant network."""

    unfolds: int = 6
    """L: steps of the solver between two inputs, each with a recurrent product."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.unfolds < 1:
            raise ValueError(f"unfolds is {self.unfolds}; expected at least 1")


@final
@register_cell("ltc", LTCSpec)
class LTC(Cell):
    r"""A leaky unit whose time constant its input changes: a differential equation, solved in L steps.

    Equations, with Δ_t the time since the step before, τ = exp(`log_tau`) and A = `resting`, (H,) each::

        dh/dt = -(1/τ + f) ∘ h + f ∘ A,  f = σ(W_f x_t + U_f h + b_f)

    solved by L times, with d = Δ_t / L::

        h <- (h + d f ∘ A) / (1 + d (1/τ + f))

    Rows of the fused weights: f. State: h (B, H). Output: h_t.
    Reference: Hasani et al., 2021, https://arxiv.org/abs/2006.04439, eq. 1 and algorithm 1 (fused solver),
    whose x and I are h and x here.
    Deviations: f is one layer and a sigmoid, as the bounds in the paper ask of it to be positive; τ starts at
    1, A uniformly between -1 and 1, and W and U at 5 times the usual, for which the paper gives no values.
    The sigmoids of its authors' code are as steep; with the usual weights what differs between inputs shrinks
    to a twentieth in each layer, and two layers learn next to nothing for hundreds of steps.
    """

    card: ClassVar[Card] = Card(
        paper="Hasani et al., 2021, https://arxiv.org/abs/2006.04439",
        equations="1, algorithm 1",
        family="continuous",
        claim="Its state stays between min(0, A) and max(0, A), whatever the input.",
        no_decay=("log_tau", "resting"),
        own_start=("resting",),
    )
    gates: ClassVar[str] = "f"
    reads_deltas: ClassVar[bool] = True
    spec: LTCSpec

    def add_parameters(self) -> None:
        self.log_tau = nn.Parameter(torch.empty(self.hidden_size))
        self.resting = nn.Parameter(torch.empty(self.hidden_size))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        for weight in (self.weight_ih, self.weight_hh):
            assert weight is not None
            weight.mul_(STEEPNESS)
        nn.init.zeros_(self.log_tau)
        nn.init.uniform_(self.resting, -1, 1)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        x_f, delta = pre.chunk(2, dim=-1)
        d, leak = delta / self.spec.unfolds, torch.exp(-self.log_tau)
        for _ in range(self.spec.unfolds):
            f = torch.sigmoid(x_f + product("f", h))
            h = (h + d * f * self.resting) / (1 + d * (leak + f))
        return h, Hidden(h)
