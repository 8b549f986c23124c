"""The strongly typed gated recurrent unit."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Product, State, StronglyTypedCell, StronglyTypedSpec, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class TGRUSpec(StronglyTypedSpec):
    """Options of the strongly typed gated recurrent unit."""


class TGRUState(NamedTuple):
    """State of the strongly typed GRU: what the input before adds to z, f and o, and hidden state."""

    p: Float[Tensor, "B 3H"]
    h: Float[Tensor, "B H"]


@final
@register_cell("tgru", TGRUSpec)
class TGRU(StronglyTypedCell):
    r"""The strongly typed GRU: gates and candidate see this input and the one before, and never the state.

    Equations, with x_0 = 0::

        z_t = V_z x_{t-1} + W_z x_t + b_z
        f_t = σ(V_f x_{t-1} + W_f x_t + b_f)
        o_t = tanh(V_o x_{t-1} + W_o x_t + b_o)
        h_t = f_t ∘ h_{t-1} + z_t ∘ o_t

    Rows of the fused weights: z, f, o; no recurrent weights. `weight_before` (3H, I): V of z, f, o.
    State: p = V x of the last step (B, 3H), and h (B, H). Output: h_t.
    Reference: Balduzzi & Ghifary, 2016, https://arxiv.org/abs/1602.02218, with τ = tanh.
    No deviations.
    """

    card: ClassVar[Card] = Card(
        paper="Balduzzi & Ghifary, 2016, https://arxiv.org/abs/1602.02218",
        claim="The slope of the state in the one before is the forget gate, whatever the state.",
    )
    gates: ClassVar[str] = "zfo"
    state_type = TGRUState
    spec: TGRUSpec

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        before, h = state
        now, after = pre.chunk(2, dim=-1)
        z, f, o = (now + before).chunk(3, dim=-1)
        h = torch.sigmoid(f) * h + z * torch.tanh(o)
        return h, TGRUState(after, h)
