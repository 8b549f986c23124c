"""Shows how large gradients are, layer by layer and gate by gate."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, final

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_warn
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from zoo.callbacks import CALLBACKS
from zoo.callbacks.gradients import call_before_update, index_of, loss_scale, named_blocks, refuse_shards
from zoo.callbacks.histogram_loggers import log_gradient_table, log_histograms
from zoo.callbacks.loggers import folder_of
from zoo.callbacks.painting import draw_gradients, draw_weights
from zoo.callbacks.summaries import DETAILS
from zoo.callbacks.turns import Turn, take_turns
from zoo.diagnostics.histogram import LogBins, Measured, collect, measure
from zoo.registry import check_choice
from zoo.runs.gradient_arrays import save_arrays
from zoo.runs.gradient_records import JOURNAL, GradientRecord, append_gradients


@final
@dataclass
class Recording:
    """What a fit in progress needs to remember; a copy of the callback starts without one.

    Attributes:
        folder: The run's folder.
        steps: Steps taken so far, per optimiser.
        waiting: Measured before clipping and not yet after it, per optimiser: the step, and what stays on the
            device until both are measured.
        handles: The hooks to remove when the fit ends.
        last: What was recorded last, or None.
    """

    folder: Path
    steps: list[int]
    waiting: dict[int, tuple[int, Measured]] = field(default_factory=dict)
    handles: list[RemovableHandle] = field(default_factory=list)
    last: GradientRecord | None = None


@final
@CALLBACKS.register("gradient_histogram")
class GradientHistogram(Callback):
    """Records histograms of gradients by layer, direction, gate and block, before and after clipping.

    The rows of a fused weight or bias are counted apart for each gate, in cells of the zoo, in one's own, and
    in torch's (`zoo.diagnostics.gate_slices`); layers are these blocks taken together.

    Bins are equal in log10, so that a gradient of 1e-9 and one of 10 are both seen. "Before" is measured
    ahead of all other callbacks, "after" between the last of them (and the Trainer's own clipping) and the
    update; under mixed precision they are unscaled. A step that the scaler skips has no "after".

    Writes one line per measured step to a file in the run's folder (read by `zoo.runs.gradient_records`), and
    the histograms to W&B and TensorBoard where the Trainer logs to them, with those of the weights beside
    them, which have a sign and a linear axis. When the fit ends, be it by an exception, it writes beside the
    file the same as arrays (`zoo.runs.gradient_arrays`) and pictures: `gradients.npz`, `gradients.png`, and
    of recurrent layers `weights.png`, their matrices as maps with the gates marked, and values by gate.

    Args:
        every_n_steps: Measure every so many steps of an optimiser, beginning with the first.
        min_exponent: The bins begin at ten to this power.
        max_exponent: The bins end at ten to this power.
        bins_per_decade: Bins between one power of ten and the next.
        file: Name of the file in the run's folder.
        detail: What W&B and TensorBoard get, where each histogram is a panel: "summary", three of the whole
            network, before and after clipping and of weights, and at the end one table of the last step;
            "layer", three for each layer; or "gate", also three for each block of each gate: 72 for a
            bidirectional layer of LSTM cells, say, which are in that layer's section. The file has the
            gradients' blocks either way.

    Raises:
        ValueError: an argument is not among its values, or `file` is not the plain name of a .jsonl file.
    """

    turn = Turn.OBSERVE

    def __init__(
        self,
        every_n_steps: int = 50,
        min_exponent: int = -12,
        max_exponent: int = 3,
        bins_per_decade: int = 4,
        file: str = JOURNAL,
        detail: str = "summary",
    ) -> None:
        if every_n_steps < 1:
            raise ValueError(f"every_n_steps is {every_n_steps}; expected at least 1")
        if Path(file).name != file or Path(file).suffix != ".jsonl":
            raise ValueError(f"file is {file!r}; expected a name that ends in .jsonl, without a folder")
        check_choice("detail", detail, DETAILS)
        self.every_n_steps, self.detail = every_n_steps, detail
        self.bins = LogBins(
            min_exponent=min_exponent, max_exponent=max_exponent, bins_per_decade=bins_per_decade
        )
        self.file = file
        self._recording: Recording | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leaves the fit in progress out of copies, whose hooks and counts are the original's."""
        return self.__dict__ | {"_recording": None}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Takes its turn, ahead of the callbacks that clip."""
        if stage != "fit":
            return
        refuse_shards("GradientHistogram", trainer)
        take_turns(trainer)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Finds the run's folder and hooks into the optimisers."""
        folder = folder_of(trainer)
        if folder is None:
            return
        count = len(trainer.optimizers)
        # `global_step` counts the steps of all optimisers, taken to step equally often.
        steps = [trainer.global_step // max(count, 1)] * count
        self._recording = recording = Recording(folder=folder, steps=steps)
        for index, optimizer in enumerate(trainer.optimizers):
            measure = partial(self._measure_after, trainer, pl_module, index)
            recording.handles.append(call_before_update(optimizer, measure))

    def on_before_optimizer_step(
        self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer
    ) -> None:
        """Measures before clipping."""
        if self._recording is None:
            return
        index = index_of(trainer, optimizer)
        step, self._recording.steps[index] = self._recording.steps[index], self._recording.steps[index] + 1
        if step % self.every_n_steps == 0:
            self._flush(trainer, pl_module)
            before = self._measure(trainer, pl_module, optimizer)
            self._recording.waiting[index] = (trainer.global_step, before)

    def _measure(self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer) -> Measured:
        gradients = named_blocks(pl_module, optimizer)
        return measure(gradients, self.bins, loss_scale(trainer, optimizer))

    def _measure_after(self, trainer: Trainer, pl_module: LightningModule, index: int) -> None:
        if self._recording is not None and index in self._recording.waiting:
            after = self._measure(trainer, pl_module, trainer.optimizers[index])
            self._write(trainer, pl_module, index, after)

    def _write(self, trainer: Trainer, pl_module: LightningModule, index: int, *after: Measured) -> None:
        assert self._recording is not None
        step, measured = self._recording.waiting.pop(index)
        before, *rest = collect(measured, *after)
        record = GradientRecord(
            step=step, optimizer=index, bins=self.bins, before=before, after=rest[0] if rest else None
        )
        append_gradients(self._recording.folder / self.file, record)
        log_histograms(trainer, pl_module, record, self.detail)
        self._recording.last = record

    def _flush(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes what was measured before an update that a gradient scaler then skipped."""
        assert self._recording is not None
        for index in list(self._recording.waiting):
            self._write(trainer, pl_module, index)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Writes what no update followed."""
        if self._recording is not None:
            self._flush(trainer, pl_module)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes the arrays and the picture."""
        self._finish(trainer, pl_module)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Writes those of a fit that failed or was interrupted, too."""
        self._finish(trainer, pl_module)

    def _finish(self, trainer: Trainer, pl_module: LightningModule) -> None:
        recording, self._recording = self._recording, None
        if recording is None:
            return
        for handle in recording.handles:
            handle.remove()
        if recording.last is None:
            return
        file, last = recording.folder / self.file, recording.last
        _try("the table of the gradients could not be sent", partial(log_gradient_table, trainer, last))
        _try("the arrays of the gradients could not be written", partial(save_arrays, file))
        _try(
            "the picture of the gradients could not be drawn",
            partial(draw_gradients, trainer, file, last.step),
        )
        weights = partial(draw_weights, trainer, pl_module, file.parent)
        _try("the picture of the weights could not be drawn", weights)


def _try(failure: str, action: Callable[[], object]) -> None:
    """Neither a training that went well nor the reason why one failed may be lost to a picture."""
    try:
        action()
    except Exception as error:
        rank_zero_warn(f"{failure}: {error!r}")
