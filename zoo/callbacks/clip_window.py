"""What is logged of the clippings between one log and the next."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor

from zoo.callbacks.clip import Clip


@final
class Window:
    """The clippings of one optimiser since the last time they were logged, kept on the device."""

    def __init__(self) -> None:
        self.nonfinite: Tensor | int = 0
        self.clear()

    def clear(self) -> None:
        """Begins a new window; the number of non-finite steps is kept for the whole fit."""
        self.last: Clip | None = None
        self.names: Sequence[str] = ()
        self.scale: Tensor | float = 1.0
        self.acted: Tensor | int = 0
        self.steps = 0

    def add(self, clip: Clip, names: Sequence[str], scale: Tensor | float) -> None:
        """Takes in one clipping of gradients that are multiplied by `scale`, with the names of its blocks."""
        self.last, self.names, self.scale = clip, names, scale
        self.acted = self.acted + clip.acted
        self.nonfinite = self.nonfinite + ~clip.finite
        self.steps += 1

    def values(self) -> dict[str, Tensor]:
        """What is logged of this window: norms and coefficients of the last step, and counts."""
        assert self.last is not None
        coefficients = self.last.coefficients
        values = {
            "gradient/norm_before": self.last.before / self.scale,
            "gradient/norm_after": self.last.after / self.scale,
            "gradient/coefficient": coefficients.min(),
            "gradient/clipped": torch.as_tensor(self.acted) / self.steps,
            "gradient/nonfinite": torch.as_tensor(self.nonfinite, dtype=torch.float32),
        }
        named = {
            f"{name.replace(' ', '_')}/gradient/coefficient": index for index, name in enumerate(self.names)
        }
        return values | {key: coefficients[index] for key, index in named.items() if self.names[index]}
