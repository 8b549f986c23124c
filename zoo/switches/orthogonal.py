"""Orthogonal recurrent weights."""

from dataclasses import dataclass, replace
from typing import ClassVar, final

import torch
from torch import Tensor

from zoo.engines import Map, Recurrence
from zoo.registry import PartCard
from zoo.switches.base import Switch, SwitchSpec, recurrent_products, register_switch, without_kernels


@final
@dataclass(frozen=True, kw_only=True)
class OrthogonalSpec(SwitchSpec):
    """Options of orthogonal weights: none of their own."""


@final
@register_switch("orthogonal", OrthogonalSpec)
class Orthogonal(Switch):
    """The recurrent matrix of each gate stays orthogonal, whatever its parameters are.

    Equations, for the square matrix U of each gate, by the Cayley transform of its skew part::

        A = (U - Uᵀ) / 2
        U' = (1 + A)^-1 (1 - A)

    Refused: cells whose recurrent matrices are not square, or that have none.
    Reference: Helfrich et al., 2018, https://arxiv.org/abs/1707.09520, without its diagonal of signs, so that
    U' turns and does not reflect; for other cells than its own.
    """

    card: ClassVar[PartCard] = PartCard(
        paper="Helfrich et al., 2018, https://arxiv.org/abs/1707.09520", equations="1"
    )
    spec: OrthogonalSpec

    def __init__(self, spec: OrthogonalSpec, recurrence: Recurrence) -> None:
        super().__init__(spec, recurrence)
        self.width, self.products = recurrence.width, recurrent_products(recurrence, "orthogonal")
        for gates in self.products:
            columns = recurrence.recurrent(gates)[0].shape[1]
            if columns != self.width:
                raise ValueError(
                    f"orthogonal matrices are square, and this cell's have {self.width} rows and {columns} "
                    f"columns; expected another cell"
                )

    def around(self, recurrence: Recurrence) -> Recurrence:
        # now: an inverse is dear, and an engine may ask for weights more than once
        turned = {gates: self._cayley(recurrence.recurrent(gates)[0]) for gates in self.products}

        def recurrent(gates: str) -> Map:
            weight, bias = recurrence.recurrent(gates)
            return turned.get(gates, weight), bias

        return replace(without_kernels(recurrence), recurrent=recurrent)

    def _cayley(self, weight: Tensor) -> Tensor:
        """U' of each gate, (n H, H)."""
        u = weight.view(-1, self.width, self.width)
        if u.dtype in (torch.bfloat16, torch.float16):  # in which torch solves nothing
            u = u.float()
        a, one = (u - u.mT) / 2, torch.eye(self.width, dtype=u.dtype, device=u.device)
        turned: Tensor = torch.linalg.solve(one + a, one - a)
        return turned.reshape(weight.shape).to(weight.dtype)
