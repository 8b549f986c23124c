"""Looks at all variants of a comparison before the first of them is trained."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, final

import torch
from jsonargparse import Namespace
from lightning.pytorch import LightningDataModule, Trainer

from zoo.cli.compare.variants import Variant
from zoo.cli.errors import UserError
from zoo.cli.run.job import BuiltRun, Job
from zoo.cli.run.session import run
from zoo.data.base import SequenceData
from zoo.data.batches.fingerprint import fingerprint
from zoo.data.batches.splits import Split
from zoo.tasks.base import Task
from zoo.tasks.from_data import Sized

KEEPS_OR_SHOWS = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
PARTS: tuple[Split, ...] = ("train", "val", "test")
WHY_ONE_DEVICE = "trains each run on one device, several runs at once with --jobs"


@final
@dataclass(frozen=True)
class SeenData:
    """What is to be known of data before a model is trained on it.

    Attributes:
        sizes: What it asks of a model.
        fingerprint: By which it is known again; "" of data that is not the zoo's.
    """

    sizes: Mapping[str, int]
    fingerprint: str


@final
@dataclass(frozen=True)
class SeenVariant:
    """What is known of a variant before it is trained.

    Attributes:
        data: The fingerprint of its data.
        encoder_parameters: Of its encoder; None of a model that is not the zoo's.
        metrics: Names of what its task measures, as "loss"; none of a model that is not the zoo's.
    """

    data: str
    encoder_parameters: int | None
    metrics: tuple[str, ...] = ()


@final
class CheckJob(Job):
    """Builds a variant, its model without memory for it, and trains nothing.

    Args:
        known: Data that has been looked at, by its part of the recipe; it is added to.
        verb: What is to train it.
    """

    method, folder = "fit", ""
    on_one_device, why_one_device = True, WHY_ONE_DEVICE

    def __init__(self, known: dict[str, SeenData], verb: str) -> None:
        self.known, self.name = known, verb
        self.seen = SeenVariant("", None)

    def trainer(self, arguments: dict[str, Any], recipe: Mapping[str, Any], config: Namespace) -> Trainer:
        """A trainer that keeps nothing; a wrong option of it is refused all the same."""
        idle = dict.fromkeys(KEEPS_OR_SHOWS, False)
        return Trainer(**arguments | idle | {"callbacks": []})

    def do(self, run: BuiltRun) -> None:
        """Looks.

        Raises:
            UserError: the data is none, or the network cannot be built for it.
            ValueError: the same, in the words of who refuses.
        """
        key = json.dumps(run.config.data.as_dict() if run.data is not None else None, default=str)
        if key not in self.known:
            self.known[key] = _seen(run.data)
        data = self.known[key]
        self.seen = SeenVariant(data.fingerprint, None)
        if isinstance(run.model, Task):
            count, metrics = _look_into(run.model, data.sizes)
            self.seen = SeenVariant(data.fingerprint, count, metrics)


def _look_into(task: Task, sizes: Mapping[str, int]) -> tuple[int, tuple[str, ...]]:
    """The parameters of the encoder that it would have for data of these sizes, and what it measures."""
    task.network = task.network.resolved(task.model_sizes(sizes))
    with torch.device("meta"):
        encoder = task.build_model().stacks[0]
    assert task.network.output_size is not None
    metrics = ("loss", *task.metrics(task.network.output_size))
    return sum(parameter.numel() for parameter in encoder.parameters()), metrics


def _seen(data: LightningDataModule | None) -> SeenData:
    """Reads data, all parts of it that there are."""
    if not isinstance(data, SequenceData):
        return SeenData(dict(data.sizes) if isinstance(data, Sized) else {}, "")
    data.setup("fit")
    parts = [data.dataset(part) for part in PARTS[:2]]
    with suppress(FileNotFoundError):  # there need not be anything to test on
        data.setup("test")
        parts.append(data.dataset("test"))
    return SeenData(dict(data.sizes), fingerprint(parts))


def look_at(variants: Sequence[Variant], seed: int, let_in: Sequence[str]) -> dict[str, SeenVariant]:
    """Builds each variant once, so that a mistake in the last is found before the first is trained.

    Args:
        variants: The variants.
        seed: Any of the seeds.
        let_in: Modules of the user that recipes may name.

    Returns:
        What is known of each, by its name.

    Raises:
        UserError: one of them cannot be built; says which.
    """
    look = Look("compare", seed, let_in)
    return {variant.name: look.at(variant) for variant in variants}


@final
class Look:
    """Looks at variants; at data that several of them have only once.

    Args:
        verb: What is to train them.
        seed: Any of the seeds.
        let_in: Modules of the user that recipes may name.
    """

    def __init__(self, verb: str, seed: int, let_in: Sequence[str]) -> None:
        self.verb, self.seed, self.let_in = verb, seed, let_in
        self._known: dict[str, SeenData] = {}

    def at(self, variant: Variant) -> SeenVariant:
        """What is known of a variant.

        Raises:
            UserError: it cannot be built.
        """
        job = CheckJob(self._known, self.verb)
        try:
            code = run(job, variant.with_seed(self.seed), self.let_in)
        except (UserError, ValueError, LookupError) as error:
            raise UserError(f"{variant.name}: {error}") from error
        if code:
            raise SystemExit(code)
        return job.seen
