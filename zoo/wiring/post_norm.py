"""The residual wiring with post-normalisation."""

from dataclasses import dataclass
from typing import ClassVar, final

from jaxtyping import Float
from torch import Tensor

from zoo.wiring.base import Match, Position, Unequal, Wiring, WiringCard, WiringSpec, register_wiring
from zoo.wiring.norm import NormName, norm_of


@final
@dataclass(frozen=True, kw_only=True)
class PostNormSpec(WiringSpec):
    """Options of the residual wiring with post-normalisation."""

    norm: NormName = "layer"
    """By what is normalised: mean and deviation, "layer", or the root mean square alone, "rms"."""

    unequal: Unequal = "project"
    """Where widths differ: "project" x by a matrix without bias, "pad" it with zeros, or "refuse"."""


@final
@register_wiring("post_norm", PostNormSpec)
class PostNorm(Wiring):
    """The sum of a layer's input and output is normalised, and that is what goes on.

    Equations::

        z = norm(x + y)

    Unequal widths: see `PostNormSpec.unequal`; with "project", z = norm(P x + y).
    Reference: Vaswani et al., 2017, https://arxiv.org/abs/1706.03762.
    """

    card: ClassVar[WiringCard] = WiringCard(
        paper="Vaswani et al., 2017, https://arxiv.org/abs/1706.03762, section 3.1",
        no_decay=("norm.weight", "norm.bias"),
        own_start=("norm.weight",),
    )

    def __init__(self, spec: PostNormSpec, input_size: int, output_size: int, position: Position) -> None:
        super().__init__(spec, input_size, output_size, position)
        self.match = Match(spec.unequal, input_size, output_size)
        self.norm = norm_of(spec.norm, output_size)

    def forward(self, x: Float[Tensor, "... I"], y: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        carried: Tensor = self.match(x)
        z: Tensor = self.norm(carried + y)
        return z
