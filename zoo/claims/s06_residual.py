"""S6: residual connections."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

from zoo.claims.base import register_claim
from zoo.claims.system import Run, System, largest, one_layer
from zoo.stack import StackSpec


@final
@register_claim("s6")
@dataclass(frozen=True, kw_only=True)
class ResidualConnections(System):
    """The identity is added to the transformation."""

    says: ClassVar[str] = "A residual, or skip, connection adds the identity to the transformation."

    @property
    def ran(self) -> str:
        return "three LSTM layers with random weights, seven steps; x + layer(x), three times"

    def errors(self) -> Mapping[str, float]:
        run = Run.of(StackSpec(cell="lstm", hidden_size=5, num_layers=3, wiring="residual"), input_size=5)
        x = run.x
        for cell in run.stack.cells():
            x = x + one_layer(cell, x)
        return {"output": largest(run.output, x)}
