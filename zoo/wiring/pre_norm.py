"""The residual wiring with pre-normalisation."""

from dataclasses import dataclass
from typing import ClassVar, final

from jaxtyping import Float
from torch import Tensor

from zoo.wiring.base import Match, Position, Unequal, Wiring, WiringCard, WiringSpec, register_wiring
from zoo.wiring.norm import NormName, norm_of


@final
@dataclass(frozen=True, kw_only=True)
class PreNormSpec(WiringSpec):
    """Options of the residual wiring with pre-normalisation."""

    norm: NormName = "layer"
    """By what is normalised: mean and deviation, "layer", or the root mean square alone, "rms"."""

    final_norm: bool = True
    """Whether what comes out of the stack is normalised: sums grow with depth, and nothing else would."""

    unequal: Unequal = "project"
    """Where widths differ: "project" x by a matrix without bias, "pad" it with zeros, or "refuse"."""


@final
@register_wiring("pre_norm", PreNormSpec)
class PreNorm(Wiring):
    """Each layer reads its input normalised and adds to it as it is; the sum is normalised once, at the end.

    Equations::

        y = layer(norm(x))
        z = x + y           of the last layer z = norm(x + y), see `PreNormSpec.final_norm`

    Unequal widths: see `PreNormSpec.unequal`; with "project", z = P x + y. Inputs of the stack of another
    width than the first layer's output belong to no sum yet: it reads them as they are, since of a
    series of width 1 a norm would leave nothing but its sign.
    Reference: Xiong et al., 2020, https://arxiv.org/abs/2002.04745, with the final norm.
    """

    card: ClassVar[WiringCard] = WiringCard(
        paper="Xiong et al., 2020, https://arxiv.org/abs/2002.04745",
        no_decay=("norm.weight", "norm.bias", "final.weight", "final.bias"),
        own_start=("norm.weight", "final.weight"),
    )

    def __init__(self, spec: PreNormSpec, input_size: int, output_size: int, position: Position) -> None:
        super().__init__(spec, input_size, output_size, position)
        self.match = Match(spec.unequal, input_size, output_size)
        begins = position.index == 0 and input_size != output_size
        self.norm = None if begins else norm_of(spec.norm, input_size)
        ends = position.is_last and spec.final_norm
        self.final = norm_of(spec.norm, output_size) if ends else None

    def enter(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... I"]:
        return x if self.norm is None else self.norm(x)

    def forward(self, x: Float[Tensor, "... I"], y: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        carried: Tensor = self.match(x)
        z = carried + y
        return z if self.final is None else self.final(z)
