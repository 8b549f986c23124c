"""Dropout with one mask for all steps of a sequence."""

from dataclasses import dataclass
from typing import ClassVar, final

from jaxtyping import Float
from torch import Tensor

from zoo.engines import Product, Recurrence, State, taking
from zoo.registry import PartCard, check_fraction
from zoo.switches.base import Switch, SwitchSpec, products_of, register_switch, scaled_mask, with_noise


@final
@dataclass(frozen=True, kw_only=True)
class VariationalDropoutSpec(SwitchSpec):
    """Options of variational dropout."""

    input: float = 0.0
    """Share of the layer's inputs set to zero."""

    recurrent: float = 0.25
    """Share of what the recurrent weights multiply set to zero."""

    output: float = 0.0
    """Share of the layer's outputs set to zero."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, rate in (("input", self.input), ("recurrent", self.recurrent), ("output", self.output)):
            check_fraction(name, rate)

    @property
    def holds_masks(self) -> bool:
        return bool(self.input or self.recurrent or self.output)


@final
@register_switch("variational_dropout", VariationalDropoutSpec)
class VariationalDropout(Switch):
    """Dropout that hides the same units at all steps of a sequence, and others in each sequence.

    Equations, with masks that are 0 or 1 / (1 - p), drawn for each unit and sequence once a call::

        x'_t = m_x ∘ x_t
        product(U, s) = U (m_h ∘ s)
        y'_t = m_y ∘ y_t

    In training alone. Each direction has masks of its own.
    Deviation from the paper: all gates share m_h ("tied weights" there). `StackSpec.dropout`, next to it,
    draws anew at each step.
    Refused: recurrent dropout of cells without recurrent weights, or with products of other widths.
    Reference: Gal & Ghahramani, 2016, https://arxiv.org/abs/1512.05287.
    """

    card: ClassVar[PartCard] = PartCard(
        paper="Gal & Ghahramani, 2016, https://arxiv.org/abs/1512.05287", equations="7"
    )
    in_evaluation: ClassVar[bool] = False
    spec: VariationalDropoutSpec

    def __init__(self, spec: VariationalDropoutSpec, recurrence: Recurrence) -> None:
        super().__init__(spec, recurrence)
        widths = set(products_of(recurrence).values())
        if spec.recurrent and len(widths) != 1:
            found = f"multiplies widths of {sorted(widths)}" if widths else "has no recurrent weights"
            raise ValueError(
                f"variational_dropout has recurrent {spec.recurrent}, and this cell {found}; expected "
                f"recurrent 0"
            )
        self.width = next(iter(widths), 0)

    def enter(self, x: Float[Tensor, "T B I"]) -> Float[Tensor, "T B I"]:
        return self._masked(x, self.spec.input)

    def leave(self, y: Float[Tensor, "T B H"]) -> Float[Tensor, "T B O"]:
        return self._masked(y, self.spec.output)

    def draw(self, x: Float[Tensor, "T B I"]) -> Float[Tensor, "T B K"] | None:
        """m_h, the same at all steps."""
        if not (self.training and self.spec.recurrent):
            return None
        mask = scaled_mask(x, (x.shape[1], self.width), self.spec.recurrent)
        return mask.expand(x.shape[0], -1, -1)

    def around(self, recurrence: Recurrence) -> Recurrence:
        if not (self.training and self.spec.recurrent):
            return recurrence

        def step(pre: Tensor, mask: Tensor, state: State, product: Product) -> tuple[Tensor, State]:
            masked = taking(product, lambda gates, operand: product(gates, operand * mask))
            return recurrence.step(pre, state, masked)

        return with_noise(recurrence, self.width, step)

    def _masked(self, x: Tensor, rate: float) -> Tensor:
        return x * scaled_mask(x, x.shape[1:], rate) if self.training and rate else x
