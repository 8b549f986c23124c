"""The simple recurrent network."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import (
    Card,
    Cell,
    CellSpec,
    Hidden,
    Product,
    State,
    TorchEquivalent,
    register_cell,
)

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "identity": lambda value: value,
}


@final
@dataclass(frozen=True, kw_only=True)
class ElmanSpec(CellSpec):
    """Options of the simple recurrent network."""

    activation: Literal["tanh", "relu", "sigmoid", "identity"] = "tanh"
    """σ of the equation; "identity" is the linear network of the vanishing-gradient proof."""


@final
@register_cell("elman", ElmanSpec)
class Elman(Cell):
    r"""The simple recurrent network: the new state is one squashed linear map of input and old state.

    Equations::

        h_t = σ(W x_t + U h_{t-1} + b)

    Rows of the fused weights: h. State: h (B, H). Output: h_t.
    With recurrent_init "identity" and activation "relu" it is the IRNN of Le et al., 2015,
    https://arxiv.org/abs/1504.00941, whose input weights start smaller than ours.
    Reference: Elman, 1990, https://doi.org/10.1207/s15516709cog1402_1.
    Deviation from nn.RNN: one bias, the sum of torch's two.
    """

    card: ClassVar[Card] = Card(
        paper="Elman, 1990, https://doi.org/10.1207/s15516709cog1402_1",
        torch_equivalent="nn.RNN (tanh, relu)",
    )
    gates: ClassVar[str] = "h"
    spec: ElmanSpec

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        h = ACTIVATIONS[self.spec.activation](pre + product("h", h))
        return h, Hidden(h)

    def torch_equivalent(self) -> Callable[[], TorchEquivalent] | None:
        if self.spec.activation not in ("tanh", "relu"):
            return None
        kind: Literal["rnn_tanh", "rnn_relu"] = "rnn_tanh" if self.spec.activation == "tanh" else "rnn_relu"
        return lambda: TorchEquivalent(kind, self.weight_ih, self.recurrent_weight("h"), self.torch_biases())
