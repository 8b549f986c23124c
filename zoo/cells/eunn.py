"""The tunable efficient unitary network."""

import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor, nn

from zoo.cells.base import Card, UnitaryCell, UnitarySpec, check_positive, register_cell, rotated, rotations


@final
@dataclass(frozen=True, kw_only=True)
class EUNNSpec(UnitarySpec):
    """Options of the tunable efficient unitary network."""

    capacity: int = 2
    """L: layers of rotations; H of them reach every unitary matrix."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("capacity", self.capacity)


@final
@register_cell("eunn", EUNNSpec)
class EUNN(UnitaryCell):
    r"""The tunable efficient unitary network: layers of rotations of neighbours, as many as one can afford.

    Equations, h, V and W complex::

        R   = [[exp(iφ) cos θ, -exp(iφ) sin θ], [sin θ, cos θ]]
        W   = diag(exp(iω)) F_L .. F_2 F_1
        z_t = W h_{t-1} + V x_t
        h_t = modReLU(z_t) = z_t / |z_t| ∘ relu(|z_t| + b)

    F_1, F_3, .. rotate units 1 and 2, 3 and 4, .. by an R each; F_2, F_4, .. rotate 2 and 3, 4 and 5, ..
    Rows of the fused input weights: Re V, Im V as r, i. `theta`, `phi`: those of all R of F_1, then F_2, ..;
    `omega` (H,); `threshold` (H,): b. State: re, im (B, H). Output: [re; im] (B, 2H).
    Angles start uniformly in [-π, π], b at 0.
    Reference: Jing et al., 2017, https://arxiv.org/abs/1612.05231, the tunable style.
    Deviations: modReLU of 0 is 0; W acts as a real matrix (2H, 2H) that is made once a call, so that a step
    costs 4 H², where the paper's costs L H.
    """

    card: ClassVar[Card] = Card(
        paper="Jing et al., 2017, https://arxiv.org/abs/1612.05231",
        family="gradient",
        claim="where modReLU is the identity, norms of state and gradient are kept",
        no_decay=("theta", "phi", "omega", "threshold"),
        own_start=("theta", "phi", "omega"),
    )
    gates: ClassVar[str] = "ri"
    spec: EUNNSpec

    @property
    def _pairs(self) -> list[int]:
        return rotations(self.hidden_size, self.spec.capacity)

    def add_angles(self) -> None:
        self.theta = nn.Parameter(torch.empty(sum(self._pairs)))
        self.phi = nn.Parameter(torch.empty(sum(self._pairs)))
        self.omega = nn.Parameter(torch.empty(self.hidden_size))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        for angles in (self.theta, self.phi, self.omega):
            angles.uniform_(-math.pi, math.pi)

    def unitary(self) -> Tensor:
        wide = torch.promote_types(self.omega.dtype, torch.float32)
        theta, phi, omega = (part.to(wide) for part in (self.theta, self.phi, self.omega))
        turns, last = (torch.polar(torch.ones_like(part), part) for part in (phi, omega))
        w = torch.diag(torch.ones_like(last))
        layers = zip(*(torch.split(part[:, None], self._pairs) for part in (theta, turns)), strict=True)
        for layer, (angles, turn) in enumerate(layers):
            w = rotated(w, layer, angles, turn)
        return last[:, None] * w
