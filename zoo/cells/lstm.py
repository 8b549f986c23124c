"""Long short-term memory."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import (
    Card,
    Cell,
    ChronoSpec,
    ForgetSpec,
    Product,
    State,
    TorchEquivalent,
    candidate,
    chrono_,
    register_cell,
)


@final
@dataclass(frozen=True, kw_only=True)
class LSTMSpec(ForgetSpec, ChronoSpec):
    """Options of the LSTM."""


class LSTMState(NamedTuple):
    """State of the LSTM: hidden and cell state."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]


@final
@register_cell("lstm", LSTMSpec)
class LSTM(Cell):
    r"""Long short-term memory with a forget gate: what is kept is multiplied by f, not by a matrix.

    Equations::

        i_t = σ(W_i x_t + U_i h_{t-1} + b_i)
        f_t = σ(W_f x_t + U_f h_{t-1} + b_f)
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)
        o_t = σ(W_o x_t + U_o h_{t-1} + b_o)
        c_t = f_t ∘ c_{t-1} + i_t ∘ g_t
        h_t = o_t ∘ tanh(c_t)

    Rows of the fused weights: i, f, g, o. State: h, c (B, H). Output: h_t.
    References: Hochreiter & Schmidhuber, 1997, https://doi.org/10.1162/neco.1997.9.8.1735; Gers et al.,
    2000, https://doi.org/10.1162/089976600300015015 (forget gate).
    Deviation from nn.LSTM: one bias, the sum of torch's two; b_f starts at `forget_bias`, not near 0.
    """

    card: ClassVar[Card] = Card(
        paper="Hochreiter & Schmidhuber, 1997, https://doi.org/10.1162/neco.1997.9.8.1735; "
        "Gers et al., 2000, https://doi.org/10.1162/089976600300015015",
        torch_equivalent="nn.LSTM",
    )
    gates: ClassVar[str] = "ifgo"
    state_type = LSTMState
    spec: LSTMSpec

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        chrono_(self, keep="f", take="i")

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, c = state
        i, f, g, o = (pre + product("ifgo", h)).chunk(4, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * candidate(torch.tanh(g), product)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, LSTMState(h, c)

    def torch_equivalent(self) -> Callable[[], TorchEquivalent] | None:
        return lambda: TorchEquivalent(
            "lstm", self.weight_ih, self.recurrent_weight("ifgo"), self.torch_biases()
        )
