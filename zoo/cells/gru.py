"""The gated recurrent unit, with its reset gate before or after the recurrent product."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import (
    LONG_SEQUENCES,
    Card,
    Cell,
    ChronoSpec,
    Hidden,
    Product,
    State,
    TorchEquivalent,
    candidate,
    chrono_,
    register_cell,
)


@final
@dataclass(frozen=True, kw_only=True)
class GRUSpec(ChronoSpec):
    """Options of the GRU."""

    reset: Literal["before", "after"] = "after"
    """Where the reset gate acts: "before" the recurrent product (Cho et al., 2014) or "after" it (torch)."""


@final
@register_cell("gru", GRUSpec)
class GRU(Cell):
    r"""The gated recurrent unit: one gate both forgets and writes, another resets what the candidate sees.

    Equations, reset "before"::

        r_t = σ(W_r x_t + U_r h_{t-1} + b_r)
        z_t = σ(W_z x_t + U_z h_{t-1} + b_z)
        n_t = tanh(W_n x_t + U_n (r_t ∘ h_{t-1}) + b_n)
        h_t = (1 - z_t) ∘ h_{t-1} + z_t ∘ n_t

    Equations, reset "after", as in nn.GRU::

        r_t = σ(W_r x_t + U_r h_{t-1} + b_r)
        z_t = σ(W_z x_t + U_z h_{t-1} + b_z)
        n_t = tanh(W_n x_t + b_n + r_t ∘ (U_n h_{t-1} + d_n))
        h_t = z_t ∘ h_{t-1} + (1 - z_t) ∘ n_t

    The two also differ in what z means: z = 0 keeps the state with "before", z = 1 with "after".
    Rows of the fused weights: r, z, n. State: h (B, H). Output: h_t. `bias_hh` is d_n.
    Reference: Cho et al., 2014, https://arxiv.org/abs/1406.1078, whose z is that of "after"; "before" has the
    z of Chung et al., 2014, https://arxiv.org/abs/1412.3555, which lecture notes call u.
    Deviation from nn.GRU: one bias for r and z, the sum of torch's two.
    """

    card: ClassVar[Card] = Card(
        paper="Cho et al., 2014, https://arxiv.org/abs/1406.1078",
        recommended=LONG_SEQUENCES,
        torch_equivalent="nn.GRU (reset: after)",
    )
    gates: ClassVar[str] = "rzn"
    spec: GRUSpec

    @property
    def recurrent_bias(self) -> str:
        return "n" if self.spec.reset == "after" else ""

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        if self.spec.reset == "before":
            chrono_(self, take="z")
        else:
            chrono_(self, keep="z")

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        equations = self._before if self.spec.reset == "before" else self._after
        return equations(pre, state, product)

    def _before(self, pre: Tensor, state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        x_r, x_z, x_n = pre.chunk(3, dim=-1)
        h_r, h_z = product("rz", h).chunk(2, dim=-1)
        r = torch.sigmoid(x_r + h_r)
        z = torch.sigmoid(x_z + h_z)
        n = candidate(torch.tanh(x_n + product("n", r * h)), product)
        h = (1 - z) * h + z * n
        return h, Hidden(h)

    def _after(self, pre: Tensor, state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        x_r, x_z, x_n = pre.chunk(3, dim=-1)
        h_r, h_z, h_n = product("rzn", h).chunk(3, dim=-1)
        r = torch.sigmoid(x_r + h_r)
        z = torch.sigmoid(x_z + h_z)
        n = candidate(torch.tanh(x_n + r * h_n), product)
        h = z * h + (1 - z) * n
        return h, Hidden(h)

    def torch_equivalent(self) -> Callable[[], TorchEquivalent] | None:
        if self.spec.reset == "before":
            return None
        return lambda: TorchEquivalent(
            "gru", self.weight_ih, self.recurrent_weight("rzn"), self.torch_biases()
        )
