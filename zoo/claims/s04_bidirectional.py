"""S4: the bidirectional RNN."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from zoo.claims.base import register_claim
from zoo.claims.system import Run, System, largest, one_layer
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.tasks.language_model import LanguageModel


@final
@register_claim("s4")
@dataclass(frozen=True, kw_only=True)
class Bidirectional(System):
    """Two RNNs with weights of their own, one of which reads backwards; states side by side."""

    says: ClassVar[str] = (
        "A bidirectional RNN is two RNNs with separate weights, one for each direction, states concatenated."
    )

    @property
    def ran(self) -> str:
        return "an LSTM with random weights, seven steps; each direction alone; a language model of it"

    def errors(self) -> Mapping[str, float]:
        spec = StackSpec(cell="lstm", hidden_size=5, direction="bidirectional")
        run = Run.of(spec)
        first, second = run.stack.cells()
        backward = one_layer(second, run.x[:, ::-1])[:, ::-1]
        expected = np.concatenate([one_layer(first, run.x), backward], -1)
        return {
            "[h forward; h backward]": largest(run.output, expected),
            "language model not refused, 0 or 1": float(not _is_refused(spec)),
        }


def _is_refused(spec: StackSpec) -> bool:
    """Whether a language model with such an encoder is refused."""
    try:
        LanguageModel(ModelSpec(encoder=spec))
    except ValueError:
        return True
    return False
