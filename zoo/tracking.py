"""Weights & Biases as one line of a recipe, which can neither stop nor hang a run."""

import contextlib
import functools
import os
import shlex
import subprocess
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Thread, Timer
from typing import Any, final

from lightning.fabric.loggers.logger import rank_zero_experiment
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import WandbLogger as LightningWandbLogger
from lightning_utilities.core.rank_zero import rank_zero_only

from zoo.private.lightning_names import wandb_service

INTERNAL = ("_class_path", "_instantiator")
"""Hyper-parameters by which Lightning remembers how it built a module."""
GRACE = 5.0
"""Seconds that W&B's own process has to end, before it is ended."""
SILENT = "its server does not answer"


@final
class WandbLogger(LightningWandbLogger):
    """Logs to Weights & Biases: configuration, metrics, histograms, and the best checkpoint as an artifact.

    Without a key or a network it goes on offline and says how to send the run later; where W&B itself
    breaks down in mid-run, the run goes on without it.

    Args:
        project: The project; by default WANDB_PROJECT or recurrent-zoo.
        name: The run's name; by default W&B makes one up.
        entity: The user or team; by default that of the key.
        tags: Tags of the run.
        group: The group of runs that it belongs to.
        notes: A longer description.
        offline: Whether to keep the run on this machine from the start.
        log_model: Whether the best checkpoint is logged as an artifact.
        save_dir: Folder of W&B's files; by default the run's folder.
        init_timeout: Seconds that the server may take to answer at the start.
        finish_timeout: Seconds that sending the rest, the checkpoint among it, may take at the end.
    """

    def __init__(  # noqa: PLR0913 - options of a recipe
        self,
        project: str | None = None,
        name: str | None = None,
        entity: str | None = None,
        tags: Sequence[str] = (),
        group: str | None = None,
        notes: str | None = None,
        offline: bool = False,
        log_model: bool = True,
        save_dir: str | None = None,
        init_timeout: float = 10.0,
        finish_timeout: float = 15.0,
    ) -> None:
        super().__init__(
            name=name,
            save_dir=save_dir or ".",
            project=project or os.environ.get("WANDB_PROJECT", "recurrent-zoo"),
            entity=entity,
            tags=list(tags),
            group=group,
            notes=notes,
            settings=_settings(init_timeout, finish_timeout),
        )
        del self._wandb_init["anonymous"]  # without effect, but W&B warns where it is so much as named
        self._has_folder = save_dir is not None
        self._keeps_model = log_model
        self._best: ModelCheckpoint | None = None
        self._folder: Path | None = None
        self._service: subprocess.Popen[bytes] | None = None
        self._patience = finish_timeout
        self._is_late = False
        self.is_lost = False
        if offline:
            self._wandb_init["mode"] = "offline"

    def keep_in(self, folder: Path) -> None:
        """Puts W&B's files into a folder, unless another was asked for."""
        if not self._has_folder:
            self._save_dir = self._wandb_init["dir"] = str(folder)

    @property
    @rank_zero_experiment
    def experiment(self) -> Any:
        """The W&B run, begun at first use. What fails in it ends the tracking, not the training."""
        if self._experiment is None:
            self._begin()
        return _Guarded(self._experiment, self)

    @rank_zero_only
    def log_hyperparams(self, params: dict[str, Any] | Namespace) -> None:
        """Stores the configuration, without what Lightning adds to it for itself."""
        plain = vars(params) if isinstance(params, Namespace) else params
        self.experiment.config.update(
            {key: value for key, value in plain.items() if key not in INTERNAL}, allow_val_change=True
        )

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Logs numbers, against `trainer/global_step`."""
        at = {} if step is None else {"trainer/global_step": step}
        self.experiment.log({**metrics, **at})

    def after_save_checkpoint(self, checkpoint_callback: ModelCheckpoint) -> None:
        if self._best is None or checkpoint_callback.monitor is not None:
            self._best = checkpoint_callback

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Logs the best checkpoint of a fit that ended well."""
        if status != "success" or not self._keeps_model or self._best is None or self._experiment is None:
            return
        path, self._best = self._best.best_model_path, None
        if not path or not Path(path).is_file():
            return
        import wandb  # as above

        artifact = wandb.Artifact(f"model-{self.version}", type="model", metadata={"file": Path(path).name})
        artifact.add_file(path, name="model.ckpt")
        self._send(artifact)

    def _send(self, artifact: Any) -> None:
        """Logs an artifact, for which W&B asks its server, and waits for no answer longer than it may."""
        run: Any = self._experiment
        refused: list[str] = []
        began = time.monotonic()

        def send() -> None:
            try:
                run.log_artifact(artifact, aliases=["latest", "best"])
            except Exception as error:  # as in `_Guarded`
                refused.append(_reason(error))

        sending = Thread(target=send, daemon=True)
        if not self.is_lost:
            sending.start()
            sending.join(self._patience)
        self._patience = max(0.0, self._patience - (time.monotonic() - began))
        if sending.is_alive() or refused:
            reason = next(iter(refused), SILENT)
            print(f"W&B       has not taken the best checkpoint: {reason}", flush=True)

    @rank_zero_only
    def finish(self) -> None:
        """Ends the run, within `finish_timeout`, and says how to send it where it was kept offline."""
        if self._experiment is None:
            return
        if not self.is_lost:
            with self._for_at_most(self._patience + GRACE):
                _Guarded(self._experiment, self).finish()
        if self.is_lost or self._wandb_init.get("mode") == "offline" or self._experiment.offline:
            print(f"W&B       kept on this machine; send it with: {self._sync()}", flush=True)

    def _sync(self) -> str:
        return shlex.join(["wandb", "sync", str(self._folder)])

    @contextlib.contextmanager
    def _for_at_most(self, seconds: float) -> Iterator[None]:
        """Ends W&B's own process when it takes longer; whoever waits for it then gets an error."""
        timer = Timer(seconds, self._end_service)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _end_service(self) -> None:
        self._is_late = True
        self._kill_service()

    def _kill_service(self) -> None:
        if self._service is not None:
            self._service.kill()
            self._service.wait()  # else Python warns of a process that still runs

    def _begin(self) -> None:
        """Begins the run: online if that works, else offline."""
        import wandb  # as above

        try:
            self._experiment = wandb.init(**self._wandb_init)
        except Exception as error:  # as in `_Guarded`
            if self._wandb_init.get("mode") == "offline":
                raise
            print(f"W&B       not online: {_reason(error)}; this run is kept offline", flush=True)
            self._wandb_init["mode"] = "offline"
            self._experiment = wandb.init(**self._wandb_init)
        self._folder = Path(self._experiment.dir).parent
        self._service = wandb_service()
        self._experiment.define_metric("trainer/global_step")
        self._experiment.define_metric("*", step_metric="trainer/global_step", step_sync=True)

    def lose(self, error: Exception) -> None:
        """Goes on without W&B."""
        if self.is_lost:
            return
        self.is_lost = True
        reason = SILENT if self._is_late else _reason(error)
        print(f"W&B       has broken down ({reason}); the run goes on", flush=True)
        import wandb  # as above

        with contextlib.suppress(Exception), self._for_at_most(GRACE):
            wandb.teardown()  # now, for at the end of the process it would print a traceback
        self._kill_service()


def _reason(error: Exception) -> str:
    """What went wrong, in a line."""
    return str(error).partition("\n")[0].rstrip(".") or type(error).__name__


def _settings(init_timeout: float, finish_timeout: float) -> Any:
    """W&B's settings: quiet, asking for nothing, giving up in time."""
    # W&B reports its own errors to its server, and while that is silent does not let the process end.
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    import wandb  # takes a second, which only who asks for it waits for

    for key, seconds in (("init_timeout", init_timeout), ("finish_timeout", finish_timeout)):
        if not 0 < seconds < float("inf"):
            raise ValueError(f"{key} is {seconds!r}; expected a positive number of seconds")
    return wandb.Settings(
        init_timeout=init_timeout,
        finish_timeout=finish_timeout,
        finish_timeout_raises=True,
        silent=True,
        console="off",
    )


class _Guarded:
    """A W&B object whose methods never raise what is W&B's own trouble, and do nothing after it."""

    def __init__(self, inner: Any, logger: WandbLogger) -> None:
        self._inner, self._logger = inner, logger

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if name in ("config", "summary"):
            return _Guarded(value, self._logger)
        return self._guard(value) if callable(value) else value

    def _guard(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if self._logger.is_lost:
                return None
            try:
                return method(*args, **kwargs)
            except Exception as error:  # answers it does not expect and a service that died raise anything
                self._logger.lose(error)
                return None

        return guarded
