"""Histograms of weights, which have a sign, on a linear axis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.diagnostics.gate_slices import blocks, gate_rows
from zoo.diagnostics.parameter_paths import Place, place_of

BINS = 64


@final
@dataclass(frozen=True, kw_only=True)
class WeightHistogram:
    """How the values of some weights are spread.

    Attributes:
        counts: Of each of equal bins between the smallest and the largest finite value.
        low: The smallest of them.
        high: The largest.
        deviation: Standard deviation of the finite ones.
        nonfinite: How many are NaN or infinite.
    """

    counts: tuple[int, ...]
    low: float
    high: float
    deviation: float
    nonfinite: int

    @property
    def edges(self) -> Float[np.ndarray, " edges"]:
        """Of the bins."""
        return np.linspace(self.low, self.high, len(self.counts) + 1)


def weight_histogram(parts: Sequence[Tensor]) -> WeightHistogram:
    """The histogram of all entries of some tensors taken as one.

    Args:
        parts: Of any shapes and floating types.
    """
    flat = torch.cat([part.detach().reshape(-1).float() for part in parts])
    finite = flat[flat.isfinite()]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
    if low == high:  # a bin has a width
        low, high = low - 0.5, high + 0.5
    counts = torch.histc(finite.cpu(), BINS, low, high)
    return WeightHistogram(
        counts=tuple(int(count) for count in counts.tolist()),
        low=low,
        high=high,
        deviation=float(finite.double().std(unbiased=False)) if len(finite) else 0.0,
        nonfinite=len(flat) - len(finite),
    )


def weights_by_place(module: nn.Module) -> dict[Place, list[Tensor]]:
    """All that is trained, gate by gate; a cell with two biases of one gate has them in one place."""
    trained = {
        name.replace("_orig_mod.", ""): part.detach()
        for name, part in module.named_parameters()
        if part.requires_grad and part.numel()
    }
    found: dict[Place, list[Tensor]] = {}
    for name, part in blocks(trained, gate_rows(module)):
        found.setdefault(place_of(name), []).append(part)
    return found


def weight_histograms(module: nn.Module, detail: str) -> dict[str, WeightHistogram]:
    """Histograms of what is trained, by key.

    Args:
        module: What is trained.
        detail: "summary", one of the whole network, `weight`; "layer", one of each layer, `layer_1/weight`;
            "gate", also of the blocks of each gate, `layer_1/forward/f/weight/recurrent`.
    """
    places = weights_by_place(module)
    layers: dict[str, list[Tensor]] = {}
    for place, parts in places.items():
        layers.setdefault("" if detail == "summary" else place.layer, []).extend(parts)
    wanted: Mapping[str, list[Tensor]] = {
        Place(layer).metric("weight"): parts for layer, parts in layers.items()
    }
    if detail == "gate":
        wanted = {**wanted, **{place.metric("weight"): parts for place, parts in places.items()}}
    return {key: weight_histogram(parts) for key, parts in wanted.items()}
