"""Watches how well the recurrent layers are: their states, units, gates and weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, final

from lightning.pytorch import LightningModule, Trainer
from torch import Tensor
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from zoo.callbacks import CALLBACKS
from zoo.callbacks.gradients import parameters_of
from zoo.callbacks.layer_traces import Observation, TraceCallback
from zoo.diagnostics.gate_slices import gate_rows
from zoo.diagnostics.gates import Gates
from zoo.diagnostics.health_metrics import spectra, update_ratios, vitals
from zoo.diagnostics.lag_curves import LayerTraces
from zoo.registry import check_positive

TABLE_KEY = "recurrence_by_layer"


@final
@dataclass
class Examination:
    """What is known of the model in a fit, and what was measured and is not logged yet.

    Attributes:
        rows: The gates' rows, by parameter.
        gates: Where the gates are, by layer and direction.
        spectra_due: The step from which on spectra are wanted again.
        step: Optimiser steps taken before the last measurement.
        values: What was measured then, by key.
        before: The parameters before the update, until it has come.
        hook: What sees the update, or None.
    """

    rows: dict[str, dict[str, slice]]
    gates: dict[str, Gates] = field(default_factory=dict)
    spectra_due: int = 0
    step: int = 0
    values: dict[str, float] = field(default_factory=dict)
    before: dict[str, Tensor] = field(default_factory=dict)
    hook: RemovableHandle | None = None


@final
@CALLBACKS.register("recurrence_health")
class RecurrenceHealth(TraceCallback):
    """Logs for each recurrent layer what tells a healthy one from one that has died, forgotten or saturated.

    - `layer_1/forward/state_norm`: root mean square of the outputs.
    - `layer_1/forward/dead_units`: share of units whose output never changes.
    - `layer_1/forward/horizon`: steps that a unit's memory lasts by itself, as the median over the units.
    - `layer_1/forward/f/saturated`, `layer_1/forward/f/mean`: of gate f, the share of activations within 5 %
      of an end of their range, and the mean activation. For cells whose steps can be taken apart.
    - `layer_1/update_ratio`, `layer_1/forward/f/update_ratio`, `head/update_ratio`: the norm of the update
      over that of what it changed; about 1e-3 in healthy trainings. Not where a gradient scaler skips the
      update.
    - `layer_1/forward/f/spectral_radius`, `layer_1/forward/f/largest_singular_value`: of the recurrent
      weights, less often, for they take time that grows with the cube of the width.

    See `zoo.diagnostics` for what each is exactly. They are logged at once, at the step in which they were
    measured, whatever `log_every_n_steps` is; what is not finite is left out.

    Args:
        every_n_steps: Measure every so many optimiser steps, beginning with the first.
        sequences: How many sequences of a batch are looked at, its first ones.
        spectra_every_n_steps: The same for spectra, which are taken in measured steps.
        detail: What W&B and TensorBoard get, where each key is a panel: "summary", the worst values over all
            layers and gates, such as `recurrence/saturated/max`, and at the end one table of all; "layer" or
            "gate", the keys of each. metrics.csv has all either way.

    Raises:
        ValueError: a number is not positive, or `detail` is none of these; or, when a fit begins, the weights
            are split over processes.
    """

    def __init__(
        self,
        every_n_steps: int = 100,
        sequences: int = 16,
        spectra_every_n_steps: int = 1000,
        detail: str = "summary",
    ) -> None:
        super().__init__(every_n_steps, sequences, detail)
        check_positive("spectra_every_n_steps", spectra_every_n_steps)
        self.spectra_every_n_steps = spectra_every_n_steps
        self._examination: Examination | None = None
        self._spectra_due = 0

    @property
    def state_key(self) -> str:
        """Its place in a checkpoint; others may watch at other steps."""
        spans = {"every_n_steps": self.every_n_steps, "spectra_every_n_steps": self.spectra_every_n_steps}
        return self._generate_state_key(sequences=self.sequences, **spans)

    def state_dict(self) -> dict[str, int]:
        """When spectra are due again."""
        found = self._examination
        return {"spectra_due": self._spectra_due if found is None else found.spectra_due}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Goes on as the fit did that the checkpoint is from."""
        self._spectra_due = state_dict["spectra_due"]

    def __getstate__(self) -> dict[str, Any]:
        """Leaves the fit in progress out of copies."""
        return super().__getstate__() | {"_examination": None}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Looks at the model."""
        super().on_train_start(trainer, pl_module)
        self._examination = Examination(rows=gate_rows(pl_module), spectra_due=self._spectra_due)
        self._spectra_due = 0

    def measure(
        self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer, traces: LayerTraces
    ) -> None:
        """Measures this step, and keeps the parameters to see how the update changes them."""
        found = self._examination
        assert found is not None
        found.step, found.values = trainer.global_step, vitals(traces, found.gates)
        if found.step >= found.spectra_due:
            found.values |= spectra(traces)
            found.spectra_due = (found.step // self.spectra_every_n_steps + 1) * self.spectra_every_n_steps
        trained = set(parameters_of(optimizer))
        own = {name: part for name, part in pl_module.named_parameters() if part in trained}
        # torch.compile puts `_orig_mod.` before names, and rows are known without it.
        found.before = {name.replace("_orig_mod.", ""): part.detach().clone() for name, part in own.items()}
        found.hook = optimizer.register_step_post_hook(partial(self._see_update, list(own.values())))

    def _see_update(self, parameters: list[Tensor], *_: Any) -> None:
        found = self._examination
        if found is not None and found.before:
            after = {name: part.detach() for name, part in zip(found.before, parameters, strict=True)}
            found.values |= update_ratios(found.before, after, found.rows)
            found.before = {}  # of several steps in a batch the first one counts

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Tensor | Mapping[str, Any] | None,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Logs what was measured in this batch."""
        super().on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)
        self._log(trainer, self._observation)

    def finish(self, trainer: Trainer, observation: Observation) -> None:
        """Logs what was measured before the fit failed."""
        self._log(trainer, observation)
        self._log_table(trainer, TABLE_KEY, observation)
        self._examination = None

    def _log(self, trainer: Trainer, observation: Observation | None) -> None:
        found = self._examination
        if found is None or found.hook is None:
            return
        found.hook.remove()
        self._log_measured(trainer, found.values, found.step, observation)
        found.hook, found.values, found.before = None, {}, {}
