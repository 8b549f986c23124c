"""What all tasks share: the model and its sizes, the optimiser, metrics at the end of an epoch."""

import copy
import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, runtime_checkable

import torch
from lightning.pytorch.callbacks import StochasticWeightAveraging, WeightAveraging
from lightning.pytorch.core.optimizer import LightningOptimizer
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn, optim
from torchmetrics import MetricCollection

from zoo.model import ModelSpec
from zoo.private.lightning_names import count_update
from zoo.registry import Spec
from zoo.sequence_model import SequenceModel
from zoo.tasks.checkpoint import SafelyLoaded
from zoo.tasks.contract import Batch, Contract, Entry
from zoo.tasks.optimisation import OptimizerSpec, ScheduleSpec

Record = dict[str, Any]
"""What a user reads of one sequence: numbers, words and lists of them by name."""

Predicted = Tensor | dict[str, Tensor]
"""What is predicted for a batch: one tensor, or several by name."""

STAGES = ("train", "val", "test")
COUNTED_AT_ONCE = 64
LOOKED_INTO = 32
"""Batches whose values are checked although a GPU has to be waited for."""

COPYING = (StochasticWeightAveraging, WeightAveraging)
"""Callbacks that copy the network in their `setup`, which is called before the network is built."""


@runtime_checkable
class Sized(Protocol):
    """A data module that knows the sizes its data asks of a model."""

    @property
    def sizes(self) -> dict[str, int]:
        """Some of input_size, vocab_size, num_classes and output_size."""


class Task(SafelyLoaded, ABC):
    """A network, what it is trained for, and how.

    `task.model` is a plain nn.Module. It exists from the start where all sizes are given, else from the
    moment a Trainer has read them off the data. Hyper-parameters are kept as plain data only.

    A task has options of its own by taking more arguments, each plain data or a spec, and an attribute of the
    same name before this constructor is called. What depends on the sizes it makes in `add_modules`.

    Args:
        network: The network; sizes that it leaves open come from the data.
        optimizer: The optimiser.
        schedule: The learning-rate schedule; None keeps the rate.
    """

    model: SequenceModel
    output: ClassVar[str]
    """The size of the data that is the width of the head."""

    no_decay: ClassVar[tuple[str, ...]] = ()
    """Names of parameters of the task itself that weight decay must leave alone."""

    def __init__(
        self,
        network: ModelSpec | Mapping[str, Any],
        optimizer: OptimizerSpec | Mapping[str, Any] = OptimizerSpec(),  # noqa: B008 (it is frozen)
        schedule: ScheduleSpec | Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.network = ModelSpec.of(network)
        self.optimizer = OptimizerSpec.from_plain(optimizer) if isinstance(optimizer, Mapping) else optimizer
        self.schedule = ScheduleSpec.from_plain(schedule) if isinstance(schedule, Mapping) else schedule
        self._uncounted: dict[str, list[tuple[Tensor, Tensor]]] = {stage: [] for stage in STAGES}
        self._restored_metrics: dict[str, Any] | None = None
        self._check()
        self._keep_hyper_parameters()
        if self.network.is_complete:
            self._build()

    @abstractmethod
    def metrics(self, output_size: int) -> MetricCollection:
        """The metrics of one stage."""

    @abstractmethod
    def _step(self, batch: Batch, stage: str) -> Tensor:
        """The loss of a batch; updates the stage's metrics and logs."""

    def entries(self) -> dict[str, Entry]:
        """What a batch holds, beginning with `x`; a task adds its targets."""
        network = self.network
        x = (
            Entry(axes=("B", "T"), kind="integers", below=network.vocab_size)
            if network.input_size is None
            else Entry(axes=("B", "T", network.input_size), kind="floating-point numbers")
        )
        entries = {"x": x, "lengths": Entry(axes=("B",), kind="integers", is_optional=True)}
        if any(cell.cell_class.reads_deltas for cell in network.encoder.cells):
            entries["deltas"] = Entry(axes=("B", "T"), kind="floating-point numbers", is_optional=True)
        return entries

    def contract(self) -> Contract:
        """What the batches of this task must hold."""
        return Contract(task=type(self).__name__, entries=self.entries())

    def _check(self) -> None:
        """Refuses networks that make no sense for this task."""

    def build_model(self) -> SequenceModel:
        """The model, once all sizes are known."""
        return self.network.build()

    def add_modules(self) -> None:
        """Makes what a task has beside its model, once the sizes are known."""

    def forget(self) -> None:
        """Drops what the last training batch has left behind, for its numbers cannot be used.

        A task that carries more than metrics from batch to batch adds to this.
        """
        if self._uncounted["train"]:
            self._uncounted["train"].pop()

    def forward(self, x: Tensor, lengths: Tensor | None = None, deltas: Tensor | None = None) -> Tensor:
        """Predictions of the model, as (B, O) or (B, T, O)."""
        predictions: Tensor = self.model(x, lengths, deltas=deltas)[0]
        return predictions

    def predictions(self, batch: Batch) -> Tensor:
        """Predictions of the model for a batch."""
        return self.forward(batch["x"], batch.get("lengths"), batch.get("deltas"))

    def setup(self, stage: str) -> None:
        """Builds the model with the sizes of the Trainer's data, or checks that they agree."""
        for uncounted in self._uncounted.values():
            uncounted.clear()
        data = self.trainer.datamodule  # type: ignore[attr-defined]
        if self.network.is_complete and stage != "fit":
            return  # a trained network is its own measure, and its data may not know all sizes
        sizes = dict(data.sizes) if isinstance(data, Sized) else {}
        network = self.network.resolved(self.model_sizes(sizes))
        if not self.network.is_complete:
            self.network = network
            self._build()
            self._keep_hyper_parameters()
            for callback in self.trainer.callbacks:  # type: ignore[attr-defined]  # set by a connector
                if isinstance(callback, COPYING):
                    callback.setup(self.trainer, self, stage)

    def complete(self, network: ModelSpec | Mapping[str, Any]) -> None:
        """Takes the sizes that are still open from a network that was trained, and builds the model.

        Raises:
            ValueError: a size is given, and that network has another.
        """
        if not self.network.is_complete:
            trained = {name: size for name, size in ModelSpec.of(network).sizes.items() if size is not None}
            self.network = self.network.resolved(trained)
            self._build()
            self._keep_hyper_parameters()

    def model_sizes(self, data_sizes: Mapping[str, int]) -> dict[str, int]:
        """The sizes of the model for data of these sizes."""
        sizes = {name: data_sizes[name] for name in ("input_size", "vocab_size") if name in data_sizes}
        if self.output in data_sizes:
            sizes["output_size"] = data_sizes[self.output]
        return sizes

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keeps what the metrics of this epoch have seen, for a run that resumes within it."""
        super().on_save_checkpoint(checkpoint)
        if self._trainer is None or self.trainer.world_size > 1:  # of other processes nothing is known
            return
        metrics = self._metrics("train").items(keep_base=True)
        checkpoint["train_metrics"] = {
            "counted": {name: metric.metric_state for name, metric in metrics if metric.update_called},
            "uncounted": [[part.cpu() for part in batch] for batch in self._uncounted["train"]],
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        self._restored_metrics = checkpoint.get("train_metrics") or None

    def on_train_start(self) -> None:
        """Goes on counting where a checkpoint left off."""
        restored, self._restored_metrics = self._restored_metrics, None
        if restored is None:
            return
        for name, metric in self._metrics("train").items(keep_base=True):
            if name in restored["counted"]:
                state = restored["counted"][name]
                metric.merge_state({key: part.to(self.device) for key, part in state.items()})
                count_update(metric)
        uncounted = ((part.to(self.device) for part in batch) for batch in restored["uncounted"])
        self._uncounted["train"] = [(predictions, targets) for predictions, targets in uncounted]

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        return self._step(self._checked(batch, batch_idx), "train")

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self._step(self._checked(batch, batch_idx), "val")

    def test_step(self, batch: Any, batch_idx: int) -> None:
        self._step(self._checked(batch, batch_idx), "test")

    def predict_step(self, batch: Any, batch_idx: int) -> Predicted:
        """Predictions for one batch."""
        return self._predict(self._checked(batch, batch_idx, predicting=True))

    def _predict(self, batch: Batch) -> Predicted:
        """What is predicted for a batch, which has no targets."""
        return self.predictions(batch)

    def records(self, predicted: Any, batch: Batch, legend: Mapping[str, Any]) -> list[Record]:
        """What a user reads of the predictions for a batch: for each sequence plain values by name.

        Args:
            predicted: What `predict_step` has returned.
            batch: What it was given.
            legend: The words of the data for the numbers in it.
        """
        return [{"prediction": row.tolist()} for row in valid_rows(predicted, batch.get("lengths"))]

    def _checked(self, batch: object, batch_idx: int, predicting: bool = False) -> Batch:
        """A batch that is as this task needs it.

        Raises:
            ValueError: it is not.
        """
        values = self.device.type == "cpu" or (batch_idx < LOOKED_INTO and self.current_epoch == 0)
        return self._contract.check(batch, predicting, values)

    def on_train_epoch_end(self) -> None:
        self._log_metrics("train")

    def on_validation_epoch_end(self) -> None:
        self._log_metrics("val")

    def on_test_epoch_end(self) -> None:
        self._log_metrics("test")

    def configure_optimizers(self) -> OptimizerLRScheduler:
        own = [parameter for name, parameter in self.named_parameters() if name in self.no_decay]
        spared = [parameter for stack in self.model.stacks for parameter in stack.spared()]
        optimizer = self.optimizer.build(self.parameters(), [*spared, *own])
        if self.schedule is None:
            return optimizer
        return {"optimizer": optimizer, "lr_scheduler": self.schedule.build(optimizer)}  # type: ignore[return-value]

    def optimizer_step(
        self,
        epoch: int,
        batch_idx: int,
        optimizer: optim.Optimizer | LightningOptimizer,
        optimizer_closure: Any = None,
    ) -> None:
        """Steps, then puts constrained parameters back where their cell wants them."""
        super().optimizer_step(epoch, batch_idx, optimizer, optimizer_closure)
        for cell in (cell for stack in self.model.stacks for cell in stack.cells()):
            cell.constrain()

    def _build(self) -> None:
        self.model = self.build_model()
        assert self.network.output_size is not None
        self.add_modules()
        self._contract = self.contract()
        metrics = self.metrics(self.network.output_size)
        self.stage_metrics = nn.ModuleDict(
            {f"{stage}_metrics": metrics.clone(prefix=f"{stage}/") for stage in STAGES}
        )

    def _metrics(self, stage: str) -> MetricCollection:
        metrics = self.stage_metrics[f"{stage}_metrics"]
        assert isinstance(metrics, MetricCollection)
        return metrics

    def _count(self, stage: str, predictions: Tensor, targets: Tensor) -> None:
        """Notes a batch for the metrics; they see many at once, for an update costs as much as a layer."""
        if len(self._uncounted[stage]) == COUNTED_AT_ONCE:
            self._count_all(stage)
        self._uncounted[stage].append((predictions.detach(), targets))

    def _count_all(self, stage: str) -> None:
        if self._uncounted[stage]:
            predictions, targets = zip(*self._uncounted[stage], strict=True)
            self._metrics(stage).update(torch.cat(predictions), torch.cat(targets))
            self._uncounted[stage].clear()

    def _log_metrics(self, stage: str) -> None:
        self._count_all(stage)
        metrics = self._metrics(stage)
        self.log_dict(metrics.compute(), prog_bar=stage == "val", sync_dist=True)
        metrics.reset()

    def _log_loss(self, loss: Tensor, stage: str, count: int | Tensor) -> None:
        """Logs a mean over `count` predictions: of each step in training, else of an epoch on all devices."""
        training = stage == "train"
        weight = 1 if training else int(count)
        self.log(f"{stage}/loss", loss.detach(), batch_size=weight, prog_bar=True, sync_dist=not training)

    def _keep_hyper_parameters(self) -> None:
        """Stores how this task was made, as plain data."""
        plain = {
            "network": self.network.plain(),
            "optimizer": self.optimizer.plain(),
            "schedule": None if self.schedule is None else self.schedule.plain(),
        }
        for name in inspect.signature(type(self).__init__).parameters:
            if name != "self" and name not in plain:
                value = getattr(self, name)
                plain[name] = value.plain() if isinstance(value, Spec) else value
        self.save_hyperparameters(copy.deepcopy(plain))


def valid_rows(predicted: Tensor, lengths: Tensor | None) -> list[Tensor]:
    """The predictions for each sequence, without those for padding where there is one for each step."""
    if lengths is None or predicted.dim() < 3:
        return list(predicted)
    return [row[:length] for row, length in zip(predicted, lengths.tolist(), strict=True)]
