"""Shows how far back in time the gradients of training reach."""

from pathlib import Path
from typing import Any, final

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_warn
from torch.optim import Optimizer

from zoo.callbacks import CALLBACKS
from zoo.callbacks.layer_traces import Observation, TraceCallback
from zoo.callbacks.painting import draw_lags, draw_units
from zoo.diagnostics.lag_curves import LayerTraces, differentiated, lag_values, measure_lags
from zoo.diagnostics.unit_maps import UnitMap, unit_maps
from zoo.runs.lag_records import THROUGH_TIME, append_lags

TABLE_KEY = "gradients_through_time_by_layer"


@final
@CALLBACKS.register("gradient_through_time")
class GradientThroughTime(TraceCallback):
    """Records, layer by layer and direction by direction, the size of the gradient against its lag.

    In a measured step, which is one that training takes anyway, the gradients that come back to each layer
    are kept, and after the backward pass each direction of each layer is gone through by itself. What is
    found is the gradient of this step's loss: of the last micro-batch under accumulation, of the first
    optimiser step where a batch has several, unscaled under mixed precision.

    Writes one line per measured step to a file in the run's folder: the norm of the gradient of h (and of
    other tensors of the state) k steps before the last valid step that is read, and the norm of the part of
    the recurrent weights' gradient whose error has travelled k steps (`zoo.runs.lag_records` reads
    it). Logs for each layer and direction `layer_1/forward/gradient_reach`, the steps until the gradient has
    fallen below 1 % of what it is at the last step, and `layer_1/forward/gradient_beyond_4`, the share of the
    recurrent weights' gradient from more than 4 steps away; also for 1 and 16. When the fit ends, be it
    by an exception, pictures are drawn beside the file and sent to W&B and TensorBoard: `through_time.png`,
    and `units.png`, what each unit gave out at each step of one sequence of the last measured batch, and the
    gradient that came back to it; with `detail: gate` also what each gate let through.
    Norms against lag are the way in which Bengio et al., 1994, https://doi.org/10.1109/72.279181, and Pascanu
    et al., 2013, https://arxiv.org/abs/1211.5063, show vanishing and exploding gradients.

    Args:
        every_n_steps: Measure every so many optimiser steps, beginning with the first.
        sequences: How many sequences of a batch are looked at, its first ones.
        max_lag: The farthest lag of the weights' gradient, each of which costs a backward pass; None for all.
            The gradient of the state is always known as far as the sequences go.
        file: Name of the file in the run's folder.
        detail: What W&B and TensorBoard get, where each key is a panel: "summary", the shortest reach and the
            smallest shares over all layers, such as `recurrence/gradient_reach/min`, and at the end one
            table; "layer" or "gate", those of each layer and direction. metrics.csv has all either way.

    Raises:
        ValueError: a number is out of its range, or `file` is not the plain name of a .jsonl file; or, when a
            fit begins, the weights are split over processes.
    """

    def __init__(
        self,
        every_n_steps: int = 150,
        sequences: int = 16,
        max_lag: int | None = 32,
        file: str = THROUGH_TIME,
        detail: str = "summary",
    ) -> None:
        super().__init__(every_n_steps, sequences, detail)
        if max_lag is not None and max_lag < 0:
            raise ValueError(f"max_lag is {max_lag}; expected at least 0, or null for all lags")
        if Path(file).name != file or Path(file).suffix != ".jsonl":
            raise ValueError(f"file is {file!r}; expected a name that ends in .jsonl, without a folder")
        self.max_lag, self.file = max_lag, file
        self._units: dict[str, UnitMap] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leaves the fit in progress out of copies."""
        return super().__getstate__() | {"_units": {}}

    def usable(self, traces: LayerTraces) -> LayerTraces:
        """Those that a gradient has come back to."""
        return differentiated(traces)

    def measure(
        self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer, traces: LayerTraces
    ) -> None:
        """Writes and logs a record of this step."""
        assert self._observation is not None
        scale, folder = self._observation.scale, self._observation.folder
        record = measure_lags(traces, trainer.global_step, self.max_lag, scale)
        append_lags(folder / self.file, record)
        self._units = unit_maps(traces, scale, with_gates=self.detail == "gate")
        self._log_measured(trainer, lag_values(record), record.step, self._observation)

    def finish(self, trainer: Trainer, observation: Observation) -> None:
        """Draws the pictures."""
        units, self._units = self._units, {}
        if observation.last is None:
            return
        self._log_table(trainer, TABLE_KEY, observation)
        try:
            draw_lags(trainer, observation.folder / self.file, observation.last)
            draw_units(trainer, units, observation.folder, observation.last)
        except Exception as error:
            # Neither a training that went well nor the reason why one failed may be lost to a picture.
            rank_zero_warn(f"the picture of the gradients through time could not be drawn: {error!r}")
