"""What a fit does when it is told to end or to save: it finishes its step, then saves."""

import contextlib
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any, final

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from zoo.callbacks.requeue import Requeue, requeue_of
from zoo.callbacks.say import say
from zoo.callbacks.turns import Turn, take_turns
from zoo.private.lightning_names import accumulates, cluster_of, epoch_ends, validates_now

ENDING, SAVING = ("SIGINT", "SIGTERM", "SIGHUP"), "SIGUSR1"
"""What ends a run, and what makes it save and go on."""
LAST = 128
"""The numbers of signals are below this."""


@final
class StoppedBySignalError(SystemExit):
    """A signal has ended the run, and all that was trained is saved.

    Args:
        received: The signal.
        fails: Whether the exit code says so.
    """

    def __init__(self, received: signal.Signals, fails: bool = True) -> None:
        # As shells report a process that a signal has ended.
        super().__init__(128 + received if fails else 0)


@final
class SaveOnSignal(Callback):
    """Saves at the first moment from which training can go on exactly, then ends the fit.

    SIGINT (Ctrl-C), SIGTERM and SIGHUP end it, with exit code 130, 143 or 129; after SIGUSR1 it goes on.
    A second Ctrl-C ends it at once, with nothing saved. A job of SLURM that is to be requeued ends with the
    signal for that, too, after it was put back into the queue.

    What one of several processes has received, all act upon after the same step or where validation begins.
    Lightning's own handlers, which act in the middle of a step, where processes wait for one another, are
    replaced for as long as a fit lasts.

    Args:
        folder: The run's folder; None saves nothing.
    """

    turn = Turn.SAVE

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.received: signal.Signals | None = None
        self._requeue: Requeue | None = None
        self._before: dict[signal.Signals, Any] = {}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Takes its turn, behind all other callbacks, whose states belong to the checkpoint."""
        take_turns(trainer)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listens from now on; what the user has told the process to ignore stays ignored."""
        self._requeue = requeue_of(trainer)
        # Python lets no other thread set handlers.
        if threading.current_thread() is not threading.main_thread():
            return
        known = [signal.Signals.__members__.get(name) for name in (*ENDING, SAVING)]
        for number in {*known, *([] if self._requeue is None else [self._requeue.signal])}:
            # Windows has not all of them. What is ignored stays so, as SIGHUP under nohup.
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
        """Acts within validation, too, which a resumed run begins once more; several processes do not.

        They need not have equally many batches in it.
        """
        if trainer.world_size == 1:
            self._act(trainer)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ends what would follow the fit; its last checkpoint is written."""
        received = self._agreed(trainer)
        self._listen_no_more()
        if received is not None and received.name in ENDING:
            raise StoppedBySignalError(received, _is_watched(trainer))

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._listen_no_more()

    def _receive(self, number: int, frame: FrameType | None) -> None:
        """Notes the signal; a second Ctrl-C is obeyed at once."""
        if number == signal.SIGINT and self.received == signal.SIGINT:
            signal.default_int_handler(number, frame)
        self.received = signal.Signals(number)

    def _act(self, trainer: Trainer) -> None:
        if trainer.sanity_checking or trainer.state.fn != "fit":
            return
        received = self._agreed(trainer)
        if received is None:
            return
        requeues = self._requeue is not None and received == self._requeue.signal
        goes_on = received.name == SAVING and not requeues
        self._save(trainer, f"signal-step{trainer.global_step}" if goes_on else "interrupted")
        if self._requeue is not None and requeues and trainer.is_global_zero:
            self._requeue.act()
        if not goes_on:
            raise StoppedBySignalError(received, _is_watched(trainer))
        if self.received == received:  # else another one has come in the meantime
            self.received = None

    def _agreed(self, trainer: Trainer) -> signal.Signals | None:
        """What was received: by this process, or by any of several, where what ends a run counts for more."""
        own = self.received  # another one may come at any moment
        if trainer.world_size == 1:
            return own
        place = torch.tensor(0 if own is None else own + LAST * (own.name in ENDING))
        place = place.to(trainer.strategy.root_device)
        torch.distributed.all_reduce(place, torch.distributed.ReduceOp.MAX)
        number = int(place) % LAST
        return signal.Signals(number) if number else None

    def _save(self, trainer: Trainer, name: str) -> None:
        if self.folder is None or trainer.fast_dev_run:  # type: ignore[attr-defined]  # set by a connector
            return
        path = self.folder / "checkpoints" / f"{name}.ckpt"
        trainer.save_checkpoint(path)
        with contextlib.suppress(OSError):  # after SIGHUP nobody may be there to read it
            say("saved", f"{path}; go on with --ckpt_path {path}")

    def _listen_no_more(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}


def _is_watched(trainer: Trainer) -> bool:
    """Whether someone but Lightning reads the exit code of this process.

    Where a process that Lightning has started fails, it kills the first one, which may be about to end.
    """
    cluster = cluster_of(trainer)
    return trainer.is_global_zero or cluster is None or cluster.creates_processes_externally
