"""Weight normalisation of the recurrent weights."""

from dataclasses import dataclass, replace
from typing import ClassVar, final

import torch
from torch import Tensor, nn

from zoo.cells import Cell
from zoo.engines import Map, Recurrence
from zoo.registry import PartCard
from zoo.switches.base import Switch, SwitchSpec, recurrent_products, register_switch, without_kernels


@final
@dataclass(frozen=True, kw_only=True)
class WeightNormSpec(SwitchSpec):
    """Options of weight normalisation: none of its own."""


@final
@register_switch("weight_norm", WeightNormSpec)
class WeightNorm(Switch):
    """Each recurrent weight vector is a length times a direction, and the two are learned apart.

    Equations, for each row u of the recurrent weights::

        u' = g u / ‖u‖

    `gain` (R,): g, which starts at ‖u‖ of the cell, so that at first nothing is changed.
    Refused: cells without recurrent weights.
    Reference: Salimans & Kingma, 2016, https://arxiv.org/abs/1602.07868.
    """

    card: ClassVar[PartCard] = PartCard(
        paper="Salimans & Kingma, 2016, https://arxiv.org/abs/1602.07868",
        equations="2",
        no_decay=("gain",),
        own_start=("gain",),
    )
    spec: WeightNormSpec

    def __init__(self, spec: WeightNormSpec, recurrence: Recurrence) -> None:
        super().__init__(spec, recurrence)
        self.order, self.width = recurrence.recurrent_gates, recurrence.width
        self.products = recurrent_products(recurrence, "weight_norm")
        self.gain = nn.Parameter(recurrence.like.new_ones(len(self.order) * self.width))

    @torch.no_grad()
    def start(self, cell: Cell) -> tuple[str, ...]:
        """Sets g to the lengths that the cell starts with; a model's `init_range` draws directions alone."""
        for gates in self.products:
            self._gain_of(gates).copy_(cell.recurrent(gates)[0].norm(dim=1))
        return ()

    def around(self, recurrence: Recurrence) -> Recurrence:
        def recurrent(gates: str) -> Map:
            weight, bias = recurrence.recurrent(gates)
            if gates not in self.products:
                return weight, bias
            # a row may be 0, where another switch has dropped all of it
            length = weight.norm(dim=1).clamp(min=torch.finfo(weight.dtype).tiny)
            return weight * (self._gain_of(gates) / length)[:, None], bias

        return replace(without_kernels(recurrence), recurrent=recurrent)

    def _gain_of(self, gates: str) -> Tensor:
        """The gains of these neighbouring gates."""
        first = self.order.index(gates) * self.width
        return self.gain[first : first + len(gates) * self.width]
