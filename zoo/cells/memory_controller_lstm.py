"""The LSTM whose output is apart from what controls its memory."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, ForgetSpec, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class MemoryControllerLSTMSpec(ForgetSpec):
    """Options of the memory-controller LSTM."""


class MemoryControllerLSTMState(NamedTuple):
    """State of the memory-controller LSTM: what controls the memory, and the memory."""

    v: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]


@final
@register_cell("memory_controller_lstm", MemoryControllerLSTMSpec)
class MemoryControllerLSTM(Cell):
    r"""An LSTM with two outputs: one for the layer above, and one for its own gates at the next step.

    Equations::

        i_t = σ(W_i x_t + U_i v_{t-1} + b_i)
        f_t = σ(W_f x_t + U_f v_{t-1} + b_f)
        g_t = tanh(W_g x_t + U_g v_{t-1} + b_g)
        o_t = σ(W_o x_t + U_o v_{t-1} + b_o)
        m_t = σ(W_m x_t + U_m v_{t-1} + b_m)
        c_t = f_t ∘ c_{t-1} + i_t ∘ g_t
        v_t = m_t ∘ tanh(c_t)
        h_t = o_t ∘ tanh(c_t)

    Rows of the fused weights: i, f, g, o, m. State: v, c (B, H). Output: h_t.
    Reference: Intel, 2017, in the workshops of NIPS,
    https://www.intel.com/content/dam/www/public/us/en/ai/documents/Sequence-Modeling-NIPS-2017.pdf, as
    torchrecurrent writes its equations: the paper itself was not at hand.
    Deviation: b_f starts at `forget_bias`.
    """

    card: ClassVar[Card] = Card(
        paper="Intel, 2017, "
        "https://www.intel.com/content/dam/www/public/us/en/ai/documents/Sequence-Modeling-NIPS-2017.pdf",
        claim="The output acts on no later step.",
    )
    gates: ClassVar[str] = "ifgom"
    state_type = MemoryControllerLSTMState
    spec: MemoryControllerLSTMSpec

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        v, c = state
        i, f, g, o, m = (pre + product("ifgom", v)).chunk(5, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * candidate(torch.tanh(g), product)
        seen = torch.tanh(c)
        return torch.sigmoid(o) * seen, MemoryControllerLSTMState(torch.sigmoid(m) * seen, c)
