"""The strongly typed recurrent network."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class TRNNSpec(CellSpec):
    """Options of the strongly typed recurrent network."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("no recurrent weights")


@final
@register_cell("trnn", TRNNSpec)
class TRNN(Cell):
    r"""The strongly typed recurrent network: its state is an average of features of the inputs, and no more.

    Equations::

        z_t = W_z x_t + b_z
        f_t = σ(W_f x_t + b_f)
        h_t = f_t ∘ h_{t-1} + (1 - f_t) ∘ z_t

    Rows of the fused weights: z, f; no recurrent weights. State: h (B, H). Output: h_t.
    Reference: Balduzzi & Ghifary, 2016, https://arxiv.org/abs/1602.02218, whose V is W_f here.
    Deviation: b_z, which the paper does not have.
    """

    card: ClassVar[Card] = Card(
        paper="Balduzzi & Ghifary, 2016, https://arxiv.org/abs/1602.02218",
        linear=True,
        claim="Its state is a convex combination of z over the past (an average that the gates weigh).",
    )
    gates: ClassVar[str] = "zf"
    spec: TRNNSpec

    @property
    def recurrent_gates(self) -> str:
        return ""

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        z, f = pre.chunk(2, dim=-1)
        f = torch.sigmoid(f)
        h = f * h + (1 - f) * z
        return h, Hidden(h)
