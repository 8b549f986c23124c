"""The quasi-recurrent network."""

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import Card, Cell, CellSpec, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class QRNNSpec(CellSpec):
    """Options of the quasi-recurrent network."""

    window: Literal[1, 2] = 1
    """Inputs that the gates see: this one, or also the one before; then it is not linear in its state."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("no recurrent weights")


class QRNNState(NamedTuple):
    """State of the quasi-recurrent network: the pooled candidates."""

    c: Float[Tensor, "B H"]


class WindowedQRNNState(NamedTuple):
    """The same, behind what the input before adds to z, f and o."""

    p: Float[Tensor, "B 3H"]
    c: Float[Tensor, "B H"]


@final
@register_cell("qrnn", QRNNSpec)
class QRNN(Cell):
    r"""The quasi-recurrent network: gates by a convolution over time, and a pooling that is all it remembers.

    Equations, with p_t = 0 where `window` is 1::

        z_t = tanh(W_z x_t + V_z x_{t-1} + b_z)
        f_t = σ(W_f x_t + V_f x_{t-1} + b_f)
        o_t = σ(W_o x_t + V_o x_{t-1} + b_o)
        c_t = f_t ∘ c_{t-1} + (1 - f_t) ∘ z_t
        h_t = o_t ∘ c_t

    Rows of the fused weights: z, f, o; no recurrent weights. `weight_before` (3H, I), with window 2: V of
    z, f, o. State: c (B, H), and with window 2 before it p = V x of the last step (B, 3H). Output: h_t.
    Reference: Bradbury et al., 2017, https://arxiv.org/abs/1611.01576, eq. 1, 2 and 4 ("fo-pooling").
    Deviation: the window is 1 by default, where the paper takes 2 or more; biases, which its equations omit.
    """

    card: ClassVar[Card] = Card(
        paper="Bradbury et al., 2017, https://arxiv.org/abs/1611.01576",
        equations="1, 2, 4",
        family="linear",
        linear=True,
    )
    gates: ClassVar[str] = "zfo"
    spec: QRNNSpec
    weight_before: Tensor | None

    @property
    def state_type(self) -> type[QRNNState] | type[WindowedQRNNState]:
        return QRNNState if self.spec.window == 1 else WindowedQRNNState

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return (3 * self.hidden_size, self.hidden_size)[-self.spec.window :]

    @property
    def recurrent_gates(self) -> str:
        return ""

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return ()

    def add_parameters(self) -> None:
        shape = 3 * self.hidden_size, self.input_size
        before = nn.Parameter(torch.empty(shape)) if self.spec.window == 2 else None
        self.register_parameter("weight_before", before)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        if self.weight_before is not None:
            for gate in self.gates:
                nn.init.xavier_uniform_(self.weight_before[self.rows(gate)])

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """W x + b, and behind it V x, which the step after will read."""
        now = super().project(x)
        if self.weight_before is None:
            return now
        return torch.cat([now, F.linear(x, self.weight_before)], dim=-1)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        if self.spec.window == 1:
            c, h = self._pooled(pre, state[0])
            return h, QRNNState(c)
        p, c = state
        now, after = pre.chunk(2, dim=-1)
        c, h = self._pooled(now + p, c)
        return h, WindowedQRNNState(after, c)

    @staticmethod
    def _pooled(sums: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        z, f, o = sums.chunk(3, dim=-1)
        f = torch.sigmoid(f)
        c = f * c + (1 - f) * torch.tanh(z)
        return c, torch.sigmoid(o) * c
