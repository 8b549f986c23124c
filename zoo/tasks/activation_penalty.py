"""Penalties on what a network puts out, beside its loss."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, final

from jaxtyping import Float
from torch import Tensor, nn

from zoo.registry import check_finite


@final
@dataclass(frozen=True)
class ActivationPenalty:
    """Activation regularisation (AR) and temporal activation regularisation (TAR).

    Equations, with h_t the outputs of the last layer, m the dropout before the head, and means over all
    entries::

        AR = α mean (m ∘ h_t)²
        TAR = β mean (h_t - h_{t-1})²

    Reference: Merity et al., 2017, https://arxiv.org/abs/1708.01009, eq. 1 and 2, whose L2 is a mean of
    squares in the authors' code. Deviation: what a switch of the last layer drops is dropped in both.

    Attributes:
        activation: α; the authors' value is 2.
        temporal: β; the authors' value is 1.
    """

    activation: float
    temporal: float

    def __post_init__(self) -> None:
        for name, value in (("activation_penalty", self.activation), ("temporal_penalty", self.temporal)):
            check_finite(name, value)
            if value < 0:
                raise ValueError(f"{name} is {value}; expected 0 or more")

    def __bool__(self) -> bool:
        """Whether anything is penalised."""
        return bool(self.activation or self.temporal)

    @contextmanager
    def watching(self, dropout: nn.Module) -> Iterator[list[Tensor]]:
        """A list that fills with the penalties of what goes through the dropout before the head."""
        found: list[Tensor] = []

        def hook(module: nn.Module, given: tuple[Any, ...], dropped: Tensor) -> None:
            found.append(self.of(given[0], dropped))

        handle = dropout.register_forward_hook(hook)
        try:
            yield found
        finally:
            handle.remove()

    def of(self, raw: Float[Tensor, "B T H"], dropped: Float[Tensor, "B T H"]) -> Float[Tensor, ""]:
        """The sum of both penalties."""
        penalty = self.activation * dropped.square().mean()
        if raw.shape[1] > 1:
            penalty = penalty + self.temporal * (raw[:, 1:] - raw[:, :-1]).square().mean()
        return penalty
