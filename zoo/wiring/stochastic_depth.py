"""The residual wiring with stochastic depth."""

from dataclasses import dataclass
from typing import ClassVar, final

from jaxtyping import Float
from torch import Tensor

from zoo.registry import check_finite
from zoo.wiring.base import Match, Position, Unequal, Wiring, WiringCard, WiringSpec, register_wiring


@final
@dataclass(frozen=True, kw_only=True)
class StochasticDepthSpec(WiringSpec):
    """Options of the residual wiring with stochastic depth."""

    survival: float = 0.5
    """How likely the last layer's output is kept in training; of those below it is the likelier the lower."""

    unequal: Unequal = "project"
    """Where widths differ: "project" x by a matrix without bias, "pad" it with zeros, or "refuse"."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_finite("survival", self.survival)
        if not 0 < self.survival <= 1:
            raise ValueError(f"survival is {self.survival}; expected a number above 0, up to 1")


@final
@register_wiring("stochastic_depth", StochasticDepthSpec)
class StochasticDepth(Wiring):
    """In training whole layers are left out at random; in evaluation all are there, weighed by how likely.

    Equations::

        p_l = 1 - (l / L) (1 - p_L)     of layer l = 1, ..., L; p_L is `StochasticDepthSpec.survival`
        z = x + b y                     in training: b is 1 with probability p_l, else 0
        z = x + p_l y                   in evaluation

    b is drawn anew for each sequence and in each call, and is the same at all steps of a call; a step of a
    stream is a call.
    Unequal widths: see `StochasticDepthSpec.unequal`; with "project", P x takes the place of x.
    Reference: Huang et al., 2016, https://arxiv.org/abs/1603.09382. Deviations: one b for each sequence, not
    for the batch; no rectifier behind the sum.
    """

    card: ClassVar[WiringCard] = WiringCard(paper="Huang et al., 2016, https://arxiv.org/abs/1603.09382")

    def __init__(
        self, spec: StochasticDepthSpec, input_size: int, output_size: int, position: Position
    ) -> None:
        super().__init__(spec, input_size, output_size, position)
        self.match = Match(spec.unequal, input_size, output_size)
        self.survival = 1 - (position.index + 1) / position.depth * (1 - spec.survival)

    def forward(self, x: Float[Tensor, "... I"], y: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        carried: Tensor = self.match(x)
        if not self.training:
            return carried + self.survival * y
        # sequences are the last axis but one: of (T, B, H) in a whole run as of (B, H) in a step
        kept = y.new_empty(y.shape[-2], 1).bernoulli_(self.survival)
        return carried + kept * y
