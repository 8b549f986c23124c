"""What all tasks share: the model and its sizes, the optimiser, metrics at the end of an epoch."""

import copy
import inspect
import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import torch
from lightning.pytorch.callbacks import StochasticWeightAveraging, WeightAveraging
from lightning.pytorch.core.optimizer import LightningOptimizer
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, optim
from torchmetrics import MetricCollection

from zoo.model import ModelSpec
from zoo.registry import Spec
from zoo.sequence_model import SequenceModel
from zoo.tasks.answers import Answers, Predicted
from zoo.tasks.contract import Batch, Contract, Entry
from zoo.tasks.counting import Counting
from zoo.tasks.from_data import Sized, start_embedding
from zoo.tasks.item_weights import WEIGHT
from zoo.tasks.optimisation import OptimizerSpec, ScheduleSpec
from zoo.tasks.shares import Mean, shared_mean
from zoo.tasks.signs import Sign

logger = logging.getLogger(__name__)

LOOKED_INTO = 32
"""Batches whose values are checked although a GPU has to be waited for."""

COPYING = (StochasticWeightAveraging, WeightAveraging)
"""Callbacks that copy the network in their `setup`, which is called before the network is built."""


class Task(Counting, Answers, ABC):
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

    weighs_items: ClassVar[bool] = False
    """Whether its training loss counts items by `weight` in their batch; where not, that is refused."""

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
        self._has_start = False
        self._check()
        self._keep_hyper_parameters()
        if self.network.is_complete:
            self._build()

    @property
    def lr(self) -> float:
        """The learning rate; Lightning's LearningRateFinder sets it."""
        return self.optimizer.lr

    @lr.setter
    def lr(self, rate: float) -> None:
        self.optimizer = replace(self.optimizer, lr=rate)
        self._keep_hyper_parameters()
        logger.info("the learning rate is %.3g from now on", rate)

    @abstractmethod
    def metrics(self, output_size: int) -> MetricCollection:
        """The metrics of one stage."""

    def signs(self, output_size: int) -> dict[str, Sign]:
        """What else to look for in validation, by name: signs of illness, which a verdict reads."""
        return {}

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
        if network.characters is not None:
            below = network.character_vocab_size
            entries["characters"] = Entry(axes=("B", "T", "C"), kind="integers", below=below)
        if any(cell.cell_class.reads_deltas for cell in network.encoder.cells):
            entries["deltas"] = Entry(axes=("B", "T"), kind="floating-point numbers", is_optional=True)
        return entries

    def contract(self) -> Contract:
        """What the batches of this task must hold."""
        entries, refused = self.entries(), dict[str, str]()
        if self.network.characters is None:
            refused["characters"] = "a network with characters, or none of them in the data"
        if self.weighs_items:
            entries |= {"weight": WEIGHT}
        elif "weight" not in entries:
            refused["weight"] = "data without weights, for this task counts all alike"
        return Contract(task=type(self).__name__, entries=entries, refused=refused)

    def _check(self) -> None:
        """Refuses networks that make no sense for this task."""

    def build_model(self) -> SequenceModel:
        """The model, once all sizes are known."""
        return self.network.build()

    def add_modules(self) -> None:
        """Makes what a task has beside its model, once the sizes are known."""

    def forward(
        self,
        x: Tensor,
        lengths: Tensor | None = None,
        deltas: Tensor | None = None,
        characters: Tensor | None = None,
    ) -> Tensor:
        """Predictions of the model, as (B, O) or (B, T, O)."""
        predictions: Tensor = self.model(x, lengths, deltas=deltas, characters=characters)[0]
        return predictions

    def predictions(self, batch: Batch) -> Tensor:
        """Predictions of the model for a batch."""
        optional = (batch.get(name) for name in ("lengths", "deltas", "characters"))
        return self.forward(batch["x"], *optional)

    def setup(self, stage: str) -> None:
        """Builds the model with the sizes of the Trainer's data, or checks that they agree."""
        self._forget_uncounted()
        data = self.trainer.datamodule  # type: ignore[attr-defined]
        if self.network.is_complete and stage != "fit":
            return  # a trained network is its own measure, and its data may not know all sizes
        sizes = dict(data.sizes) if isinstance(data, Sized) else {}
        network = self.network.resolved(self.model_sizes(sizes))
        if not self.network.is_complete:
            self.network = network
            self._build()
            self._keep_hyper_parameters()
            self._renew_copies(stage)

    def on_fit_start(self) -> None:
        """Gives the embedding what the data has for it to start from, unless the model has been trained."""
        for stack in self.model.stacks:
            stack.clip_for(self.processes)
        if not self._has_start and start_embedding(self.model, self.trainer.datamodule):  # type: ignore[attr-defined]
            self._renew_copies("fit")
        self._has_start = True

    def _renew_copies(self, stage: str) -> None:
        for callback in self.trainer.callbacks:  # type: ignore[attr-defined]  # set by a connector
            if isinstance(callback, COPYING):
                callback.setup(self.trainer, self, stage)

    def complete(self, network: ModelSpec | Mapping[str, Any]) -> None:
        """Takes the sizes that are still open from a network that was trained, and builds the model.

        Raises:
            ValueError: a size is given, and that network has another.
        """
        self._has_start = True
        if not self.network.is_complete:
            trained = {name: size for name, size in ModelSpec.of(network).sizes.items() if size is not None}
            self.network = self.network.resolved(trained)
            self._build()
            self._keep_hyper_parameters()

    def model_sizes(self, data_sizes: Mapping[str, int]) -> dict[str, int]:
        """The sizes of the model for data of these sizes."""
        names = ["input_size", "vocab_size"]
        if self.network.characters is not None:
            names.append("character_vocab_size")
        sizes = {name: data_sizes[name] for name in names if name in data_sizes}
        if self.output in data_sizes:
            sizes["output_size"] = data_sizes[self.output]
        return sizes

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Notes that the weights have been trained."""
        super().on_load_checkpoint(checkpoint)
        self._has_start = True

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

    def _checked(self, batch: object, batch_idx: int, predicting: bool = False) -> Batch:
        """A batch that is as this task needs it.

        Raises:
            ValueError: it is not.
        """
        values = self.device.type == "cpu" or (batch_idx < LOOKED_INTO and self.current_epoch == 0)
        return self._contract.check(batch, predicting, values)

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
        size = self.network.output_size
        self._count_with(self.metrics(size), self.signs(size))

    def _item_weights(self, batch: Batch, stage: str) -> Tensor | None:
        """What each item of a batch counts (B,); None where all count alike, as outside of training."""
        return batch.get("weight") if stage == "train" else None

    def _logged(self, loss: Mean, stage: str, name: str = "loss") -> Tensor:
        """Logs a loss, of each step in training, else of an epoch; in training, returns what to go back from.

        Both are those of one process that has the batches of all.
        """
        if stage == "train":
            value, whole = shared_mean(loss, self.processes)
            self.log(f"train/{name}", whole, batch_size=1, prog_bar=name.endswith("loss"))
            return value
        count = int(loss.over)
        value = loss.value if count else torch.zeros_like(loss.value)
        # Lightning divides the sum of all counts by the number of processes, and drops what is left over.
        weight = count * self.processes
        self.log(f"{stage}/{name}", value.detach(), batch_size=weight, prog_bar=True, sync_dist=True)
        return value

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
