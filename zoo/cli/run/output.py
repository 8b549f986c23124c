"""What is kept in the folder of a run, and what is printed about it."""

import errno
import json
import os
import platform
import shlex
import sys
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, final

import lightning
import torch
import yaml
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import CSVLogger, Logger

from zoo import __version__
from zoo.callbacks.say import say
from zoo.cli.recipes.allowlist import modules_let_in
from zoo.cli.recipes.merge import listed
from zoo.cli.run.loggers import EventFile, MetricsFile
from zoo.names import name_stack
from zoo.tasks.base import Task
from zoo.tracking import WandbLogger


def with_local(loggers: Logger | Iterable[Logger] | bool | None, folder: Path) -> list[Logger]:
    """The loggers of a run: the local CSV file first, then TensorBoard, or those that the user asked for.

    Args:
        loggers: What the user asked for; None or true for the usual ones.
        folder: The run's folder.
    """
    where: dict[str, Any] = {
        "save_dir": str(folder.parent.parent),
        "name": folder.parent.name,
        "version": folder.name,
    }
    if loggers is None or isinstance(loggers, bool):
        trains = folder.name.startswith("version_")
        return [MetricsFile(**where), EventFile(**where)] if trains else [MetricsFile(**where)]
    asked = listed(loggers)
    for logger in asked:
        if isinstance(logger, WandbLogger):
            logger.keep_in(folder)
    if any(isinstance(logger, CSVLogger) for logger in asked):
        return asked
    return [MetricsFile(**where), *asked]


@final
class RunRecord(Callback):
    """Keeps recipe and environment in the run's folder, and model and recipe in checkpoints.

    Args:
        folder: The run's folder.
        config: The whole configuration, as plain data.
    """

    def __init__(self, folder: Path, config: Mapping[str, Any]) -> None:
        self.folder, self.config = folder, config
        self.started = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        path = self.folder / "config.yaml"
        if trainer.is_global_zero and not path.exists():
            header = f"# recurrent-zoo {__version__}, torch {torch.__version__}\n"
            text = yaml.safe_dump(dict(self.config), sort_keys=False, allow_unicode=True)
            path.write_text(header + text, encoding="utf-8")
            self._keep_environment(environment(trainer))
            for logger in trainer.loggers:
                if isinstance(logger, WandbLogger):
                    logger.log_hyperparams({"recipe": dict(self.config)})

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.is_global_zero:
            self._keep_environment({"model": describe(pl_module), **environment(trainer)})

    def _keep_environment(self, plain: Mapping[str, Any]) -> None:
        text = json.dumps({**plain, "started": self.started}, indent=1, ensure_ascii=False)
        (self.folder / "environment.json").write_text(text + "\n", encoding="utf-8")

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Adds to the checkpoint.

        Raises:
            FileNotFoundError: the run's folder is gone, and to make it anew would hide that.
        """
        if trainer.is_global_zero and not self.folder.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.folder))
        recipe = {key: self.config.get(key) for key in ("seed_everything", "data", "trainer")}
        made_by = {"version": __version__, "model": type(pl_module).__name__, "modules": modules_let_in()}
        checkpoint["zoo"] = {**made_by, "recipe": recipe}


@final
class Report(Callback):
    """Says what is trained and where; without a terminal, also a line for each epoch.

    Args:
        folder: The run's folder, or None where the run keeps nothing.
        lines: Whether each epoch gets a line, as there is no progress bar.
    """

    def __init__(self, folder: Path | None, lines: bool) -> None:
        self.folder, self.lines = folder, lines
        self.validated = False
        self.began = 0.0

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.began = time.monotonic()
        say("model", describe(pl_module))
        if self.folder is not None:
            say("run", str(self.folder))

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.validated = not trainer.sanity_checking

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not self.lines:
            return
        stages = ("train/loss", "val/") if self.validated else ("train/loss",)
        metrics = {name: value for name, value in trainer.callback_metrics.items() if name.startswith(stages)}
        of = f"/{trainer.max_epochs}" if (trainer.max_epochs or -1) > 0 else ""
        seconds = time.monotonic() - self.began
        say("epoch", f"{trainer.current_epoch + 1}{of}  {numbers(metrics)}  {seconds:.0f} s")
        self.validated = False


def environment(trainer: Trainer) -> dict[str, Any]:
    """What a run runs on: versions, machine and command line, with `~` for the user's folder."""
    device = trainer.strategy.root_device
    cuda = device.type == "cuda"
    return {
        "zoo": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "lightning": lightning.__version__,
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name(device) if cuda else device.type,
        "devices": trainer.world_size,
        "command": shlex.join(["zoo", *sys.argv[1:]]).replace(str(Path.home()), "~"),
    }


def describe(module: LightningModule) -> str:
    """A model in a line: what it is and how large."""
    size = f"{sum(parameter.numel() for parameter in module.parameters()):,} parameters"
    if isinstance(module, Task):
        return f"{type(module).__name__} {name_stack(module.network.encoder)}, {size}"
    return f"{type(module).__name__}, {size}"


def numbers(metrics: Mapping[str, Any]) -> str:
    """Metrics in a line."""
    return "  ".join(f"{name} {float(value):.4g}" for name, value in metrics.items())


def on_terminal() -> bool:
    """Whether a person is watching, rather than a file."""
    return sys.stdout.isatty()
