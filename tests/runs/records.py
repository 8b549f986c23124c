"""Records of runs that never were, for the timeline and its picture."""

import math

from zoo.diagnostics.histogram import LogBins, Summary
from zoo.runs.gradient_records import GradientRecord

BINS = LogBins(min_exponent=-12, max_exponent=3, bins_per_decade=1)


def summary(rms, size=100, nonfinite=0):
    """Of `size` finite entries; the timeline does not look at the counts' places."""
    counts = (size, *[0] * (BINS.count - 1))
    return Summary(norm=rms * math.sqrt(size), counts=counts, under=0, over=0, zero=0, nonfinite=nonfinite)


def moment(layers, broken=()):
    """Layer number (or name) -> rms, as parameters of a stack."""
    names = {
        layer: f"layers.{layer - 1}.cell.weight_ih" if isinstance(layer, int) else f"{layer}.weight"
        for layer in layers
    }
    return {names[layer]: summary(rms, nonfinite=int(layer in broken)) for layer, rms in layers.items()}


def record(step, layers, factor=1.0, broken=(), optimizer=0):
    """Clipped by `factor`; None is an update that was skipped."""
    after = None if factor is None else moment({layer: rms * factor for layer, rms in layers.items()}, broken)
    return GradientRecord(
        step=step, optimizer=optimizer, bins=BINS, before=moment(layers, broken), after=after
    )
