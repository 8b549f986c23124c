"""Connectionist temporal classification: labels of a sequence whose places in it are not known."""

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import MeanMetric, MetricCollection
from torchmetrics.functional.text import word_error_rate

from zoo.model import ModelSpec
from zoo.registry import check_positive
from zoo.tasks import TASKS
from zoo.tasks.answers import Predicted, Record, Written
from zoo.tasks.base import Task
from zoo.tasks.contract import IGNORED, Batch, Entry, lengths_of
from zoo.tasks.ctc_search import BLANK, decoded, padded
from zoo.tasks.item_weights import mean_of_items
from zoo.tasks.optimisation import OptimizerSpec, ScheduleSpec
from zoo.tasks.signs import AnswerSigns, Sign


@final
@TASKS.register("ctc")
class CTC(Task):
    """Writes fewer labels than there are steps, in their order: speech, handwriting, runs of symbols.

    Batches: x (B, T, I) or tokens (B, T); y (B, U), labels from 1 on, -100 beyond the end of each; optional
    lengths (B,). Class 0 of the network is the blank. Logs torch's CTC loss, the negative log-likelihood of a
    sequence in nats over the number of its labels; of validation and test sets also the label error rate,
    edits over labels. The encoder may read both ways.
    Reference: Graves et al., 2006, https://doi.org/10.1145/1143844.1143891.

    Args:
        network: The network; sizes that it leaves open come from the data.
        optimizer: The optimiser.
        schedule: The learning-rate schedule; None keeps the rate.
        beam: Hypotheses that the search for labels keeps after each step; 1 takes the best path.
    """

    output = "num_classes"
    weighs_items = True

    def __init__(
        self,
        network: ModelSpec | Mapping[str, Any],
        optimizer: OptimizerSpec | Mapping[str, Any] = OptimizerSpec(),  # noqa: B008 (it is frozen)
        schedule: ScheduleSpec | Mapping[str, Any] | None = None,
        beam: int = 1,
    ) -> None:
        check_positive("beam", beam)
        self.beam = beam
        super().__init__(network, optimizer, schedule)

    def _check(self) -> None:
        if self.network.pooling != "none":
            raise ValueError(
                f"CTC needs the classes of every step; got pooling {self.network.pooling!r}, expected 'none'"
            )

    def entries(self) -> dict[str, Entry]:
        """What a batch holds: the labels of each sequence, without their places."""
        y = Entry(axes=("B", "U"), kind="integers", below=self.network.output_size, is_target=True)
        return super().entries() | {"y": y}

    def metrics(self, output_size: int) -> MetricCollection:
        return MetricCollection({"label_error_rate": MeanMetric()})

    def signs(self, output_size: int) -> dict[str, Sign]:
        return {"answers": AnswerSigns()}

    def _predict(self, batch: Batch) -> Predicted:
        """The most probable labels (B, U), -100 beyond their lengths (B,), and their scores (B,)."""
        log_p = self.predictions(batch).log_softmax(-1)
        found = decoded(log_p, lengths_of(batch), self.beam)
        labels, lengths = padded([each for each, _ in found])
        return {"labels": labels, "lengths": lengths, "scores": torch.tensor([score for _, score in found])}

    def records(self, predicted: Any, batch: Batch, legend: Mapping[str, Any]) -> list[Record]:
        """The labels of each sequence, and their score: log-probability in nats."""
        names = legend.get("labels")
        records = list[Record]()
        for row, length, score in zip(
            *(predicted[name].tolist() for name in ("labels", "lengths", "scores")), strict=True
        ):
            labels = row[:length]
            records.append({"labels": [names[k] for k in labels] if names else labels, "score": score})
        return records

    def costs(self, predicted: Any, batch: Batch) -> Tensor:
        """The negative log-likelihood of the labels of each sequence, in nats per label."""
        self._check_fits(batch)
        log_p = self.predictions(batch).log_softmax(-1)
        return _costs(log_p, batch)

    def written(self, predicted: Any, batch: Batch) -> list[Written]:
        """The labels that were found in each sequence, and those that are in it."""
        rows = zip(predicted["labels"].tolist(), batch["y"].tolist(), strict=True)
        return [Written(*([k for k in each if k != IGNORED] for each in row)) for row in rows]

    def _step(self, batch: Batch, stage: str) -> Tensor:
        self._check_fits(batch)
        log_p, weights = self.predictions(batch).log_softmax(-1), self._item_weights(batch, stage)
        costs = _costs(log_p, batch)
        loss = mean_of_items(costs, weights)
        if stage != "train":
            self._count_edits(log_p, batch, stage)
        return self._logged(loss, stage)

    def on_train_epoch_end(self) -> None:
        """Logs no metrics: in training no labels are searched for."""

    def _count_edits(self, log_p: Tensor, batch: Batch, stage: str) -> None:
        """Notes the label error rate of a batch, weighted by the number of its labels."""
        found = [labels for labels, _ in decoded(log_p, lengths_of(batch), self.beam)]
        wanted = [[label for label in row if label != IGNORED] for row in batch["y"].tolist()]
        self._look(stage, "answers", found, wanted, 0)
        texts = ([" ".join(map(str, labels)) for labels in each] for each in (found, wanted))
        total = sum(map(len, wanted))
        rate = word_error_rate(*texts) if total else torch.tensor(0.0)
        self._count(stage, rate[None].to(log_p.device), torch.tensor([total], device=log_p.device))

    def _check_fits(self, batch: Batch) -> None:
        """Refuses labels that no alignment has, for their loss would be infinite."""
        y, lengths = batch["y"], lengths_of(batch)
        counts = (y != IGNORED).sum(1)
        if self.device.type != "cpu" and self.current_epoch > 0:
            return  # a GPU would have to be waited for, and these have been looked at
        if bool(((y == BLANK) | ((y[:, 1:] != IGNORED) & (y[:, :-1] == IGNORED)).any(1)[:, None]).any()):
            raise ValueError(
                f"{type(self).__name__} got y with {BLANK}, the blank, or with labels behind a {IGNORED}; "
                f"expected labels from 1 on, and {IGNORED} beyond their end only"
            )
        repeats = ((y[:, 1:] == y[:, :-1]) & (y[:, 1:] != IGNORED)).sum(1)
        short = (lengths < counts + repeats).nonzero()
        if len(short):
            b = int(short[0])
            raise ValueError(
                f"{type(self).__name__} got a sequence of {int(lengths[b])} steps with {int(counts[b])} "
                f"labels, {int(repeats[b])} of them repeats; expected as many steps as labels and repeats"
            )


def _costs(log_p: Tensor, batch: Batch) -> Tensor:
    """Torch's loss of each sequence (B,) for log-probabilities (B, T, C), in nats per label."""
    y = batch["y"]
    counts, targets = (y != IGNORED).sum(1), y.masked_fill(y == IGNORED, BLANK)
    nats = F.ctc_loss(
        log_p.transpose(0, 1), targets, lengths_of(batch), counts, blank=BLANK, reduction="none"
    )
    return nats / counts.clamp(min=1)
