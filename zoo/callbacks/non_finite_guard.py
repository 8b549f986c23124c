"""Keeps NaN and infinity out of weights, optimisers and checkpoints."""

import logging
import math
from typing import Any, Literal, NoReturn, final, get_args

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor
from torch.optim import Optimizer

from zoo.callbacks import CALLBACKS
from zoo.callbacks.gradients import refuse_shards
from zoo.callbacks.loggers import folder_of, log_values
from zoo.callbacks.nonfinite.calls import Calls
from zoo.callbacks.nonfinite.finite import nonfinite
from zoo.callbacks.nonfinite.locate_nonfinite import locate_nonfinite, say_weights
from zoo.callbacks.nonfinite.remedies import rates, say_remedies
from zoo.callbacks.nonfinite.rollback import (
    Checkpoint,
    capture,
    copied,
    keep_buffers,
    newest_finite,
    restore,
    update_kept,
    written,
)
from zoo.callbacks.nonfinite.skip_update import leave_out, norm_and_loss
from zoo.callbacks.nonfinite.watch import CarriesState, NonFiniteError, Watch
from zoo.callbacks.turns import Turn, take_turns
from zoo.diagnostics.quantities import Quantity
from zoo.runs.events import EVENTS, Event, append_event

logger = logging.getLogger(__name__)
Action = Literal["stop", "skip", "rollback"]

LARGE = 1e15
"""Norm of a gradient from which the update may overflow; after it the weights are looked at."""


@final
@CALLBACKS.register("non_finite_guard")
class NonFiniteGuard(Callback):
    r"""Finds NaN or infinity in loss and gradients before they reach the weights, says where, and acts.

    What is found is told in a sentence with step, layer and parameter, and written to `events.jsonl` in the
    run's folder. Neither weights nor optimiser are updated, so they stay finite. Then, by `action`:

    - "stop": the fit ends with `NonFiniteError`, the command line with exit code 1.
    - "skip": training goes on with the next batch. Logs `guard/skipped`, the number of updates left out.
    - "rollback": weights, optimisers, schedulers and gradient scaler go back to the newest finite checkpoint
      that this fit has written, or to the state it began with while there is none; all learning rates become
      smaller; training goes on with the next batch. Batches, epochs and `global_step` are not rewound, so
      the data are not seen again. Where a step right after a rollback is bad, the next one goes back further.
      Logs `guard/rollbacks`.

    Works alike under automatic and manual optimisation, accumulation and mixed precision. Under 16-bit
    precision a gradient that is not finite is the gradient scaler's business, which skips the update and
    lowers its scale, until that has come down to 1; the loss is looked at from the start. It acts after
    `GradientHistogram`, which shows what was wrong, and before `GradientClipping`. Weights that a huge but
    finite gradient has made infinite are found at the end of that step or of the epoch, and always before a
    checkpoint is written, which is refused.

    Why such gradients arise: Pascanu et al., 2013, https://arxiv.org/abs/1211.5063.

    Args:
        action: What follows.
        max_rollbacks: After so many the fit ends as with "stop".
        learning_rate_factor: What each rollback multiplies all learning rates by.
        max_skips_in_a_row: After so many the fit ends as with "stop", for no batch helps any more.

    Raises:
        ValueError: an argument is out of its range; or gradients are split over processes.
        NonFiniteError: out of the fit, as said above.
    """

    turn = Turn.GUARD

    def __init__(
        self,
        action: Action = "stop",
        max_rollbacks: int = 3,
        learning_rate_factor: float = 0.5,
        max_skips_in_a_row: int = 100,
    ) -> None:
        if action not in get_args(Action):
            raise ValueError(f"action is {action!r}; expected one of {', '.join(get_args(Action))}")
        for name, value in (("max_rollbacks", max_rollbacks), ("max_skips_in_a_row", max_skips_in_a_row)):
            if value < 1:
                raise ValueError(f"{name} is {value}; expected at least 1")
        if not 0 < learning_rate_factor <= 1:
            raise ValueError(
                f"learning_rate_factor is {learning_rate_factor}; expected a number above 0, at most 1"
            )
        self.action, self.max_rollbacks = action, max_rollbacks
        self.learning_rate_factor, self.max_skips_in_a_row = learning_rate_factor, max_skips_in_a_row
        self.skipped = self.rollbacks = 0
        self._watch: Watch | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leaves the fit in progress out of copies, whose hooks are the original's."""
        return self.__dict__ | {"_watch": None}

    def state_dict(self) -> dict[str, Any]:
        return {"skipped": self.skipped, "rollbacks": self.rollbacks}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.skipped, self.rollbacks = state_dict["skipped"], state_dict["rollbacks"]

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Takes its turn: behind the histograms and ahead of all other callbacks."""
        if stage != "fit":
            return
        refuse_shards("NonFiniteGuard", trainer)
        take_turns(trainer)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begins to watch, and keeps what a rollback may need."""
        trained = {name for name, parameter in pl_module.named_parameters() if parameter.requires_grad}
        rolls = self.action == "rollback"
        self._watch = Watch(
            folder=folder_of(trainer),
            calls=Calls(pl_module),
            ignored=frozenset(nonfinite({"state_dict": pl_module.state_dict()})) - trained,
            start=copied(capture(trainer)) | self._stamp() if rolls else None,
            passed_over=written(trainer) if rolls else set(),
            buffers=keep_buffers(pl_module),
        )

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Holds the batch, which may be to blame."""
        if self._watch is not None:
            self._watch.batch = batch
            if not pl_module.automatic_optimization:
                self._watch.losses.let_go()

    def on_before_backward(self, trainer: Trainer, pl_module: LightningModule, loss: Tensor) -> None:
        """Takes in the loss, without waiting for the device."""
        if self._watch is not None:
            self._watch.losses.add(loss, self._watch.batch)

    def on_before_optimizer_step(
        self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer
    ) -> None:
        """Leaves out the update if loss or gradients are not finite."""
        watch = self._watch
        if watch is None:
            return
        if watch.pending:
            # Under manual optimisation the same batch may go on for a while.
            leave_out(trainer, [optimizer])
            return
        watch.step = trainer.global_step
        norm, loss = norm_and_loss(trainer, optimizer, watch.losses.total)
        # One sum for both: where one of them is not finite, it is not finite either.
        text = (
            "" if math.isfinite(norm + loss) else locate_nonfinite(watch, trainer, pl_module, optimizer, loss)
        )
        watch.losses.clear()
        # Not before: to say where it began, the calls are run again.
        watch.calls.clear()
        if not text:
            watch.large = watch.large or norm > LARGE
            watch.skips_in_a_row, watch.source = 0, None
            update_kept(watch.buffers)
            return
        # A stop or a rollback is for all optimisers; only a skip lets the others go on.
        leave_out(trainer, [optimizer] if self.action == "skip" else trainer.optimizers)
        if isinstance(pl_module, CarriesState):
            # What the bad batch would hand to the next one is as bad.
            pl_module.forget()
        self._act(trainer, text)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Rolls back, if that is to be; looks at the weights, if they may have overflowed."""
        watch = self._watch
        if watch is None:
            return
        watch.batch = None
        # Not at every step: to look at all weights makes the host wait.
        if (watch.large or trainer.is_last_batch) and not watch.pending:
            text = say_weights(watch.overflowed(capture(trainer)))
            if text:
                self._act(trainer, text)
        watch.large = False
        if watch.pending:
            self._roll_back(trainer, pl_module)

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Refuses a checkpoint that nobody could go on from."""
        if self._watch is not None:
            text = say_weights(self._watch.overflowed(checkpoint))
            if text:
                self._stop(trainer, text)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._end()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._end()

    def _end(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.calls.close()

    def _stamp(self) -> Checkpoint:
        """What a checkpoint says of this callback."""
        return {"callbacks": {self.state_key: self.state_dict()}}

    def _act(self, trainer: Trainer, text: str) -> None:
        """Does what is to be done about an update that was left out, or weights that have overflowed."""
        watch = self._watch
        assert watch is not None
        if self.action == "rollback" and self.rollbacks < self.max_rollbacks:
            watch.pending = text
            return
        overflowed = bool(watch.overflowed(capture(trainer)))
        # To skip more batches does not help weights that are broken.
        if self.action != "skip" or overflowed or watch.skips_in_a_row == self.max_skips_in_a_row:
            self._stop(trainer, text)
        watch.skips_in_a_row += 1
        self.skipped += 1
        self._tell(trainer, "skip", text, f"this update was left out, {self.skipped} so far")
        log_values(trainer, {Quantity.SKIPPED.at(): float(self.skipped)}, watch.step)

    def _roll_back(self, trainer: Trainer, pl_module: LightningModule) -> None:
        watch = self._watch
        assert watch is not None
        assert watch.start is not None
        if watch.source is not None:
            # No update was good since we went back to it.
            watch.passed_over.add(watch.source)
        found = newest_finite(trainer, watch.passed_over, watch.ignored)
        checkpoint = copied(watch.start) if found is None else found[1]
        earlier = checkpoint["callbacks"].get(self.state_key, {}).get("rollbacks", 0)
        self.rollbacks += 1
        # A checkpoint does not know of the rollbacks since it was written.
        factor = self.learning_rate_factor ** (self.rollbacks - earlier)
        restore(trainer, pl_module, checkpoint, factor)
        update_kept(watch.buffers)
        for optimizer in trainer.optimizers:
            # Under accumulation the next batch would add to gradients of weights that are gone.
            optimizer.zero_grad()
        watch.source = None if found is None else found[0]
        text, watch.pending = watch.pending, ""
        watch.losses.clear()
        place = "the state that the fit began with" if found is None else str(found[0][0])
        done = f"went back to {place}, learning rate {rates(trainer)}"
        self._tell(trainer, "rollback", text, f"{done}, rollback {self.rollbacks} of {self.max_rollbacks}")
        log_values(trainer, {Quantity.ROLLBACKS.at(): float(self.rollbacks)}, watch.step)

    def _stop(self, trainer: Trainer, text: str) -> NoReturn:
        """Ends the fit."""
        watch = self._watch
        assert watch is not None
        done = {"skip": self.skipped, "rollback": self.rollbacks}.get(self.action, 0)
        after = f" after {done} {self.action}{'s' if done > 1 else ''}" if done else ""
        advice = f"stopped{after}; {say_remedies(trainer)}"
        self._tell(trainer, "stop", text, advice)
        raise NonFiniteError(f"step {watch.step}: {text}; {advice}")

    def _tell(self, trainer: Trainer, kind: str, text: str, done: str) -> None:
        """Writes what was found and what was done; says it too, unless an error is about to."""
        if self._watch is None or not trainer.is_global_zero:
            return
        step, epoch = self._watch.step, trainer.current_epoch + 1
        if kind != "stop":
            logger.warning("step %d: %s; %s", step, text, done)
        if self._watch.folder is not None:
            for each, words in (("nonfinite", text), (kind, done)):
                event = Event(step=step, epoch=epoch, kind=each, text=f"step {step}: {words}")
                append_event(self._watch.folder / EVENTS, event)
