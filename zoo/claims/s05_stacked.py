"""S5: the multi-layer RNN."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

from zoo.claims.base import register_claim
from zoo.claims.system import Run, System, largest, one_layer
from zoo.stack import StackSpec


@final
@register_claim("s5")
@dataclass(frozen=True, kw_only=True)
class Stacked(System):
    """The states of a layer are the inputs of the next."""

    says: ClassVar[str] = "In a multi-layer RNN the states of layer i are the inputs of layer i + 1."

    @property
    def ran(self) -> str:
        return "three LSTM layers with random weights, seven steps; three layers, one on the other"

    def errors(self) -> Mapping[str, float]:
        run = Run.of(StackSpec(cell="lstm", hidden_size=5, num_layers=3), input_size=5)
        x = run.x
        for cell in run.stack.cells():
            x = one_layer(cell, x)
        return {"output": largest(run.output, x)}
