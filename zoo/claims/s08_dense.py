"""S8: dense connections."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from zoo.claims.base import register_claim
from zoo.claims.system import Run, System, largest, one_layer
from zoo.stack import StackSpec


@final
@register_claim("s8")
@dataclass(frozen=True, kw_only=True)
class DenseConnections(System):
    """Everything is connected to everything: each layer sees all that came before."""

    says: ClassVar[str] = (
        "With dense connections everything is connected to everything: each layer sees all earlier outputs."
    )

    @property
    def ran(self) -> str:
        return "three LSTM layers with random weights, seven steps; [x; layer(x)], three times"

    def errors(self) -> Mapping[str, float]:
        run = Run.of(StackSpec(cell="lstm", hidden_size=5, num_layers=3, wiring="dense"), input_size=5)
        x = run.x
        for cell in run.stack.cells():
            x = np.concatenate([x, one_layer(cell, x)], -1)
        return {"output": largest(run.output, x)}
