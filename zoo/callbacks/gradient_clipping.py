"""Keeps gradients from growing without bound."""

from collections.abc import Sequence
from typing import Any, final

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_warn
from torch import nn
from torch.optim import Optimizer

from zoo.callbacks import CALLBACKS
from zoo.callbacks.clipping.modes import OptimizerStep
from zoo.callbacks.clipping.norm_history import NormHistory
from zoo.callbacks.clipping.norm_window import NormWindow
from zoo.callbacks.clipping.options import build_mode
from zoo.callbacks.gradients import (
    gradient_of,
    index_of,
    left_to_scaler,
    loss_scale,
    parameters_of,
    refuse_shards,
)
from zoo.diagnostics.parameter_paths import layer_of
from zoo.private.lightning_names import accumulates, logs_this_step
from zoo.registry import check_choice

NORMS, WINDOWS = "gradient_norms", "gradient_counts"
"""Where a checkpoint keeps the norms that percentiles are taken of, and what is counted between two logs."""


@final
@CALLBACKS.register("gradient_clipping")
class GradientClipping(Callback):
    """Clips gradients, in one of six ways, once per optimiser step.

    - "norm": one factor for all gradients such that their norm is at most `max_norm`.
    - "value": each entry by itself.
    - "layer": as "norm", for each layer of the model by itself.
    - "group": as "norm", for each parameter group of the optimiser by itself.
    - "unit": the norm of each unit's gradient is at most `max_ratio` of the norm of its weights (adaptive
      gradient clipping, https://arxiv.org/abs/2102.06171). A unit is a row of a matrix, or a whole vector.
    - "percentile": as "norm", the limit being a percentile of the norms of all steps so far, this one
      included (AutoClip, https://arxiv.org/abs/2007.14469). They are kept in checkpoints.

    Works alike under automatic and manual optimisation, accumulation, mixed precision and data parallelism;
    with several optimisers each is clipped by the norms over its own parameters. Where a gradient is NaN or
    infinite all stay as they are, so that whoever looks for it still finds it, and the step is counted.

    Logs every `log_every_n_steps` of the Trainer: of the last step `gradient/norm_before`,
    `gradient/norm_after` and `gradient/coefficient`, what the gradients were multiplied by (the smallest one
    where there are several; in mode "layer" also `layer_1/gradient/coefficient`, in mode "group"
    `group_1/gradient/coefficient`); `gradient/clipped`, the share of steps that were clipped since the last
    logging; `gradient/nonfinite`, the number of steps so far whose gradients were not finite; and
    `gradient/scaler_skipped`, the number of those that 16-bit precision skips while it looks for its scale,
    which are not among the former.

    Args:
        max_norm: Modes norm, layer, group: the norm is at most this. `.inf` only watches.
        max_value: Mode value: each entry is at most this.
        min_value: Mode value: each entry is at least this; by default the negative of `max_value`.
        mode: norm, value, layer, group, unit or percentile; by default the one that the given limit implies.
        max_ratio: Mode unit: the norm of a unit's gradient over that of its weights is at most this; by
            default 0.01, which suits batches of thousands; the paper takes more for smaller ones.
        eps: Mode unit: the norm of a unit's weights counts as at least this; by default 0.001.
        exclude: Mode unit: layers that are not clipped, as the histograms name them; by default [head], the
            last linear layer of the zoo's models.
        percentile: Mode percentile: the limit lies above so many percent of the norms; by default 10.
        history: Mode percentile: how many of the last steps count; by default all.

    Raises:
        ValueError: no limit or several are given, one has the wrong sign, an option does not belong to the
            mode, or, when a fit begins, the gradients would be clipped twice or a layer does not exist.
    """

    def __init__(  # noqa: PLR0913 - options of a recipe
        self,
        max_norm: float | None = None,
        max_value: float | None = None,
        min_value: float | None = None,
        mode: str | None = None,
        max_ratio: float | None = None,
        eps: float | None = None,
        exclude: Sequence[str] | None = None,
        percentile: float | None = None,
        history: int | None = None,
    ) -> None:
        self.mode = build_mode(
            mode,
            {
                "max_norm": max_norm,
                "max_value": max_value,
                "min_value": min_value,
                "max_ratio": max_ratio,
                "eps": eps,
                "exclude": exclude,
                "percentile": percentile,
                "history": history,
            },
        )
        self.exclude = exclude
        self.history = history
        self._histories: dict[int, NormHistory] = {}
        self._layers: dict[nn.Parameter, list[str]] = {}
        self._windows: dict[int, NormWindow] = {}
        self._restored: dict[int, dict[str, int]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leaves the fit in progress, and its model, out of copies."""
        return self.__dict__ | {"_layers": {}, "_windows": {}}

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Keeps the norms so far, per optimiser, as plain data."""
        # In a `state_dict`, Lightning would refuse a second callback before `setup` can say why.
        histories = self._histories.items()
        norms = {index: list(history.norms) for index, history in histories if history.norms}
        if norms:
            checkpoint[NORMS] = norms
        checkpoint[WINDOWS] = {index: window.state() for index, window in self._windows.items()}

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Goes on from the norms of a checkpoint, if it has any."""
        histories = checkpoint.get(NORMS, {}).items()
        self._histories = {index: NormHistory(self.history, norms) for index, norms in histories}
        # For windows that are made only when training starts, and the optimisers are known.
        self._restored = checkpoint.get(WINDOWS, {})

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
        """Looks at the model, and starts counting."""
        self._layers = {}
        # With duplicates: a tied weight is in several layers, and may be excluded by any of them.
        for name, parameter in pl_module.named_parameters(remove_duplicate=False):
            self._layers.setdefault(parameter, []).append(layer_of(name))
        layers = dict.fromkeys(layer for names in self._layers.values() for layer in names)
        for layer in self.exclude or ():
            check_choice("exclude", layer, layers)
        self._windows = {index: NormWindow() for index in range(len(trainer.optimizers))}
        for index, state in self._restored.items():
            self._windows[index].restore(state)
        self._restored = {}
        if trainer.global_step == 0:
            # What another fit has met says nothing about this one.
            self._histories = {}

    def on_before_optimizer_step(
        self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer
    ) -> None:
        """Clips the gradients of the optimiser that is about to step."""
        gradients = {parameter: gradient_of(parameter) for parameter in parameters_of(optimizer)}
        if gradients:
            index, scale = index_of(trainer, optimizer), loss_scale(trainer, optimizer)
            history = self._histories.setdefault(index, NormHistory(self.history))
            step = OptimizerStep(
                optimizer=optimizer,
                gradients=gradients,
                layers=self._layers,
                scale=scale,
                history=history,
            )
            clip, names = self.mode.clip(step)
            left = left_to_scaler(trainer, clip.finite.device)
            self._windows[index].add(clip, names, scale, left)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Logs in the steps in which Lightning writes its logs."""
        # In each step it would cost a small model a tenth of its time.
        if not logs_this_step(trainer):
            return
        if pl_module.automatic_optimization and accumulates(trainer):
            # Each micro-batch of a logging step is asked, and only with the last one comes the step itself.
            return
        for index, window in self._windows.items():
            if window.last is not None:
                pl_module.log_dict(window.values(index if len(self._windows) > 1 else None))
                window.clear()

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Says how many steps were not finite, those apart that a gradient scaler sees to."""
        nonfinite = sum(int(window.nonfinite) for window in self._windows.values())
        if nonfinite:
            rank_zero_warn(
                f"gradients were NaN or infinite in {nonfinite} steps; GradientClipping left them so"
            )
