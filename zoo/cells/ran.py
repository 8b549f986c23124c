"""The recurrent additive network."""

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, CellSpec, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class RANSpec(CellSpec):
    """Options of the recurrent additive network."""

    output: Literal["tanh", "identity"] = "tanh"
    """g of the equations: how the sum is squashed on its way out."""


class RANState(NamedTuple):
    """State of the recurrent additive network: what the gates see, and the sum itself."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]


@final
@register_cell("ran", RANSpec)
class RAN(Cell):
    r"""The recurrent additive network: its state is a gated sum of linear maps of its inputs, nothing else.

    Equations::

        c̃_t = W_c x_t
        i_t = σ(W_i x_t + U_i h_{t-1} + d_i)
        f_t = σ(W_f x_t + U_f h_{t-1} + d_f)
        c_t = i_t ∘ c̃_t + f_t ∘ c_{t-1}
        h_t = g(c_t)

    Rows of the fused weights: c, i, f; of the recurrent ones and of `bias_hh`: i, f; no `bias`.
    State: h, c (B, H). Output: h_t.
    Reference: Lee et al., 2017, https://arxiv.org/abs/1705.07393, eq. 1, whose b is d here. No deviations.
    """

    card: ClassVar[Card] = Card(
        paper="Lee et al., 2017, https://arxiv.org/abs/1705.07393",
        equations="1",
        claim="The state is a weighted sum of linear maps of the inputs: the gates only set the weights.",
    )
    gates: ClassVar[str] = "cif"
    state_type = RANState
    spec: RANSpec

    @property
    def recurrent_gates(self) -> str:
        return "if"

    @property
    def recurrent_bias(self) -> str:
        return "if"

    def add_parameters(self) -> None:
        """The content has no bias, and those of the gates are in `bias_hh`."""
        self.bias = None

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, c = state
        content, x_i, x_f = pre.chunk(3, dim=-1)
        h_i, h_f = product("if", h).chunk(2, dim=-1)
        i, f = torch.sigmoid(x_i + h_i), torch.sigmoid(x_f + h_f)
        c = i * content + f * c
        h = torch.tanh(c) if self.spec.output == "tanh" else c
        return h, RANState(h, c)
