"""Keeps gradients from growing without bound."""

from typing import Any, final

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.plugins import MixedPrecision
from lightning.pytorch.utilities import rank_zero_warn
from torch import Tensor
from torch.optim import Optimizer

from zoo.callbacks.clip import Clip, clip_norm, clip_value
from zoo.callbacks.gradients import gradient_of, index_of, loss_scale, parameters_of, refuse_shards


@final
class Window:
    """The clippings of one optimiser since the last time they were logged, kept on the device."""

    def __init__(self) -> None:
        self.nonfinite: Tensor | int = 0
        self.clear()

    def clear(self) -> None:
        """Begins a new window; the number of non-finite steps is kept for the whole fit."""
        self.last: Clip | None = None
        self.acted: Tensor | int = 0
        self.steps = 0

    def add(self, clip: Clip, scale: Tensor | float) -> None:
        """Takes in one clipping of gradients that are multiplied by `scale`."""
        self.last = Clip(clip.before / scale, clip.after / scale, clip.acted, clip.finite)
        self.acted = self.acted + clip.acted
        self.nonfinite = self.nonfinite + ~clip.finite
        self.steps += 1

    def values(self) -> dict[str, Tensor]:
        """What is logged of this window."""
        assert self.last is not None
        share = torch.as_tensor(self.acted) / self.steps
        return {
            "norm_before": self.last.before,
            "norm_after": self.last.after,
            "clipped": share,
            "nonfinite": torch.as_tensor(self.nonfinite, dtype=torch.float32),
        }


@final
class GradientClipping(Callback):
    """Clips gradients by their norm or by their value, once per optimiser step.

    Works alike under automatic and manual optimisation, accumulation and mixed precision; with several
    optimisers each is clipped by the norm over its own parameters. Where a gradient is NaN or infinite all
    stay as they are, so that whoever looks for it still finds it, and the step is counted.

    Logs `gradient/norm_before` and `gradient/norm_after` of the last step, `gradient/clipped`, the share of
    steps that were clipped since the last logging, and `gradient/nonfinite`, the number of steps so far
    whose gradients were not finite, every `log_every_n_steps` of the Trainer.

    Args:
        max_norm: Scale all gradients by one factor such that their norm is at most this. `.inf` only watches.
        max_value: Clamp each entry of the gradients to at most this.
        min_value: Clamp each entry of the gradients to at least this; by default the negative of `max_value`.

    Raises:
        ValueError: neither or both kinds of limit are given, a limit has the wrong sign, or, when a fit
            begins, the gradients would be clipped twice.
    """

    def __init__(
        self, max_norm: float | None = None, max_value: float | None = None, min_value: float | None = None
    ) -> None:
        if (max_norm is None) == (max_value is None):
            got = "neither" if max_norm is None else "both"
            raise ValueError(f"GradientClipping got {got} of max_norm and max_value; expected exactly one")
        if max_value is None and min_value is not None:
            raise ValueError(
                "GradientClipping got min_value without max_value; expected both, or max_norm alone"
            )
        for name, limit in (("max_norm", max_norm), ("max_value", max_value)):
            # Written so that NaN, which compares false with everything, is refused too.
            if limit is not None and not limit > 0:
                raise ValueError(f"{name} is {limit}; expected a number above 0")
        if min_value is not None and not min_value < 0:
            raise ValueError(f"min_value is {min_value}; expected a number below 0")
        self.max_norm = max_norm
        self.max_value = max_value
        self.min_value = -max_value if min_value is None and max_value is not None else min_value
        self._windows: dict[int, Window] = {}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Refuses to clip twice, or what it cannot see whole."""
        if stage != "fit":
            return
        refuse_shards("GradientClipping", trainer)
        if trainer.gradient_clip_val:
            raise ValueError(
                "gradients would be clipped twice, by GradientClipping and by the Trainer, whose "
                f"gradient_clip_val is {trainer.gradient_clip_val}; drop gradient_clip_val"
            )
        callbacks = trainer.callbacks  # type: ignore[attr-defined]  # set by one of the Trainer's connectors
        if sum(isinstance(callback, GradientClipping) for callback in callbacks) > 1:
            raise ValueError("gradients would be clipped twice, by two GradientClipping callbacks; keep one")

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts counting."""
        self._windows = {index: Window() for index in range(len(trainer.optimizers))}

    def on_before_optimizer_step(
        self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer
    ) -> None:
        """Clips the gradients of the optimiser that is about to step."""
        gradients = [gradient_of(parameter) for parameter in parameters_of(optimizer)]
        if gradients:
            scale = loss_scale(trainer, optimizer)
            self._windows[index_of(trainer, optimizer)].add(self._clip(gradients, scale), scale)

    def _clip(self, gradients: list[Tensor], scale: Tensor | float) -> Clip:
        if self.max_norm is not None:
            return clip_norm(gradients, self.max_norm * scale)
        assert self.max_value is not None
        assert self.min_value is not None
        return clip_value(gradients, self.min_value * scale, self.max_value * scale)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Logs in the steps in which Lightning writes its logs."""
        # In each step it would cost a small model a tenth of its time.
        if not trainer._logger_connector.should_update_logs:
            return
        for index, window in self._windows.items():
            if window.last is not None:
                suffix = f"/optimizer_{index}" if len(self._windows) > 1 else ""
                values = window.values().items()
                pl_module.log_dict({f"gradient/{name}{suffix}": value for name, value in values})
                window.clear()

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Says how many steps were not finite, unless a gradient scaler met and skipped them."""
        nonfinite = sum(int(window.nonfinite) for window in self._windows.values())
        precision = trainer.precision_plugin
        scaled = isinstance(precision, MixedPrecision) and precision.scaler is not None
        if nonfinite and not scaled:
            rank_zero_warn(
                f"gradients were NaN or infinite in {nonfinite} steps; GradientClipping left them so"
            )
