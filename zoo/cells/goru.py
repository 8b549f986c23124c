"""The gated orthogonal recurrent unit."""

import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import (
    Card,
    Cell,
    CellSpec,
    Hidden,
    Product,
    State,
    check_positive,
    mod_relu,
    register_cell,
    rotated,
    rotations,
)


@final
@dataclass(frozen=True, kw_only=True)
class GORUSpec(CellSpec):
    """Options of the gated orthogonal recurrent unit."""

    capacity: int = 2
    """L: layers of rotations that U is made of; H of them reach every rotation."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("capacity", self.capacity)


@final
@register_cell("goru", GORUSpec)
class GORU(Cell):
    r"""The gated orthogonal recurrent unit: the gates of a GRU forget what its orthogonal matrix would keep.

    Equations::

        z_t = σ(W_z x_t + U_z h_{t-1} + b_z)
        r_t = σ(W_r x_t + U_r h_{t-1} + b_r)
        s_t = W_n x_t + r_t ∘ (U h_{t-1})
        n_t = modReLU(s_t) = sign(s_t) ∘ relu(|s_t| + b_n)
        h_t = z_t ∘ h_{t-1} + (1 - z_t) ∘ n_t
        U   = F_L .. F_2 F_1

    F_1, F_3, .. rotate units 1 and 2, 3 and 4, .. by an angle θ each; F_2, F_4, .. do so with 2 and 3, 4 and
    5, .. Rows of the fused weights: z, r, n; of the recurrent ones: z, r. `theta`: all angles of F_1, then of
    F_2, .. `bias`: b_z, b_r, b_n. State: h (B, H). Output: h_t.
    θ starts uniformly in [-π, π].
    Reference: Jing et al., 2019, https://arxiv.org/abs/1706.02761, with the real rotations of Jing
    et al., 2017, https://arxiv.org/abs/1612.05231, in the tunable style.
    Deviations: all biases start at 0, where the authors' code starts those of the gates at 2; weights start
    by Xavier and orthogonal; U is made once a call.
    """

    card: ClassVar[Card] = Card(
        paper="Jing et al., 2019, https://arxiv.org/abs/1706.02761",
        family="gradient",
        claim="U stays orthogonal",
        no_decay=("theta",),
        own_start=("theta",),
    )
    gates: ClassVar[str] = "zrn"
    spec: GORUSpec

    @property
    def recurrent_gates(self) -> str:
        return "zr"

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return () if self.bias is None else (self.bias,)

    @property
    def _pairs(self) -> list[int]:
        return rotations(self.hidden_size, self.spec.capacity)

    def add_parameters(self) -> None:
        self.theta = nn.Parameter(torch.empty(sum(self._pairs)))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        self.theta.uniform_(-math.pi, math.pi)

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """Input products, with the biases of the gates; that of n is a threshold."""
        if self.bias is None:
            return F.linear(x, self.weight_ih)
        gates = self.bias[self.rows("zr")]
        return F.linear(x, self.weight_ih, torch.cat([gates, gates.new_zeros(self.hidden_size)]))

    def recurrent_weight(self, gates: str) -> Tensor:
        """U for n, in single precision at least."""
        if gates != "n":
            return super().recurrent_weight(gates)
        theta = self.theta.to(torch.promote_types(self.theta.dtype, torch.float32))
        u = torch.eye(self.hidden_size, dtype=theta.dtype, device=theta.device)
        for layer, angles in enumerate(torch.split(theta[:, None], self._pairs)):
            u = rotated(u, layer, angles)
        return u.to(self.theta.dtype)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        x_z, x_r, x_n = pre.chunk(3, dim=-1)
        h_z, h_r = product("zr", h).chunk(2, dim=-1)
        z = torch.sigmoid(x_z + h_z)
        r = torch.sigmoid(x_r + h_r)
        n = x_n + r * product("n", h)
        if self.bias is not None:
            _, _, threshold = self.bias.chunk(3, dim=-1)
            n = mod_relu(n, threshold)
        h = z * h + (1 - z) * n
        return h, Hidden(h)
