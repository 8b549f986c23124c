"""How the claims that compare trained networks train them."""

import logging
import math
import multiprocessing
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, final

import lightning
import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

from zoo.callbacks.gradient_clipping import GradientClipping
from zoo.claims.base import Number
from zoo.data.base import SequenceData
from zoo.tasks.base import Task

Item = TypeVar("Item")
Result = TypeVar("Result")


@final
@dataclass(frozen=True)
class Trained:
    """A task after its training, its data, what the test has measured, and the loss of each training step."""

    task: Task
    data: SequenceData
    metrics: dict[str, float]
    losses: list[float]


def train(
    make: Callable[[], tuple[Task, SequenceData]], *, seed: int, epochs: int, callbacks: Sequence[Callback]
) -> Trained:
    """Trains on one thread, without files and without words, and tests what came of the last epoch.

    Args:
        make: Builds task and data, after the seed is set.
        seed: Of weights and dropout.
        epochs: How long.
        callbacks: What clips and guards.
    """
    with _alone(), tempfile.TemporaryDirectory() as folder:
        lightning.seed_everything(seed, verbose=False)
        task, data = make()
        losses = _Losses()
        trainer = lightning.Trainer(
            default_root_dir=folder,
            accelerator="cpu",
            max_epochs=epochs,
            logger=False,
            enable_checkpointing=any(isinstance(callback, ModelCheckpoint) for callback in callbacks),
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            limit_val_batches=0,
            callbacks=[*callbacks, losses],
        )
        trainer.fit(task, data)
        (metrics,) = trainer.test(task, data, verbose=False)
    return Trained(task, data, {name: float(value) for name, value in metrics.items()}, losses.found)


def clipping(max_norm: float = 1.0) -> list[Callback]:
    """The callback that clips to this norm."""
    return [GradientClipping(max_norm=max_norm)]


@final
class BadBatch(Callback):
    """Puts a NaN into the batch of one update, counted from 1."""

    def __init__(self, update: int) -> None:
        self.update = update

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if batch_idx == self.update - 1:
            batch["x"][0, 0, 0] = torch.nan


@final
class _Losses(Callback):
    """Keeps the loss of each training step."""

    def __init__(self) -> None:
        self.found: list[float] = []

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self.found.append(float(outputs["loss"]) if outputs else math.nan)


@contextmanager
def _alone() -> Iterator[None]:
    """One thread, no numbers too small to matter, which vanishing gradients are full of, and no words."""
    threads, level = torch.get_num_threads(), logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except SystemExit as ended:
        # Lightning makes this of Ctrl-C, and a claim has nothing to save
        raise KeyboardInterrupt if isinstance(ended.__context__, KeyboardInterrupt) else ended from None
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(threads)
        logging.disable(level)


def each(work: Callable[[Item], Result], items: Iterable[Item], jobs: int) -> list[Result]:
    """What `work` gives for each item, in their order; with several jobs in processes of their own.

    Args:
        work: A function of a module, which another process can import.
        items: What it is given.
        jobs: Processes at once; 1 works in this one.

    Raises:
        ValueError: what `work` has raised as such.
        ChildProcessError: a process was ended from outside.
    """
    given = list(items)
    if jobs == 1:
        return [work(item) for item in given]
    workers = min(jobs, max(len(given), 1))
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        return list(pool.map(work, given))
    except BrokenProcessPool as error:
        raise ChildProcessError(
            f"a process that trains was ended from outside, maybe for its memory, with {jobs} jobs; expected "
            f"fewer"
        ) from error
    except ValueError as error:  # with the trace of the pool it would not look like the zoo's own words
        raise ValueError(str(error)) from None
    except KeyboardInterrupt:
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def over_seeds(what: str, values: Sequence[float], published: str = "") -> Number:
    """Mean and standard deviation of a number of several runs."""
    with np.errstate(invalid="ignore"):  # of a run that was lost
        spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
    mean = float(np.mean(values))
    return Number(what=what, value=mean, spread=spread, seeds=len(values), published=published)
