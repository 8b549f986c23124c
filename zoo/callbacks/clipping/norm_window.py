"""What is logged of the clippings between one log and the next."""

from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor

from zoo.callbacks.clipping.clips import Clip
from zoo.diagnostics.quantities import Quantity


@final
class NormWindow:
    """The clippings of one optimiser since the last time they were logged, kept on the device."""

    def __init__(self) -> None:
        self.nonfinite: Tensor | int = 0
        self.scaler_skipped: Tensor | None = None
        self.clear()

    def clear(self) -> None:
        """Begins a new window; the numbers of non-finite steps are kept for the whole fit."""
        self.last: Clip | None = None
        self.names: Sequence[str] = ()
        self.scale: Tensor | float = 1.0
        self.acted: Tensor | int = 0
        self.steps = 0

    def add(
        self, clip: Clip, names: Sequence[str], scale: Tensor | float, left_to_scaler: Tensor | None
    ) -> None:
        """Takes in one clipping.

        Args:
            clip: What it did.
            names: Of its blocks.
            scale: What the gradients are still multiplied by.
            left_to_scaler: Whether a gradient scaler sees to gradients that are not finite, if there is one.
        """
        self.last, self.names, self.scale = clip, names, scale
        self.acted = self.acted + clip.acted
        bad = ~clip.finite
        if left_to_scaler is not None:
            skipped = (bad & left_to_scaler).float()
            self.scaler_skipped = skipped if self.scaler_skipped is None else self.scaler_skipped + skipped
            bad = bad & ~left_to_scaler
        self.nonfinite = self.nonfinite + bad
        self.steps += 1

    def state(self) -> dict[str, int]:
        """What has been counted, as plain numbers."""
        skipped = {} if self.scaler_skipped is None else {"scaler_skipped": int(self.scaler_skipped)}
        return {
            "nonfinite": int(self.nonfinite),
            "acted": int(self.acted),
            "steps": self.steps,
            **skipped,
        }

    def restore(self, state: Mapping[str, int]) -> None:
        """Goes on counting from what `state` gave."""
        self.nonfinite, self.acted, self.steps = (state[key] for key in ("nonfinite", "acted", "steps"))
        skipped = state.get("scaler_skipped")
        # On the CPU: without a dimension it can be added to on any device.
        self.scaler_skipped = None if skipped is None else torch.tensor(float(skipped))

    def values(self, optimizer: int | None = None) -> dict[str, Tensor]:
        """What is logged of this window: norms and coefficients of the last step, and counts.

        Args:
            optimizer: The index of the optimiser, where there are several.
        """
        assert self.last is not None
        coefficients = self.last.coefficients
        values = {
            Quantity.NORM_BEFORE: self.last.before / self.scale,
            Quantity.NORM_AFTER: self.last.after / self.scale,
            Quantity.COEFFICIENT: coefficients.min(),
            Quantity.CLIPPED: torch.as_tensor(self.acted) / self.steps,
            Quantity.NONFINITE: torch.as_tensor(self.nonfinite, dtype=torch.float32),
        }
        if self.scaler_skipped is not None:
            values[Quantity.SCALER_SKIPPED] = self.scaler_skipped
        places = {name.replace(" ", "_"): index for index, name in enumerate(self.names) if name}
        blocks = {Quantity.COEFFICIENT.at(place, optimizer): index for place, index in places.items()}
        return {quantity.at(optimizer=optimizer): value for quantity, value in values.items()} | {
            key: coefficients[index] for key, index in blocks.items()
        }
