"""S2: the LSTM."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import torch

from zoo.claims.base import register_claim
from zoo.claims.system import Run, System, largest, sigmoid
from zoo.layouts.torch import to_torch
from zoo.stack import StackSpec


@final
@register_claim("s2")
@dataclass(frozen=True, kw_only=True)
class LongShortTerm(System):
    """f, i, o by sigmoids, c by what is kept and what is written, h = o ∘ tanh(c)."""

    says: ClassVar[str] = (
        "The LSTM is f, i, o = σ(W h_(t-1) + U x_t + b), c_t = f ∘ c_(t-1) + i ∘ c̃_t, h_t = o ∘ tanh c_t."
    )

    @property
    def ran(self) -> str:
        return "random weights and inputs, seven steps; nn.LSTM with these weights"

    def errors(self) -> Mapping[str, float]:
        run = Run.of(StackSpec(cell="lstm", hidden_size=5))
        w, h, c, outputs = run.weights(), np.zeros((2, 5)), np.zeros((2, 5)), []
        for x in run.x.swapaxes(0, 1):
            i, f, g, o = np.split(h @ w["weight_hh"].T + x @ w["weight_ih"].T + w["bias"], 4, axis=-1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            outputs.append(h)
        twin, (_, last) = to_torch(run.stack)(torch.from_numpy(run.x))
        return {
            "output": largest(run.output, np.stack(outputs, 1)),
            "output of nn.LSTM": largest(run.output, twin.detach()),
            "last c of nn.LSTM": largest(c, last[0].detach()),
        }
