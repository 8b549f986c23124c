"""The unitary evolution network."""

import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor, nn

from zoo.cells.base import Card, UnitaryCell, UnitarySpec, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class URNNSpec(UnitarySpec):
    """Options of the unitary evolution network."""


@final
@register_cell("urnn", URNNSpec)
class URNN(UnitaryCell):
    r"""The unitary evolution network: a complex state that a product of simple unitary maps turns around.

    Equations, h, V and W complex, F the unitary Fourier transform, Π a permutation::

        D_k = diag(exp(iθ_k)), R_k = I - 2 v_k v_k* / |v_k|²
        W   = D_3 R_2 F⁻¹ D_2 Π R_1 F D_1
        z_t = W h_{t-1} + V x_t
        h_t = modReLU(z_t) = z_t / |z_t| ∘ relu(|z_t| + b)

    Rows of the fused input weights: Re V, Im V as r, i. `phases` (3H,): θ_1, θ_2, θ_3; `reflections` (4H,):
    Re v_1, Im v_1, Re v_2, Im v_2; `threshold` (H,): b. State: re, im (B, H). Output: [re; im] (B, 2H).
    θ starts uniformly in [-π, π], Re v and Im v in [-1, 1], b at 0.
    Reference: Arjovsky et al., 2016, https://arxiv.org/abs/1511.06464, eq. 6 and 8.
    Deviations: Π is the order of the fractional parts of k² (√5 - 1) / 2, where the paper draws it; modReLU
    of 0 is 0; the initial state is the stack's business; W acts as a real matrix (2H, 2H) that is made once a
    call, so that a step costs 4 H², where the paper's costs H log H.
    """

    card: ClassVar[Card] = Card(
        paper="Arjovsky et al., 2016, https://arxiv.org/abs/1511.06464",
        equations="6, 8",
        family="gradient",
        claim="where modReLU is the identity, norms of state and gradient are kept",
        no_decay=("phases", "reflections", "threshold"),
        own_start=("phases", "reflections"),
    )
    gates: ClassVar[str] = "ri"
    spec: URNNSpec

    def add_angles(self) -> None:
        self.phases = nn.Parameter(torch.empty(3 * self.hidden_size))
        self.reflections = nn.Parameter(torch.empty(4 * self.hidden_size))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        self.phases.uniform_(-math.pi, math.pi)
        self.reflections.uniform_(-1, 1)

    def unitary(self) -> Tensor:
        wide = torch.promote_types(self.phases.dtype, torch.float32)
        d_1, d_2, d_3 = torch.polar(torch.ones_like(self.phases, dtype=wide), self.phases.to(wide)).chunk(3)
        v_1, v_2 = (torch.complex(*v.chunk(2)) for v in self.reflections.to(wide).chunk(2))
        w = torch.fft.fft(torch.diag(d_1), dim=0, norm="ortho")
        w = d_2[:, None] * _reflected(v_1, w)[self._order()]
        return d_3[:, None] * _reflected(v_2, torch.fft.ifft(w, dim=0, norm="ortho"))

    def _order(self) -> Tensor:
        """Which unit Π puts at each place."""
        squares = torch.arange(1, self.hidden_size + 1, dtype=torch.float64) ** 2
        return (squares * (math.sqrt(5) - 1) / 2).frac().argsort().to(self.phases.device)


def _reflected(v: Tensor, columns: Tensor) -> Tensor:
    """(I - 2 v v* / |v|²) applied to each column."""
    return columns - 2 * torch.outer(v, v.conj() @ columns) / (v.conj() @ v).real
