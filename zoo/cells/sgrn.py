"""The simple gated recurrent network."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class SGRNSpec(CellSpec):
    """Options of the simple gated recurrent network: those of every cell."""


@final
@register_cell("sgrn", SGRNSpec)
class SGRN(Cell):
    r"""The simple gated recurrent network: one pair of matrices, for the gate and for what it lets in.

    Equations::

        y_t = W_f x_t + b_f
        f_t = σ(y_t + U_f h_{t-1} + d_f)
        h_t = tanh((1 - f_t) ∘ y_t + f_t ∘ h_{t-1})

    Rows of the fused weights: f. `bias_hh` is d_f. State: h (B, H). Output: h_t.
    Reference: Zu et al., 2020, https://doi.org/10.1049/gtd2.12056, as
    torchrecurrent writes its equations: the paper itself was not at hand.
    """

    card: ClassVar[Card] = Card(
        paper="Zu et al., 2020, https://doi.org/10.1049/gtd2.12056",
        claim="Gate and candidate share their weights, so that it has a quarter of an LSTM's.",
    )
    gates: ClassVar[str] = "f"
    spec: SGRNSpec

    @property
    def recurrent_bias(self) -> str:
        return "f"

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        f = torch.sigmoid(pre + product("f", h))
        h = torch.tanh((1 - f) * pre + f * h)
        return h, Hidden(h)
