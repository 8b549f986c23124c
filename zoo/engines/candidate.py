"""What a step is about to write into its state, marked so that it can be changed from outside."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from torch import Tensor

from zoo.engines.recurrence import Product


@final
@dataclass(frozen=True, eq=False)
class ChangingProduct:
    """A `product` that also brings what is to become of the candidate of a step.

    Attributes:
        take: Takes the products.
        change: What becomes of the candidate, (B, H).
    """

    take: Product
    change: Callable[[Tensor], Tensor]

    def __call__(self, gates: str, operand: Tensor) -> Tensor:
        """The product."""
        return self.take(gates, operand)


def candidate(value: Tensor, product: Product) -> Tensor:
    """Marks the candidate of a step, before the gate that lets it in; `value`, but for a switch.

    Args:
        value: (B, H).
        product: What the step was given.
    """
    return product.change(value) if isinstance(product, ChangingProduct) else value


def taking(product: Product, take: Product) -> Product:
    """`take` in place of a product, with what that brought for the candidate."""
    return ChangingProduct(take, product.change) if isinstance(product, ChangingProduct) else take
