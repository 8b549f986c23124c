"""S7: highway connections."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

from zoo.claims.base import register_claim
from zoo.claims.system import Run, System, largest, one_layer, sigmoid
from zoo.stack import StackSpec


@final
@register_claim("s7")
@dataclass(frozen=True, kw_only=True)
class HighwayConnections(System):
    """A dynamic gate between identity and transformation."""

    says: ClassVar[str] = "A highway connection has a dynamic gate between identity and transformation."

    @property
    def ran(self) -> str:
        return "three LSTM layers with random weights, seven steps; t ∘ layer(x) + (1 - t) ∘ x, three times"

    def errors(self) -> Mapping[str, float]:
        run = Run.of(StackSpec(cell="lstm", hidden_size=5, num_layers=3, wiring="highway"), input_size=5)
        x = run.x
        for cell, wiring in zip(run.stack.cells(), run.stack.wirings, strict=True):
            w = {name: value.numpy() for name, value in wiring.state_dict().items()}
            t = sigmoid(x @ w["gate.weight"].T + w["gate.bias"])
            x = t * one_layer(cell, x) + (1 - t) * x
        return {"output": largest(run.output, x)}
