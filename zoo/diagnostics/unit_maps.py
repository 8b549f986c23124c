"""What each unit does at each step of one sequence, and how much gradient comes back to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import numpy as np
from jaxtyping import Float
from torch import Tensor

from zoo.diagnostics.gates import gate_activations
from zoo.diagnostics.lag_curves import LayerTraces
from zoo.diagnostics.through_time import state_gradients


@final
@dataclass(frozen=True, kw_only=True)
class UnitMap:
    """One direction of one layer over the valid steps of a sequence, in the order in which it is read.

    Attributes:
        outputs: What each unit gives out.
        gradients: Absolute values of the gradient of the loss with respect to h, through all later steps.
        gates: What each gate lets through, by its letter; empty where they were not asked for.
    """

    outputs: Float[np.ndarray, "T O"]
    gradients: Float[np.ndarray, "T H"]
    gates: Mapping[str, Float[np.ndarray, "T H"]] = field(default_factory=dict)


def unit_maps(traces: LayerTraces, scale: float = 1.0, with_gates: bool = False) -> dict[str, UnitMap]:
    """The first sequence of each trace, by layer and direction; none of a sequence without a step.

    Args:
        traces: Each with a gradient.
        scale: What the loss was multiplied by.
        with_gates: Whether to look at gates, too.
    """
    found = {}
    for key, trace in traces.items():
        one = trace.first(1)
        length = int(one.lengths[0]) if one.batch_size else 0
        if length:
            gates = gate_activations(one) if with_gates else {}
            found[key] = UnitMap(
                outputs=_plain(one.outputs, length),
                gradients=np.abs(_plain(state_gradients(one)[0] / scale, length)),
                gates={gate: _plain(values, length) for gate, values in gates.items()},
            )
    return found


def _plain(values: Float[Tensor, "T B H"], length: int) -> Float[np.ndarray, "length H"]:
    return np.asarray(values[:length, 0].detach().double().cpu().numpy())
