"""The network that learns to skip steps."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, CellSpec, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class SkipRNNSpec(CellSpec):
    """Options of the network that learns to skip steps: those of every cell."""


class SkipRNNState(NamedTuple):
    """State of the network that skips steps: the hidden vector, and what lacks to the next update."""

    h: Float[Tensor, "B H"]
    lack: Float[Tensor, "B H"]


@final
@register_cell("skip_rnn", SkipRNNSpec)
class SkipRNN(Cell):
    r"""The network that learns to skip steps: where the gate of a step is shut, nothing moves.

    Equations, S the step of a GRU, and e the update probability, which gathers while steps are skipped::

        u_t = 1 where e_t > 1/2, else 0
        h_t = u_t S(x_t, h_{t-1}) + (1 - u_t) h_{t-1}
        d_t = σ(w · h_t + b)
        e_{t+1} = u_t d_t + (1 - u_t) (e_t + min(d_t, 1 - e_t))

    S is that of `gru` with reset "before"::

        r = σ(W_r x + U_r h + b_r), z = σ(W_z x + U_z h + b_z), n = tanh(W_n x + U_n (r ∘ h) + b_n)
        S = (1 - z) ∘ h + z ∘ n

    Rows of the fused weights: r, z, n. `update` (H,): w; `bias_update` (1,): b, which starts at 1, so that
    few steps are skipped. State: h and lack 1 - e (B, H), the same in all units unless a start is given that
    differs; from 0 the first step is taken. Output: h_t. The derivative of u is taken for 1.
    Reference: Campos et al., 2018, https://arxiv.org/abs/1708.06834, eq. 2-6, whose ũ is e here.
    Deviations: S is a GRU, where the paper has LSTMs, too; the cost of each update, which makes it skip, is
    the business of a task; skipped steps are computed, and not used.
    """

    card: ClassVar[Card] = Card(
        paper="Campos et al., 2018, https://arxiv.org/abs/1708.06834",
        equations="2-6",
        claim="a skipped step copies the state",
        no_decay=("update",),
        own_start=("bias_update",),
    )
    gates: ClassVar[str] = "rzn"
    state_type = SkipRNNState
    spec: SkipRNNSpec
    bias_update: Tensor | None

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return self.hidden_size, self.hidden_size

    def add_parameters(self) -> None:
        self.update = nn.Parameter(torch.empty(self.hidden_size))
        self.register_parameter("bias_update", nn.Parameter(torch.empty(1)) if self.spec.bias else None)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.normal_(self.update, std=self.hidden_size**-0.5)
        if self.bias_update is not None:
            nn.init.ones_(self.bias_update)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, lack = state
        e = 1 - lack
        # straight through: the value is exactly 0 or 1, for e lies between 0 and 1, and the slope that of e
        u = e + ((e > 0.5).to(e.dtype) - e).detach()
        h = u * self._gru(pre, h, product) + (1 - u) * h
        d = (h * self.update).sum(dim=-1, keepdim=True)
        d = torch.sigmoid(d if self.bias_update is None else d + self.bias_update)
        e = u * d + (1 - u) * (e + torch.minimum(d, 1 - e))
        return h, SkipRNNState(h, 1 - e)

    def _gru(self, pre: Tensor, h: Tensor, product: Product) -> Tensor:
        """S."""
        x_r, x_z, x_n = pre.chunk(3, dim=-1)
        h_r, h_z = product("rz", h).chunk(2, dim=-1)
        r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
        return (1 - z) * h + z * torch.tanh(x_n + product("n", r * h))
