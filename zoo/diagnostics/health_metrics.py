"""How well each recurrent layer is, in numbers to be logged."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from zoo.diagnostics.gate_slices import blocks
from zoo.diagnostics.gates import Gates, gate_saturation, memory_horizon
from zoo.diagnostics.lag_curves import LayerTraces
from zoo.diagnostics.parameter_paths import Place, place_of
from zoo.diagnostics.quantities import Quantity
from zoo.diagnostics.unit_stats import dead_units, recurrent_spectra, state_norm
from zoo.private.torch_names import norms_of


def vitals(traces: LayerTraces, gates: dict[str, Gates]) -> dict[str, float]:
    """States, units and gates.

    Args:
        traces: No gradient is needed.
        gates: Where the gates of each layer and direction are, as far as that is known; takes in what is
            found.

    Returns:
        For each layer and direction `state_norm`, `dead_units` and `horizon`, the median over its units of
        `memory_horizon`; for each gate `saturated` and `mean`: "layer_1/forward/f/saturated".
    """
    values = {}
    for key, trace in traces.items():
        values[Quantity.STATE_NORM.at(key)] = state_norm(trace)
        values[Quantity.DEAD_UNITS.at(key)] = dead_units(trace)
        values[Quantity.HORIZON.at(key)] = float(memory_horizon(trace).median())
        if key not in gates:
            gates[key] = Gates.of(trace.recurrence)
        for gate, found in gate_saturation(trace, gates[key]).items():
            values[Quantity.SATURATED.at(f"{key}/{gate}")] = found.share
            values[Quantity.MEAN.at(f"{key}/{gate}")] = found.mean
    return values


def spectra(traces: LayerTraces) -> dict[str, float]:
    """The recurrent weights.

    Returns:
        For each gate `spectral_radius` and `largest_singular_value`: "layer_1/forward/f/spectral_radius".
    """
    values = {}
    for key, trace in traces.items():
        for gate, (radius, singular) in recurrent_spectra(trace).items():
            values[Quantity.SPECTRAL_RADIUS.at(f"{key}/{gate}")] = radius
            values[Quantity.SINGULAR_VALUE.at(f"{key}/{gate}")] = float(singular[0])
    return values


def update_ratios(
    before: Mapping[str, Tensor], after: Mapping[str, Tensor], rows: Mapping[str, Mapping[str, slice]]
) -> dict[str, float]:
    r"""How large an update was beside what it changed.

    .. math::
        \lVert w_{\text{after}} - w_{\text{before}} \rVert \,/\, \lVert w_{\text{before}} \rVert

    Args:
        before: Parameters by name before the update.
        after: The same after it.
        rows: The gates' rows, as `zoo.diagnostics.gate_slices.gate_rows` finds them.

    Returns:
        "layer_1/update_ratio" for each layer, "layer_1/forward/f/update_ratio" for each gate, over all of
        their parameters; nothing for those that are 0.
    """
    changes = {name: after[name] - parameter for name, parameter in before.items()}
    names, weights = _split(before, rows)
    _, updates = _split(changes, rows)
    if not names:
        return {}
    # Together, for on a device each number that is asked for is waited for.
    norms = torch.stack([norm.float() for norm in norms_of(weights + updates)]).tolist()
    pairs: dict[Place, tuple[list[float], list[float]]] = {}
    for name, weight, update in zip(names, norms[: len(names)], norms[len(names) :], strict=True):
        for place in _owners(place_of(name)):
            sizes, changed = pairs.setdefault(place, ([], []))
            sizes.append(weight)
            changed.append(update)
    return {
        Quantity.UPDATE_RATIO.at(place.key): math.hypot(*changed) / size
        for place, (sizes, changed) in pairs.items()
        if (size := math.hypot(*sizes)) > 0
    }


def _split(
    parameters: Mapping[str, Tensor], rows: Mapping[str, Mapping[str, slice]]
) -> tuple[list[str], list[Tensor]]:
    """The names and values of the gates' rows, and of the parameters that have none."""
    parts = list(blocks(parameters, rows))
    return [name for name, _ in parts], [part for _, part in parts]


def _owners(place: Place) -> list[Place]:
    """What a part of a parameter belongs to: a layer, and a gate if it has one."""
    layer = Place(place.layer)
    return [layer, Place(place.layer, place.direction, place.gate)] if place.gate else [layer]
