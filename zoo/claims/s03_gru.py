"""S3: the GRU, in both of its forms."""

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
@register_claim("s3")
@dataclass(frozen=True, kw_only=True)
class GatedRecurrentUnit(System):
    """The reset gate before the product, as in the notes, or after it, as in torch."""

    says: ClassVar[str] = (
        "The GRU is h_t = (1 - u) ∘ h_(t-1) + u ∘ h̃, the reset before the product, or as in torch after it."
    )

    @property
    def ran(self) -> str:
        return "random weights and inputs, seven steps, both resets; nn.GRU with these weights"

    def errors(self) -> Mapping[str, float]:
        before = Run.of(StackSpec.of({"cell": {"name": "gru", "reset": "before"}, "hidden_size": 5}))
        after = Run.of(StackSpec(cell="gru", hidden_size=5))
        twin, _ = to_torch(after.stack)(torch.from_numpy(after.x))
        return {
            "reset before: output": largest(before.output, _before(before)),
            "reset after: output": largest(after.output, _after(after)),
            "reset after: output of nn.GRU": largest(after.output, twin.detach()),
        }


def _before(run: Run) -> np.ndarray:
    """u is how much is written, and r acts on what the product reads."""
    w, h, outputs = run.weights(), np.zeros((2, 5)), []
    w_r, w_u, w_n = np.split(w["weight_hh"], 3)
    for x in run.x.swapaxes(0, 1):
        x_r, x_u, x_n = np.split(x @ w["weight_ih"].T + w["bias"], 3, axis=-1)
        r, u = sigmoid(h @ w_r.T + x_r), sigmoid(h @ w_u.T + x_u)
        h = (1 - u) * h + u * np.tanh((r * h) @ w_n.T + x_n)
        outputs.append(h)
    return np.stack(outputs, 1)


def _after(run: Run) -> np.ndarray:
    """z, which is 1 - u, is how much is kept, and r acts on the product."""
    w, h, outputs = run.weights(), np.zeros((2, 5)), []
    w_r, w_z, w_n = np.split(w["weight_hh"], 3)
    for x in run.x.swapaxes(0, 1):
        x_r, x_z, x_n = np.split(x @ w["weight_ih"].T + w["bias"], 3, axis=-1)
        r, z = sigmoid(h @ w_r.T + x_r), sigmoid(h @ w_z.T + x_z)
        h = z * h + (1 - z) * np.tanh(r * (h @ w_n.T + w["bias_hh"]) + x_n)
        outputs.append(h)
    return np.stack(outputs, 1)
