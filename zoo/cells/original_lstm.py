"""The LSTM as it was first: without a forget gate."""

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, CellSpec, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class OriginalLSTMSpec(CellSpec):
    """Options of the first LSTM."""

    squash: Literal["logistic", "tanh"] = "logistic"
    """How the cell is squashed on its way in and out: the paper's scaled "logistic", or the later "tanh"."""


class OriginalLSTMState(NamedTuple):
    """State of the first LSTM: hidden and cell state."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]


@final
@register_cell("original_lstm", OriginalLSTMSpec)
class OriginalLSTM(Cell):
    r"""The LSTM of 1997: what is written into its cell stays there for good, as the cell's own weight is 1.

    Equations, squash "logistic"::

        i_t = σ(W_i x_t + U_i h_{t-1} + b_i)
        g_t = 4 σ(W_g x_t + U_g h_{t-1} + b_g) - 2
        o_t = σ(W_o x_t + U_o h_{t-1} + b_o)
        c_t = c_{t-1} + i_t ∘ g_t
        h_t = o_t ∘ (2 σ(c_t) - 1)

    Equations, squash "tanh": g_t = tanh(W_g x_t + U_g h_{t-1} + b_g) and h_t = o_t ∘ tanh(c_t).

    Rows of the fused weights: i, g, o. State: h, c (B, H). Output: h_t.
    Reference: Hochreiter & Schmidhuber, 1997, https://doi.org/10.1162/neco.1997.9.8.1735, eq. 3-5 and section
    4, whose y^in, y^out, s are i, o, c here.
    Deviations: one cell to each pair of gates (blocks of size 1); gates are not fed to one another; the
    gradient is not truncated; the gates' biases start at 0, and not below it as in some experiments there.
    """

    card: ClassVar[Card] = Card(
        paper="Hochreiter & Schmidhuber, 1997, https://doi.org/10.1162/neco.1997.9.8.1735",
        equations="3-5",
        claim="The error that stays in a cell flows back through time unchanged: dc_t/dc_{t-1} is 1.",
    )
    gates: ClassVar[str] = "igo"
    state_type = OriginalLSTMState
    spec: OriginalLSTMSpec

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, c = state
        i, g, o = (pre + product("igo", h)).chunk(3, dim=-1)
        if self.spec.squash == "logistic":
            c = c + torch.sigmoid(i) * (4 * torch.sigmoid(g) - 2)
            h = torch.sigmoid(o) * (2 * torch.sigmoid(c) - 1)
        else:
            c = c + torch.sigmoid(i) * candidate(torch.tanh(g), product)
            h = torch.sigmoid(o) * torch.tanh(c)
        return h, OriginalLSTMState(h, c)
