"""Shows how large gradients are, layer by layer and parameter by parameter."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, final

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_warn
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from zoo.callbacks.gradients import call_before_update, index_of, loss_scale, named_gradients, refuse_shards
from zoo.callbacks.histogram_loggers import log_histograms, log_picture
from zoo.diagnostics.histogram import LogBins, Summary, summarise
from zoo.diagnostics.records import GradientRecord, append_gradients, read_gradients


@final
@dataclass
class Recording:
    """What a fit in progress needs to remember; a copy of the callback starts without one.

    Attributes:
        folder: The run's folder.
        steps: Steps taken so far, per optimiser.
        waiting: Measured before clipping and not yet after it, per optimiser: step and summaries.
        handles: The hooks to remove when the fit ends.
        last: The last step that was recorded, or None.
    """

    folder: Path
    steps: list[int]
    waiting: dict[int, tuple[int, dict[str, Summary]]] = field(default_factory=dict)
    handles: list[RemovableHandle] = field(default_factory=list)
    last: int | None = None


@final
class GradientHistogram(Callback):
    """Records a histogram of gradient magnitudes per layer and per parameter, before and after clipping.

    Bins are equal in log10, so that a gradient of 1e-9 and one of 10 are both seen. "Before" is measured
    ahead of all other callbacks, "after" between the last of them (and the Trainer's own clipping) and the
    update; under mixed precision they are unscaled. A step that the scaler skips has no "after".

    Writes one line per measured step to a file in the run's folder (`zoo.diagnostics.records` reads it), the
    histograms to W&B and TensorBoard where the Trainer logs to them, and, when the fit ends, be it by an
    exception, a picture beside the file: `gradients.png`.

    Args:
        every_n_steps: Measure every so many steps of an optimiser, beginning with the first.
        min_exponent: The bins begin at ten to this power.
        max_exponent: The bins end at ten to this power.
        bins_per_decade: Bins between one power of ten and the next.
        file: Name of the file in the run's folder.

    Raises:
        ValueError: a number is out of its range, or `file` is not the plain name of a .jsonl file.
    """

    def __init__(
        self,
        every_n_steps: int = 50,
        min_exponent: int = -12,
        max_exponent: int = 3,
        bins_per_decade: int = 4,
        file: str = "gradients.jsonl",
    ) -> None:
        if every_n_steps < 1:
            raise ValueError(f"every_n_steps is {every_n_steps}; expected at least 1")
        if Path(file).name != file or Path(file).suffix != ".jsonl":
            raise ValueError(f"file is {file!r}; expected a name that ends in .jsonl, without a folder")
        self.every_n_steps = every_n_steps
        self.bins = LogBins(
            min_exponent=min_exponent, max_exponent=max_exponent, bins_per_decade=bins_per_decade
        )
        self.file = file
        self._recording: Recording | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leaves the fit in progress out of copies, whose hooks and counts are the original's."""
        return self.__dict__ | {"_recording": None}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Goes ahead of the callbacks that clip."""
        if stage != "fit":
            return
        refuse_shards("GradientHistogram", trainer)
        # A new list: Lightning is iterating over the old one.
        others = [callback for callback in trainer.callbacks if callback is not self]  # type: ignore[attr-defined]
        trainer.callbacks = [self, *others]  # type: ignore[attr-defined]  # set by one of its connectors

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Finds the run's folder and hooks into the optimisers."""
        # Asked for on all ranks, for it is broadcast.
        folder = Path(trainer.log_dir or trainer.default_root_dir)
        if not trainer.is_global_zero or trainer.fast_dev_run:  # type: ignore[attr-defined]
            return
        count = len(trainer.optimizers)
        self._recording = recording = Recording(folder, [trainer.global_step // max(count, 1)] * count)
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
            self._flush(trainer)
            summaries = self._measure(trainer, pl_module, optimizer)
            self._recording.waiting[index] = (trainer.global_step, summaries)

    def _measure(
        self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer
    ) -> dict[str, Summary]:
        gradients = named_gradients(pl_module, optimizer)
        return summarise(gradients, self.bins, loss_scale(trainer, optimizer))

    def _measure_after(self, trainer: Trainer, pl_module: LightningModule, index: int) -> None:
        if self._recording is not None and index in self._recording.waiting:
            after = self._measure(trainer, pl_module, trainer.optimizers[index])
            self._write(trainer, index, after)

    def _write(self, trainer: Trainer, index: int, after: dict[str, Summary] | None) -> None:
        assert self._recording is not None
        step, before = self._recording.waiting.pop(index)
        record = GradientRecord(step=step, optimizer=index, bins=self.bins, before=before, after=after)
        append_gradients(self._recording.folder / self.file, record)
        log_histograms(trainer, record)
        self._recording.last = step

    def _flush(self, trainer: Trainer) -> None:
        """Writes what was measured before an update that a gradient scaler then skipped."""
        assert self._recording is not None
        for index in list(self._recording.waiting):
            self._write(trainer, index, None)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Writes what no update followed."""
        if self._recording is not None:
            self._flush(trainer)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draws the picture."""
        self._finish(trainer)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Draws the picture of a fit that failed or was interrupted, too."""
        self._finish(trainer)

    def _finish(self, trainer: Trainer) -> None:
        recording, self._recording = self._recording, None
        if recording is None:
            return
        for handle in recording.handles:
            handle.remove()
        if recording.last is None:
            return
        try:
            picture = _draw(recording.folder / self.file)
            log_picture(trainer, picture, recording.last)
        except Exception as error:
            # Neither a training that went well nor the reason why one failed may be lost to a picture.
            rank_zero_warn(f"the picture of the gradients could not be drawn: {error!r}")


def _draw(file: Path) -> Path:
    # matplotlib takes half a second to import, which a run spends only when it has something to draw.
    from zoo.diagnostics.plots import draw_gradients

    picture = file.with_suffix(".png")
    draw_gradients(read_gradients(file)).savefig(picture)
    return picture
