"""The minimal GRU that a parallel scan can run."""

from dataclasses import dataclass
from typing import ClassVar, Literal, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import (
    LONG_SEQUENCES,
    Card,
    Cell,
    ChronoSpec,
    Hidden,
    Product,
    State,
    chrono_,
    register_cell,
)


@final
@dataclass(frozen=True, kw_only=True)
class MinGRUSpec(ChronoSpec):
    """Options of the minGRU."""

    candidate: Literal["linear", "positive"] = "linear"
    """The candidate: the product itself, or made positive as in the paper's log-space version."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("no recurrent weights")


@final
@register_cell("mingru", MinGRUSpec)
class MinGRU(Cell):
    r"""The minGRU: a GRU whose gate and candidate do not see the state, so that it is linear in it.

    Equations::

        z_t = σ(W_z x_t + b_z)
        n_t = W_n x_t + b_n
        h_t = (1 - z_t) ∘ h_{t-1} + z_t ∘ n_t

    With candidate "positive", a = W_n x_t + b_n::

        n_t = a + 1/2  where a >= 0,  σ(a)  elsewhere

    Rows of the fused weights: z, n; no recurrent weights. State: h (B, H). Output: h_t.
    Reference: Feng et al., 2024, https://arxiv.org/abs/2410.01201, whose h̃ is n here.
    Deviation: with candidate "positive" the paper also makes the initial state positive; here it is taken
    as it is given.
    """

    card: ClassVar[Card] = Card(
        paper="Feng et al., 2024, https://arxiv.org/abs/2410.01201",
        family="linear",
        recommended=LONG_SEQUENCES,
        linear=True,
    )
    gates: ClassVar[str] = "zn"
    spec: MinGRUSpec

    @property
    def recurrent_gates(self) -> str:
        return ""

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        chrono_(self, take="z")

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        z, n = pre.chunk(2, dim=-1)
        z = torch.sigmoid(z)
        if self.spec.candidate == "positive":
            n = torch.where(n >= 0, n + 0.5, torch.sigmoid(n))
        h = (1 - z) * h + z * n
        return h, Hidden(h)
