"""Signs of how well a recurrence is: its states, its units, its recurrent weights."""

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.engines import LayerTrace

STILL = 1e-3
"""A unit whose output never changes by more than this is dead."""


def state_norm(trace: LayerTrace) -> float:
    """The root mean square of the outputs over units and valid steps; NaN where there is no valid step.

    Args:
        trace: A run; see `zoo.diagnostics.watch`.
    """
    return float(_valid(trace).double().square().mean().sqrt())


def dead_units(trace: LayerTrace) -> float:
    """The share of units whose output stays within 0.001 over all valid steps of all sequences.

    Args:
        trace: A run; see `zoo.diagnostics.watch`.

    Returns:
        0 to 1; NaN where there are not two valid steps to compare, or the outputs are not finite.
    """
    outputs = _valid(trace)
    if len(outputs) < 2 or not bool(outputs.isfinite().all()):
        return float("nan")
    least, most = outputs.aminmax(dim=0)
    return float((most - least <= STILL).double().mean())


def recurrent_spectra(trace: LayerTrace) -> dict[str, tuple[float, Float[Tensor, " H"]]]:
    """Spectral radius and singular values of the recurrent weights of each gate.

    Where the largest singular value is below 1 (for tanh; below 4 for a sigmoid) gradients must vanish, and
    above it they can explode: Pascanu et al., 2013, https://arxiv.org/abs/1211.5063.

    Args:
        trace: A run; see `zoo.diagnostics.watch`.

    Returns:
        By the gate's letter, the largest absolute eigenvalue, and the singular values in descending order.
        NaN where a weight is not finite; nothing for cells without recurrent weights.
    """
    found = {}
    for gate, weight in recurrent_weights(trace).items():
        if not bool(weight.isfinite().all()):
            found[gate] = float("nan"), torch.full_like(weight[0], torch.nan)
            continue
        radius = float(torch.linalg.eigvals(weight).abs().max())
        found[gate] = radius, torch.linalg.svdvals(weight)
    return found


def recurrent_weights(trace: LayerTrace) -> dict[str, Float[Tensor, "H H"]]:
    """The recurrent weights of each gate, in float64, by the gate's letter."""
    found = {}
    width = trace.recurrence.width
    for gate in trace.recurrence.recurrent_gates:
        weight, _ = trace.recurrence.recurrent(gate)
        if weight.shape == (width, width):
            found[gate] = weight.detach().double()
    return found


def _valid(trace: LayerTrace) -> Float[Tensor, "n O"]:
    """The outputs of all valid steps."""
    return trace.outputs[trace.valid]
