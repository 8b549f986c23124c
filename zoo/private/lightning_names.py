"""Private names of Lightning, and of torchmetrics and W&B, which it works with."""

from typing import Any

from lightning.fabric.plugins import ClusterEnvironment
from lightning.fabric.plugins.precision.amp import _optimizer_handles_unscaling
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.loops.fit_loop import _FitLoop
from lightning.pytorch.loops.progress import _ProcessedTracker
from lightning.pytorch.utilities.combined_loader import CombinedLoader
from torch.optim import Optimizer
from torchmetrics import Metric


def unscales_itself(optimizer: Optimizer) -> bool:
    """Whether an optimiser divides its gradients by the loss scale inside its step, as fused ones do."""
    return _optimizer_handles_unscaling(optimizer)


def is_compiled(module: LightningModule) -> bool:
    """Whether a module is compiled as a whole; Lightning has no public way to ask."""
    return module._compiler_ctx is not None


def cluster_of(trainer: Trainer) -> ClusterEnvironment | None:
    """Who starts the processes of a run; only some strategies show it as `cluster_environment`."""
    return trainer._accelerator_connector.cluster_environment


def logs_this_step(trainer: Trainer) -> bool:
    """Whether Lightning writes its logs in this step; `log_every_n_steps` does not say which ones count."""
    return trainer._logger_connector.should_update_logs


def training_loaders(trainer: Trainer) -> CombinedLoader | None:
    """What a fit reads from, with positions; `Trainer.train_dataloader` gives only the loaders in it."""
    return trainer.fit_loop._combined_loader


def validates_now(trainer: Trainer) -> bool:
    """Whether validation follows the batch that has just been trained on; not public."""
    fetcher = trainer.fit_loop._data_fetcher
    assert fetcher is not None
    return trainer.fit_loop.epoch_loop._should_check_val_fx(fetcher)


def accumulates(trainer: Trainer) -> bool:
    """Whether the batch that has just been trained on has left gradients for a later step; not public."""
    return trainer.fit_loop._should_accumulate()


def epoch_ends(trainer: Trainer) -> bool:
    """Whether the epoch ends with the batch that has just been trained on; not public."""
    return trainer.fit_loop.epoch_loop._num_ready_batches_reached()


def batches_processed(loop: _FitLoop) -> int:
    """The batches of this epoch that were trained on; the tracker that counts them is not public."""
    current = loop.epoch_loop.batch_progress.current
    assert isinstance(current, _ProcessedTracker)
    return current.processed


def mark_validated(loop: _FitLoop) -> None:
    """Has Lightning take the validation that belongs to the last batch for done; not public."""
    loop.epoch_loop.val_loop._has_run = True


def forget_restart(loop: Any) -> None:
    """Has one of Lightning's loops begin as if it had not been restored; `restarting` can only be read.

    Args:
        loop: The loop of fits, of epochs or of validations.
    """
    loop._restarting = False


def count_update(metric: Metric) -> None:
    """Counts an update of a metric; `merge_state` leaves that out, and computing would warn of no update."""
    metric._update_count += 1


def wandb_service() -> Any | None:
    """The process that sends what W&B is told; None where there is none, or it is another process's."""
    import wandb  # takes a second, and most runs do without

    started = wandb.setup().ensure_service()._proc
    return None if started is None else started._process
