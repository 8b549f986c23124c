"""A run's folder, and numbers and pictures for its loggers at the step at which they were measured."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from lightning.pytorch import Trainer
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger, WandbLogger

from zoo.callbacks.summaries import shown
from zoo.verdict.history import History
from zoo.verdict.measured import history_of


def folder_of(trainer: Trainer) -> Path | None:
    """The folder of a run, where the callbacks write; None in all processes but the first, and in a dry run.

    All processes must ask, for it is broadcast.
    """
    folder = Path(trainer.log_dir or trainer.default_root_dir)
    writes = trainer.is_global_zero and not trainer.fast_dev_run  # type: ignore[attr-defined]
    return folder if writes else None


def save_rows(trainer: Trainer) -> None:
    """Has all rows in metrics.csv, of which Lightning keeps some back."""
    for logger in trainer.loggers:
        if isinstance(logger, CSVLogger):
            logger.save()


def history_so_far(trainer: Trainer, folder: Path) -> History:
    """When what happened in a run that ends, for its pictures."""
    save_rows(trainer)
    return history_of(folder)


def log_values(trainer: Trainer, values: Mapping[str, float], step: int, detail: str = "gate") -> None:
    """Sends numbers to all loggers at once, where `LightningModule.log` would wait, and keep but the last.

    They have a row of their own in metrics.csv. What is not finite is left out, for a gap is what all tools
    can show.

    Args:
        trainer: Whose loggers.
        values: By key.
        step: Optimiser steps taken before they were measured.
        detail: How much of it goes to loggers with a panel for each key; one of `summaries.DETAILS`.
    """
    finite = {key: value for key, value in values.items() if math.isfinite(value)}
    if not finite:
        return
    for logger in trainer.loggers:
        if isinstance(logger, CSVLogger):
            logger.log_metrics({**finite}, step)
            logger.save()
        elif isinstance(logger, TensorBoardLogger):
            _log_to_tensorboard(logger, shown(finite, detail), step)
        else:
            logger.log_metrics(shown(finite, detail), step)
            logger.save()


def log_image(trainer: Trainer, key: str, picture: Path, step: int) -> None:
    """Sends a picture to the loggers that can show it."""
    for logger in trainer.loggers:
        if isinstance(logger, WandbLogger):
            # wandb takes a second to import, and is here only for those who log to it.
            import wandb

            image = wandb.Image(str(picture))
            logger.experiment.log({key: image, "trainer/global_step": step})
        elif isinstance(logger, TensorBoardLogger):
            # matplotlib is slow to import; by now the picture has been drawn with it.
            from matplotlib.image import imread

            pixels = (imread(picture)[..., :3] * 255).round().astype(np.uint8)
            logger.experiment.add_image(key, pixels, step, dataformats="HWC")


def _log_to_tensorboard(logger: TensorBoardLogger, values: Mapping[str, float], step: int) -> None:
    # TensorBoard takes half a second to import, and is here only for those who log to it.
    from tensorboard.compat.proto.summary_pb2 import Summary  # type: ignore[import-untyped]

    entries = [Summary.Value(tag=key, simple_value=value) for key, value in values.items()]
    # One event for all: the writer's queue holds ten, and makes training wait when it is full.
    logger.experiment.file_writer.add_summary(Summary(value=entries), step)
