"""DropConnect on the recurrent weights."""

from dataclasses import dataclass, replace
from typing import ClassVar, final

from zoo.engines import Map, Recurrence
from zoo.registry import PartCard, check_fraction
from zoo.switches.base import (
    Switch,
    SwitchSpec,
    recurrent_products,
    register_switch,
    scaled_mask,
    without_kernels,
)


@final
@dataclass(frozen=True, kw_only=True)
class WeightDropSpec(SwitchSpec):
    """Options of weight drop; the default is the paper's for word-level Penn Treebank."""

    rate: float = 0.5
    """Share of the recurrent weights that are taken for 0."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fraction("rate", self.rate)

    @property
    def holds_masks(self) -> bool:
        return self.rate > 0


@final
@register_switch("weight_drop", WeightDropSpec)
class WeightDrop(Switch):
    """Recurrent weights are dropped, the same at every step: the recurrence itself stays as it is.

    Equations, with U the recurrent weights of all gates::

        U' = m ∘ U / (1 - p),   m ~ Bernoulli(1 - p)      in training

    One m for each call, the same for all steps and sequences; a dropped weight has no gradient in that call,
    and U itself is what is trained. In evaluation U' = U.
    Other matrices inside a step, such as projections, stay whole. Refused: cells without recurrent weights.
    Reference: Merity et al., 2018, https://arxiv.org/abs/1708.02182, after Wan et al., 2013.
    """

    card: ClassVar[PartCard] = PartCard(
        paper="Merity et al., 2018, https://arxiv.org/abs/1708.02182", equations="section 2"
    )
    in_evaluation: ClassVar[bool] = False
    spec: WeightDropSpec

    def __init__(self, spec: WeightDropSpec, recurrence: Recurrence) -> None:
        super().__init__(spec, recurrence)
        self.products = recurrent_products(recurrence, "weight_drop")

    def around(self, recurrence: Recurrence) -> Recurrence:
        if not (self.training and self.spec.rate):
            return recurrence
        # now, and not when an engine asks for weights, which it may do again for their gradient
        weights = {gates: recurrence.recurrent(gates)[0] for gates in self.products}
        masks = {gates: scaled_mask(part, part.shape, self.spec.rate) for gates, part in weights.items()}

        def recurrent(gates: str) -> Map:
            weight, bias = recurrence.recurrent(gates)
            return (weight * masks[gates] if gates in masks else weight), bias

        return replace(without_kernels(recurrence), recurrent=recurrent)
