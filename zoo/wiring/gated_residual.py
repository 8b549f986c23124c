"""The gated residual wiring."""

from dataclasses import dataclass
from typing import ClassVar, Literal, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.wiring.base import Match, Position, Unequal, Wiring, WiringCard, WiringSpec, register_wiring


@final
@dataclass(frozen=True, kw_only=True)
class GatedResidualSpec(WiringSpec):
    """Options of the gated residual wiring."""

    gate: Literal["scalar", "gru"] = "scalar"
    """What weighs the output: one learned number, "scalar", or the gates of a GRU whose state is x, "gru"."""

    carry_bias: float = 2.0
    """How far a "gru" leans towards carrying x at the start."""

    unequal: Unequal = "project"
    """Where widths differ: "project" x by a matrix without bias, "pad" it with zeros, or "refuse"."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.gate == "scalar" and self.carry_bias != GatedResidualSpec.carry_bias:
            raise ValueError(f"carry_bias is {self.carry_bias} with gate 'scalar'; expected gate 'gru'")


@final
@register_wiring("gated_residual", GatedResidualSpec)
class GatedResidual(Wiring):
    """A residual connection whose gate says how much of the layer's output is added.

    Equations::

        z = x + max(0, k) y                     "scalar": k is one number, and starts at 1

        r = σ(W_r y + U_r x)                    "gru"
        u = σ(W_u y + U_u x - b)                b starts at `GatedResidualSpec.carry_bias`
        n = tanh(W_n y + U_n (r ∘ x))
        z = (1 - u) ∘ x + u ∘ n

    Unequal widths: see `GatedResidualSpec.unequal`; with "project", P x takes the place of x throughout.
    References: "scalar": Savarese et al., 2016, https://arxiv.org/abs/1611.01260; "gru": Parisotto et al.,
    2020, https://arxiv.org/abs/1910.06764, where the layer also reads its input normalised.
    """

    card: ClassVar[WiringCard] = WiringCard(
        paper="Savarese et al., 2016, https://arxiv.org/abs/1611.01260; "
        "Parisotto et al., 2020, https://arxiv.org/abs/1910.06764",
        no_decay=("k",),
        own_start=("k", "gates.bias"),
    )
    k: Tensor | None

    def __init__(
        self, spec: GatedResidualSpec, input_size: int, output_size: int, position: Position
    ) -> None:
        super().__init__(spec, input_size, output_size, position)
        self.match = Match(spec.unequal, input_size, output_size)
        is_scalar = spec.gate == "scalar"
        self.register_parameter("k", nn.Parameter(torch.ones(1)) if is_scalar else None)
        self.gates = None if is_scalar else GRUGates(output_size, spec.carry_bias)

    def forward(self, x: Float[Tensor, "... I"], y: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        carried: Tensor = self.match(x)
        if self.k is not None:
            return carried + torch.relu(self.k) * y
        assert self.gates is not None
        z: Tensor = self.gates(carried, y)
        return z


@final
class GRUGates(nn.Module):
    """A GRU, its reset before the product, that updates x with y; see `GatedResidual`.

    Rows of `from_y`: r, u, n; of `from_x`: r, u.
    """

    def __init__(self, width: int, carry_bias: float) -> None:
        super().__init__()
        self.from_y = nn.Linear(width, 3 * width, bias=False)
        self.from_x = nn.Linear(width, 2 * width, bias=False)
        self.from_reset = nn.Linear(width, width, bias=False)
        self.bias = nn.Parameter(torch.full((width,), carry_bias))

    def forward(self, x: Float[Tensor, "... H"], y: Float[Tensor, "... H"]) -> Float[Tensor, "... H"]:
        """`x` updated."""
        r, u, n = self.from_y(y).chunk(3, dim=-1)
        x_r, x_u = self.from_x(x).chunk(2, dim=-1)
        r, u = torch.sigmoid(r + x_r), torch.sigmoid(u + x_u - self.bias)
        n = torch.tanh(n + self.from_reset(r * x))
        return (1 - u) * x + u * n
