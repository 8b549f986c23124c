"""The simple recurrent network with a weighted residual connection in time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, register_cell

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
}


@final
@dataclass(frozen=True, kw_only=True)
class FastRNNSpec(CellSpec):
    """Options of the FastRNN."""

    activation: Literal["tanh", "relu", "sigmoid"] = "tanh"
    """φ of the equations."""

    alpha: float = -3.0
    """Initial α before its sigmoid; far below 0 little of the new is taken in at each step."""

    beta: float = 3.0
    """Initial β before its sigmoid; far above 0 the old is kept."""


@final
@register_cell("fastrnn", FastRNNSpec)
class FastRNN(Cell):
    r"""The FastRNN: a simple recurrent network that takes small steps, by two numbers that are learned.

    Equations::

        n_t = φ(W x_t + U h_{t-1} + b)
        h_t = σ(α) n_t + σ(β) h_{t-1}

    Rows of the fused weights: n. `alpha`, `beta` (1,): α, β. State: h (B, H). Output: h_t.
    Reference: Kusupati et al., 2018, https://arxiv.org/abs/1901.02358, section 3.1, whose h̃, α, β are n,
    σ(α), σ(β) here; α and β start at -3 and 3, as in the authors' code. No deviations.
    """

    card: ClassVar[Card] = Card(
        paper="Kusupati et al., 2018, https://arxiv.org/abs/1901.02358",
        no_decay=("alpha", "beta"),
        own_start=("alpha", "beta"),
        claim="The slope of h_T in h_0 is well conditioned: at most ((β + α|U|) / (β - α|U|))^T.",
        recommended="alpha: 0 and beta: 0 for ten steps or so, where it takes in too little by default",
    )
    gates: ClassVar[str] = "n"
    spec: FastRNNSpec

    def add_parameters(self) -> None:
        self.alpha = nn.Parameter(torch.empty(1))
        self.beta = nn.Parameter(torch.empty(1))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.constant_(self.alpha, self.spec.alpha)
        nn.init.constant_(self.beta, self.spec.beta)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        n = ACTIVATIONS[self.spec.activation](pre + product("n", h))
        h = torch.sigmoid(self.alpha) * n + torch.sigmoid(self.beta) * h
        return h, Hidden(h)
