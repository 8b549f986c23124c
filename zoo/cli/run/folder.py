"""The folder of a run: each has its own, with its recipe and what it ran on."""

import errno
import json
import os
import platform
import re
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, final

import lightning
import torch
import yaml
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning_utilities.core.rank_zero import rank_zero_only

from zoo import __version__
from zoo.cli.errors import UserError
from zoo.cli.recipes.allowlist import modules_let_in
from zoo.cli.run.output import describe
from zoo.runs.atomic_file import sweep
from zoo.tracking import WandbLogger

FOLDER_VARIABLE = "ZOO_RUN_FOLDER"
"""Tells the processes that Lightning starts for further devices which folder the first one made."""


FOLD = re.compile(r"fold_\d+$")
"""The folder of a fold, in that of a cross-validation."""


def runs_of(files: Sequence[Path], root: str | None) -> Path:
    """The folder of a recipe's runs, named after it, or after the run that it was kept in.

    Args:
        files: The recipes, of which the last one counts.
        root: Where runs are kept; by default where the user stands.
    """
    runs = Path(root or ".") / "runs"
    if not files:
        return runs / "run"
    path = files[-1]
    if path.name != "config.yaml" or not path.parent.name.startswith("version_"):
        return runs / (path.stem.lstrip(".") or "run")
    home = path.resolve().parent.parent
    return runs.joinpath(*home.parts[-3:]) if FOLD.match(home.name) else runs / home.name


def new_folder(runs: Path, kind: str = "version") -> Path:
    """Makes and returns `runs/<kind>_<k>`, with the first k that is free.

    What killed runs have left half-written there is swept away. Of several processes only the first makes a
    folder. Others return that, or any name if a launcher has started them, which does not tell; Lightning
    tells them before anything is written.

    Args:
        runs: The folder of all runs of a recipe, `runs/NAME`.
        kind: What its name begins with.

    Raises:
        UserError: it cannot be made.
    """
    if rank_zero_only.rank:  # type: ignore[attr-defined]  # an attribute of the function
        return Path(os.environ.get(FOLDER_VARIABLE, runs / f"{kind}_0"))
    try:
        runs.mkdir(parents=True, exist_ok=True)
        folder = _made(runs, kind)
    except OSError as error:
        raise UserError(
            f"no folder for the run can be made in {runs}: {error.strerror}; expected a place that can be "
            f"written to, such as with --trainer.default_root_dir FOLDER"
        ) from error
    for other in runs.glob("version_*/checkpoints"):
        sweep(other)
    os.environ[FOLDER_VARIABLE] = str(folder)
    return folder


def _made(runs: Path, kind: str) -> Path:
    for number in count():
        folder = runs / f"{kind}_{number}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise AssertionError


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
        self._before, self._began = 0.0, time.monotonic()

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
        self._began = time.monotonic()
        if trainer.is_global_zero:
            self._keep_environment({"model": describe(pl_module), **environment(trainer)})

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Adds how long training and validation took, in all runs of which this one is the last."""
        if trainer.is_global_zero:
            told = {"model": describe(pl_module), **environment(trainer)}
            self._keep_environment({**told, "seconds": round(self._seconds(), 3)})

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Takes over how long the runs before this one took."""
        self._before = float(checkpoint.get("zoo", {}).get("seconds", 0.0))

    def _seconds(self) -> float:
        return self._before + time.monotonic() - self._began

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
        checkpoint["zoo"] = {**made_by, "recipe": recipe, "seconds": self._seconds()}


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
