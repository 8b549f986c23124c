"""The bistable recurrent cell."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class BRCSpec(CellSpec):
    """Options of the bistable recurrent cell: those of every cell but one."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("no matrix between its states")


@final
@register_cell("brc", BRCSpec)
class BRC(Cell):
    r"""The bistable recurrent cell: each unit feeds on itself alone, and can hold one of two values for good.

    Equations, with `modulation` = [w_a, w_c], (2H,)::

        a_t = 1 + tanh(W_a x_t + w_a ∘ h_{t-1} + b_a)
        c_t = σ(W_c x_t + w_c ∘ h_{t-1} + b_c)
        h_t = c_t ∘ h_{t-1} + (1 - c_t) ∘ tanh(W_n x_t + a_t ∘ h_{t-1} + b_n)

    Rows of the fused weights: a, c, n; no recurrent weights. State: h (B, H). Output: h_t.
    w_a and w_c start at 1, as in the authors' code.
    Reference: Vecoven et al., 2021, https://doi.org/10.1371/journal.pone.0252676, whose U is W here.
    Deviation: b_n; the authors' code has b_a and b_c, and the paper none.
    """

    card: ClassVar[Card] = Card(
        paper="Vecoven et al., 2021, https://doi.org/10.1371/journal.pone.0252676",
        no_decay=("modulation",),
        own_start=("modulation",),
        claim="A unit has one stable state where a is at most 1, and two where it is more.",
    )
    gates: ClassVar[str] = "acn"
    spec: BRCSpec

    @property
    def recurrent_gates(self) -> str:
        return ""

    def add_parameters(self) -> None:
        self.modulation = nn.Parameter(torch.empty(2 * self.hidden_size))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.ones_(self.modulation)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        a, c, n = pre.chunk(3, dim=-1)
        w_a, w_c = self.modulation.chunk(2, dim=-1)
        a, c = 1 + torch.tanh(a + w_a * h), torch.sigmoid(c + w_c * h)
        h = c * h + (1 - c) * torch.tanh(n + a * h)
        return h, Hidden(h)
