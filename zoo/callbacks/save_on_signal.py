"""What a fit does when it is told to end or to save: it finishes its step, then saves."""

import contextlib
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any, final

from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.pytorch import Callback, LightningModule, Trainer

from zoo.callbacks.say import say
from zoo.callbacks.turns import Turn, take_turns
from zoo.private.lightning_names import accumulates, cluster_of, epoch_ends, validates_now

ENDING, SAVING = ("SIGINT", "SIGTERM", "SIGHUP"), "SIGUSR1"
"""What ends a run, and what makes it save and go on."""


@final
class StoppedBySignalError(SystemExit):
    """A signal has ended the run, and all that was trained is saved.

    Args:
        received: The signal.
    """

    def __init__(self, received: signal.Signals) -> None:
        # As shells report a process that a signal has ended.
        super().__init__(128 + received)


@final
class SaveOnSignal(Callback):
    """Saves at the first moment from which training can go on exactly, then ends the fit.

    SIGINT (Ctrl-C), SIGTERM and SIGHUP end it, with exit code 130, 143 or 129; after SIGUSR1 it goes on.
    A second Ctrl-C ends it at once, with nothing saved. Lightning's own handling stays for several processes:
    they would have to agree on the moment.

    Args:
        folder: The run's folder; None saves nothing.
    """

    turn = Turn.SAVE

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.received: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Takes its turn, behind all other callbacks, whose states belong to the checkpoint."""
        take_turns(trainer)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listens from now on; what the user has told the process to ignore stays ignored."""
        cluster = cluster_of(trainer)
        requeues = isinstance(cluster, SLURMEnvironment) and cluster.auto_requeue
        # Python lets no other thread set handlers, and by Lightning's own SLURM requeues the job.
        if threading.current_thread() is not threading.main_thread() or trainer.world_size > 1 or requeues:
            return
        for name in (*ENDING, SAVING):
            number = signal.Signals.__members__.get(name)  # Windows has not all of them
            # What is ignored stays so, as SIGHUP under nohup.
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._receive)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Acts between two steps, but where validation follows when that begins."""
        follows = validates_now(trainer) or epoch_ends(trainer)
        # Gradients that wait for their step are in no checkpoint.
        if not follows and not accumulates(trainer):
            self._act(trainer)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._act(trainer)

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Acts within validation, too, which a resumed run begins once more."""
        self._act(trainer)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ends what would follow the fit; its last checkpoint is written."""
        received = self.received
        self._listen_no_more()
        if received is not None and received.name != SAVING:
            raise StoppedBySignalError(received)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._listen_no_more()

    def _receive(self, number: int, frame: FrameType | None) -> None:
        """Notes the signal; a second Ctrl-C is obeyed at once."""
        if number == signal.SIGINT and self.received == signal.SIGINT:
            signal.default_int_handler(number, frame)
        self.received = signal.Signals(number)

    def _act(self, trainer: Trainer) -> None:
        received = self.received
        if received is None or trainer.sanity_checking or trainer.state.fn != "fit":
            return
        self._save(trainer, received)
        if received.name != SAVING:
            raise StoppedBySignalError(received)
        self.received = None

    def _save(self, trainer: Trainer, received: signal.Signals) -> None:
        if self.folder is None or trainer.fast_dev_run:  # type: ignore[attr-defined]  # set by a connector
            return
        name = f"signal-step{trainer.global_step}" if received.name == SAVING else "interrupted"
        path = self.folder / "checkpoints" / f"{name}.ckpt"
        trainer.save_checkpoint(path)
        with contextlib.suppress(OSError):  # after SIGHUP nobody may be there to read it
            say("saved", f"{path}; go on with --ckpt_path {path}")

    def _listen_no_more(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
