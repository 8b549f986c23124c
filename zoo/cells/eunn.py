"""The tunable efficient unitary network."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, CellSpec, Product, State, check_positive, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class EUNNSpec(CellSpec):
    """Options of the tunable efficient unitary network."""

    bias: bool = True
    """Whether modReLU has thresholds; without them it is the identity."""

    capacity: int = 2
    """L: layers of rotations; H of them reach every unitary matrix."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("a unitary matrix of its own make")
        check_positive("capacity", self.capacity)


class EUNNState(NamedTuple):
    """State of the efficient unitary network: the real and the imaginary part of h."""

    re: Float[Tensor, "B H"]
    im: Float[Tensor, "B H"]


@final
@register_cell("eunn", EUNNSpec)
class EUNN(Cell):
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
    state_type = EUNNState
    spec: EUNNSpec
    threshold: Tensor | None

    @property
    def recurrent_gates(self) -> str:
        return ""

    @property
    def output_size(self) -> int:
        return 2 * self.hidden_size

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return () if self.threshold is None else (self.threshold,)

    @property
    def _pairs(self) -> list[int]:
        """How many rotations each layer has."""
        return [(self.hidden_size - layer % 2) // 2 for layer in range(self.spec.capacity)]

    def add_parameters(self) -> None:
        self.register_parameter("bias", None)
        self.theta = nn.Parameter(torch.empty(sum(self._pairs)))
        self.phi = nn.Parameter(torch.empty(sum(self._pairs)))
        self.omega = nn.Parameter(torch.empty(self.hidden_size))
        threshold = nn.Parameter(torch.empty(self.hidden_size)) if self.spec.bias else None
        self.register_parameter("threshold", threshold)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        for angles in (self.theta, self.phi, self.omega):
            angles.uniform_(-math.pi, math.pi)
        if self.threshold is not None:
            nn.init.zeros_(self.threshold)

    def recurrent_weight(self, gates: str) -> Tensor:
        """Rows of W as a real matrix, in single precision at least."""
        wide = torch.promote_types(self.omega.dtype, torch.float32)
        theta, phi, omega = (part.to(wide) for part in (self.theta, self.phi, self.omega))
        turns, last = (torch.polar(torch.ones_like(part), part) for part in (phi, omega))
        w = torch.diag(torch.ones_like(last))
        layers = zip(*(torch.split(part[:, None], self._pairs) for part in (theta, turns)), strict=True)
        for layer, (angles, turn) in enumerate(layers):
            first, end = layer % 2, layer % 2 + 2 * len(angles)
            a, b, cos, sin = w[first:end:2], w[first + 1 : end : 2], angles.cos(), angles.sin()
            rotated = torch.stack([turn * (cos * a - sin * b), sin * a + cos * b], dim=1).flatten(0, 1)
            w = torch.cat([w[:first], rotated, w[end:]])
        w = last[:, None] * w
        whole = torch.cat([torch.cat([w.real, -w.imag], dim=1), torch.cat([w.imag, w.real], dim=1)])
        return whole[self.rows(gates)].to(self.omega.dtype)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        z = product("ri", torch.cat(state, dim=-1)) + pre
        re, im = z.chunk(2, dim=-1)
        if self.threshold is not None:
            square = re * re + im * im
            size = torch.sqrt(torch.where(square == 0, 1.0, square))
            scale = torch.relu(size + self.threshold) / size
            re, im = scale * re, scale * im
        return torch.cat([re, im], dim=-1), EUNNState(re, im)
