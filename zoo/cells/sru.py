"""The simple recurrent unit."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import LONG_SEQUENCES, Card, ChronoSpec, Product, SkipCell, State, chrono_, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class SRUSpec(ChronoSpec):
    """Options of the simple recurrent unit."""

    peephole: bool = False
    """Whether the gates see the state, as in the paper's last version; then it is not linear in the state."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("no recurrent weights")


class SRUState(NamedTuple):
    """State of the simple recurrent unit: the cell state."""

    c: Float[Tensor, "B H"]


@final
@register_cell("sru", SRUSpec)
class SRU(SkipCell):
    r"""The simple recurrent unit: gates that see the input alone, and a highway around the recurrence.

    Equations, with x̂_t = x_t where I = H, and W_s x_t (`weight_skip`) elsewhere::

        u_t = W_u x_t + b_u
        f_t = σ(W_f x_t + b_f)
        r_t = σ(W_r x_t + b_r)
        c_t = f_t ∘ c_{t-1} + (1 - f_t) ∘ u_t
        h_t = r_t ∘ c_t + (1 - r_t) ∘ x̂_t

    With `peephole` = [v_f, v_r], (2H,)::

        f_t = σ(W_f x_t + v_f ∘ c_{t-1} + b_f)
        r_t = σ(W_r x_t + v_r ∘ c_{t-1} + b_r)

    Rows of the fused weights: u, f, r; no recurrent weights. State: c (B, H). Output: h_t.
    Reference: Lei et al., 2018, https://arxiv.org/abs/1709.02755, whose x̃ is u here; its first version has
    no peepholes.
    Deviations: b_u, which the paper does not have; c_t is not squashed on its way out (its first version
    does); x̂_t is not scaled; weights start as in every other cell, and v at 0.
    """

    card: ClassVar[Card] = Card(
        paper="Lei et al., 2018, https://arxiv.org/abs/1709.02755",
        family="linear",
        recommended=LONG_SEQUENCES,
        linear=True,
    )
    gates: ClassVar[str] = "ufr"
    state_type = SRUState
    spec: SRUSpec
    peephole: Tensor | None

    @property
    def recurrent_gates(self) -> str:
        return ""

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return () if self.peephole is None else (self.peephole,)

    def add_parameters(self) -> None:
        super().add_parameters()
        width = self.hidden_size
        peephole = nn.Parameter(torch.empty(2 * width)) if self.spec.peephole else None
        self.register_parameter("peephole", peephole)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        if self.peephole is not None:
            nn.init.zeros_(self.peephole)
        chrono_(self, keep="f")

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (c,) = state
        u, f, r, x = pre.chunk(4, dim=-1)
        if self.peephole is not None:
            v_f, v_r = self.peephole.chunk(2, dim=-1)
            f, r = f + v_f * c, r + v_r * c
        f, r = torch.sigmoid(f), torch.sigmoid(r)
        c = f * c + (1 - f) * u
        h = r * c + (1 - r) * x
        return h, SRUState(c)
