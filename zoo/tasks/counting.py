"""Metrics of a task: counted many batches at once, logged for each epoch, kept in the middle of one."""

from abc import ABC
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import MetricCollection

from zoo.private.lightning_names import count_update
from zoo.processes import gathered
from zoo.tasks.checkpoint import SafelyLoaded
from zoo.tasks.signs import Sign

STAGES = ("train", "val", "test")
COUNTED_AT_ONCE = 64
BY_RANK = "by_rank"
"""Under which name a checkpoint keeps what each of several processes has."""


class Counting(SafelyLoaded, ABC):
    """A module with metrics for each stage, which a run that resumes within an epoch goes on counting."""

    def __init__(self) -> None:
        super().__init__()
        self._uncounted: dict[str, list[tuple[Tensor, Tensor]]] = {stage: [] for stage in STAGES}
        self._restored_metrics: dict[str, Any] | None = None

    def forget(self) -> None:
        """Drops what the last training batch has left behind, for its numbers cannot be used.

        A task that carries more than metrics from batch to batch adds to this.
        """
        if self._uncounted["train"]:
            self._uncounted["train"].pop()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keeps what the metrics of this epoch have seen, for a run that resumes within it."""
        super().on_save_checkpoint(checkpoint)
        if self._trainer is None:
            return
        metrics = self._metrics("train").items(keep_base=True)
        states = {name: metric.metric_state for name, metric in metrics if metric.update_called}
        counted = {name: _moved(state, torch.device("cpu")) for name, state in states.items()}
        uncounted = [[part.cpu() for part in batch] for batch in self._uncounted["train"]]
        checkpoint["train_metrics"] = self._of_ranks({"counted": counted, "uncounted": uncounted})

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        self._restored_metrics = self._of_rank(checkpoint.get("train_metrics")) or None

    @property
    def processes(self) -> int:
        """How many processes train together."""
        return 1 if self._trainer is None else self.trainer.world_size

    def _of_ranks(self, own: Any) -> Any:
        """What a checkpoint keeps of what each process has for itself; all must ask."""
        return own if self.processes == 1 else {BY_RANK: gathered(own, self.processes)}

    def _of_rank(self, kept: Any) -> Any:
        """What this process had; None where there were more processes or fewer."""
        by_rank = kept[BY_RANK] if isinstance(kept, Mapping) and BY_RANK in kept else [kept]
        return by_rank[self.global_rank] if len(by_rank) == self.processes else None

    def on_train_start(self) -> None:
        """Goes on counting where a checkpoint left off."""
        restored, self._restored_metrics = self._restored_metrics, None
        if restored is None:
            return
        for name, metric in self._metrics("train").items(keep_base=True):
            if name in restored["counted"]:
                metric.merge_state(_moved(restored["counted"][name], self.device))
                count_update(metric)
        uncounted = ((part.to(self.device) for part in batch) for batch in restored["uncounted"])
        self._uncounted["train"] = [(predictions, targets) for predictions, targets in uncounted]

    def on_train_epoch_end(self) -> None:
        self._log_metrics("train")

    def on_validation_epoch_end(self) -> None:
        self._log_metrics("val")
        for sign in self._signs():
            self.log_dict({each.at("val"): value for each, value in sign.compute().items()}, sync_dist=True)
            sign.reset()

    def on_test_epoch_end(self) -> None:
        self._log_metrics("test")

    def _count_with(self, metrics: MetricCollection, signs: Mapping[str, Sign]) -> None:
        """Takes metrics, as they are, for each stage, and what else to look for in validation, by name."""
        self.validation_signs = nn.ModuleDict(signs)
        self.stage_metrics = nn.ModuleDict(
            {f"{stage}_metrics": metrics.clone(prefix=f"{stage}/") for stage in STAGES}
        )

    def _metrics(self, stage: str) -> MetricCollection:
        metrics = self.stage_metrics[f"{stage}_metrics"]
        assert isinstance(metrics, MetricCollection)
        return metrics

    def _signs(self) -> Iterator[Sign]:
        for sign in self.validation_signs.values():
            assert isinstance(sign, Sign)
            yield sign

    def _look(self, stage: str, name: str, *values: Any) -> None:
        """Shows a sign of illness what it looks at, in validation."""
        if stage == "val":
            self.validation_signs[name].update(*values)  # type: ignore[operator]  # a Sign

    def _count(self, stage: str, predictions: Tensor, targets: Tensor) -> None:
        """Notes a batch for the metrics; they see many at once, for an update costs as much as a layer."""
        if len(self._uncounted[stage]) == COUNTED_AT_ONCE:
            self._count_all(stage)
        self._uncounted[stage].append((predictions.detach(), targets))

    def _count_all(self, stage: str) -> None:
        if self._uncounted[stage]:
            predictions, targets = zip(*self._uncounted[stage], strict=True)
            self._metrics(stage).update(torch.cat(predictions), torch.cat(targets))
            self._uncounted[stage].clear()

    def _forget_uncounted(self) -> None:
        for uncounted in self._uncounted.values():
            uncounted.clear()

    def _log_metrics(self, stage: str) -> None:
        self._count_all(stage)
        metrics = self._metrics(stage)
        self.log_dict(metrics.compute(), prog_bar=stage == "val", sync_dist=True)
        metrics.reset()


def _moved(state: Mapping[str, Tensor | list[Tensor]], device: torch.device) -> dict[str, Any]:
    """The state of a metric on a device; a list of tensors where the metric keeps every batch."""
    return {
        key: part.to(device) if isinstance(part, Tensor) else [each.to(device) for each in part]
        for key, part in state.items()
    }
