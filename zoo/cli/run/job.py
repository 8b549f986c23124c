"""What a verb has Lightning do with a recipe."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from jsonargparse import Namespace
from lightning.pytorch import Callback, LightningDataModule, LightningModule, Trainer
from lightning.pytorch.cli import LightningArgumentParser


@dataclass(frozen=True, kw_only=True)
class BuiltRun:
    """What a job has to work with, all of it built."""

    trainer: Trainer
    model: LightningModule
    data: LightningDataModule | None
    folder: Path | None
    """The run's folder, if it keeps anything."""
    config: Namespace
    """The whole configuration."""
    options: Mapping[str, Any]
    """What the Trainer's method takes of it, with model and data."""
    checkpoint: Mapping[str, Any] | None
    """What the checkpoint holds that was asked for."""


class Job(ABC):
    """What a verb has Lightning do.

    Attributes:
        name: The verb.
        method: The Trainer's method whose arguments are options.
        folder: What the name of a run's folder begins with.
        goes_on: Whether training goes on from a checkpoint, or begins where there is none.
        needs_checkpoint: Whether there must be trained weights.
        on_one_device: Whether one device does it all.
        why_one_device: Why, in words that follow the verb.
        runs: Where the folder of the run is made; None is the usual place.
        callbacks: Callbacks beside those of the recipe.
    """

    name: str
    method: ClassVar[str]
    folder: ClassVar[str]
    goes_on: ClassVar[bool] = False
    needs_checkpoint: ClassVar[bool] = False
    on_one_device: ClassVar[bool] = False
    why_one_device: ClassVar[str] = (
        "takes the items of the data in their order, which several devices would share"
    )
    runs: Path | None = None
    callbacks: Sequence[Callback] = ()

    def add_arguments(self, parser: LightningArgumentParser) -> None:  # noqa: B027 (most jobs have none)
        """Adds options of this job alone; `check` has to know them."""

    def trainer(
        self, arguments: dict[str, Any], recipe: Mapping[str, Any], config: Namespace
    ) -> Trainer | None:
        """A Trainer of its own, for a job that keeps nothing; None for that of every run.

        Args:
            arguments: The Trainer's, callbacks as a list.
            recipe: The whole configuration as a recipe.
            config: The same with types.

        Raises:
            UserError: an option is wrong.
        """
        return None

    @abstractmethod
    def do(self, run: BuiltRun) -> None:
        """Does it.

        Raises:
            UserError: there is nothing to do, or it cannot be done so.
            FailedError: what it has found cannot be kept.
        """
