"""Dropout of what is written into the state."""

from dataclasses import dataclass
from typing import ClassVar, Literal, final

from jaxtyping import Float
from torch import Tensor

from zoo.engines import ChangingProduct, Product, Recurrence, State, candidate
from zoo.registry import PartCard, check_fraction
from zoo.switches.base import (
    Switch,
    SwitchSpec,
    register_switch,
    scaled_mask,
    tried,
    with_noise,
    zero_product,
)


@final
@dataclass(frozen=True, kw_only=True)
class RecurrentDropoutSpec(SwitchSpec):
    """Options of recurrent dropout; the default is the paper's for word-level Penn Treebank."""

    rate: float = 0.25
    """Share of the units into which nothing new is written at a step."""

    mask: Literal["step", "sequence"] = "step"
    """Whether other units are taken at each step, or the same all through a sequence."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fraction("rate", self.rate)

    @property
    def holds_masks(self) -> bool:
        return self.mask == "sequence"


@final
@register_switch("recurrent_dropout", RecurrentDropoutSpec)
class RecurrentDropout(Switch):
    """Dropout of the candidate alone, so that what a cell remembers is never dropped.

    Equations, with g_t the candidate of the cell (g of an LSTM, n of a GRU)::

        g'_t = m_t ∘ g_t,   m_t ~ Bernoulli(1 - p) / (1 - p)

    In training alone.
    Deviation from the paper: masks are divided by 1 - p in training, in place of a factor in evaluation.
    Refused: cells that mark no candidate, or several.
    Reference: Semeniuta et al., 2016, https://arxiv.org/abs/1603.05118.
    """

    card: ClassVar[PartCard] = PartCard(
        paper="Semeniuta et al., 2016, https://arxiv.org/abs/1603.05118", equations="14, 15"
    )
    in_evaluation: ClassVar[bool] = False
    spec: RecurrentDropoutSpec

    def __init__(self, spec: RecurrentDropoutSpec, recurrence: Recurrence) -> None:
        super().__init__(spec, recurrence)
        widths = _candidates(recurrence)
        if len(widths) != 1:
            raise ValueError(
                f"recurrent_dropout drops the candidate of a step, and this cell marks {len(widths)}; "
                f"expected one, as in lstm or gru"
            )
        (self.width,) = widths

    def draw(self, x: Float[Tensor, "T B I"]) -> Float[Tensor, "T B K"] | None:
        """m."""
        if not (self.training and self.spec.rate):
            return None
        steps = x.shape[0] if self.spec.mask == "step" else 1
        return scaled_mask(x, (steps, x.shape[1], self.width), self.spec.rate).expand(x.shape[0], -1, -1)

    def around(self, recurrence: Recurrence) -> Recurrence:
        if not (self.training and self.spec.rate):
            return recurrence

        def step(pre: Tensor, mask: Tensor, state: State, product: Product) -> tuple[Tensor, State]:
            # what another switch does to the candidate stays
            changing = ChangingProduct(product, lambda value: candidate(value * mask, product))
            return recurrence.step(pre, state, changing)

        return with_noise(recurrence, self.width, step)


def _candidates(recurrence: Recurrence) -> list[int]:
    """The widths of the candidates that a step marks."""
    found: list[int] = []

    def seen(value: Tensor) -> Tensor:
        found.append(value.shape[-1])
        return value

    tried(recurrence, ChangingProduct(zero_product(recurrence), seen))
    return found
