"""S1: the vanilla RNN."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import torch

from zoo.cells.elman import ElmanSpec
from zoo.claims.base import register_claim
from zoo.claims.system import Run, System, largest, sigmoid
from zoo.layouts.torch import to_torch
from zoo.stack import StackSpec


@final
@register_claim("s1")
@dataclass(frozen=True, kw_only=True)
class VanillaRNN(System):
    """h_t = σ(W_h h_{t-1} + W_x x_t + b), with four activations."""

    says: ClassVar[str] = (
        "The vanilla RNN is h_t = σ(W_h h_(t-1) + W_x x_t + b), σ tanh, relu, sigmoid or the identity."
    )

    @property
    def ran(self) -> str:
        return "random weights and inputs, seven steps, four activations; nn.RNN with these weights"

    def errors(self) -> Mapping[str, float]:
        squash: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
            "tanh": np.tanh,
            "relu": lambda a: np.maximum(a, 0),
            "sigmoid": sigmoid,
            "identity": lambda a: a,
        }
        found = {}
        for name, σ in squash.items():
            run = Run.of(StackSpec(cell=ElmanSpec.from_plain({"activation": name}), hidden_size=5))
            w, h, outputs = run.weights(), np.zeros((2, 5)), []
            for x in run.x.swapaxes(0, 1):
                h = σ(h @ w["weight_hh"].T + x @ w["weight_ih"].T + w["bias"])
                outputs.append(h)
            found[f"{name}: output"] = largest(run.output, np.stack(outputs, 1))
            if name in ("tanh", "relu"):
                twin, _ = to_torch(run.stack)(torch.from_numpy(run.x))
                found[f"{name}: output of nn.RNN"] = largest(run.output, twin.detach())
        return found
