"""Sequence tagging: one tag for each step."""

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy

from zoo.model import ModelSpec
from zoo.tasks import TASKS
from zoo.tasks.answers import Record
from zoo.tasks.base import Task
from zoo.tasks.classes import class_costs
from zoo.tasks.contract import IGNORED, Batch, Entry, lengths_of
from zoo.tasks.crf import LinearChainCRF
from zoo.tasks.from_data import Named
from zoo.tasks.item_weights import cross_entropy, for_each, weighted_cross_entropy, weighted_mean
from zoo.tasks.optimisation import OptimizerSpec, ScheduleSpec
from zoo.tasks.shares import Mean
from zoo.tasks.signs import ClassSigns, Sign
from zoo.tasks.spans import SpanF1, look_like_spans


@final
@TASKS.register("sequence_tagger")
class SequenceTagger(Task):
    """Gives each step of a sequence a tag: parts of speech, names, chunks.

    Batches: tokens x (B, T) or features (B, T, I); y (B, T) with -100 where no tag counts; optional lengths
    (B,); characters (B, T, C), padded with 0, where the network reads them. Logs the negative log likelihood
    in nats for each step, the accuracy of steps and, where the tags of the data are those of spans (B-PER,
    I-PER, O), the F1 score of spans as seqeval counts them.

    With a CRF the loss is that of whole sequences, and what is predicted is the best sequence; without, each
    step is by itself. Where y is -100 within a sequence, the CRF sums over what the tag could be.
    Reference: Huang et al., 2015, https://arxiv.org/abs/1508.01991; with characters: Plank et al., 2016,
    https://arxiv.org/abs/1604.05529.

    Args:
        network: The network, without pooling; sizes that it leaves open come from the data.
        optimizer: The optimiser.
        schedule: The learning-rate schedule; None keeps the rate.
        crf: Whether a linear-chain conditional random field scores which tag follows which.
    """

    output = "num_classes"
    weighs_items = True

    def __init__(
        self,
        network: ModelSpec | Mapping[str, Any],
        optimizer: OptimizerSpec | Mapping[str, Any] = OptimizerSpec(),  # noqa: B008 (it is frozen)
        schedule: ScheduleSpec | Mapping[str, Any] | None = None,
        crf: bool = False,
    ) -> None:
        self.crf = crf
        super().__init__(network, optimizer, schedule)

    def _check(self) -> None:
        if self.network.pooling != "none":
            raise ValueError(
                f"a tagger tags every step; got pooling {self.network.pooling!r}, expected 'none'"
            )

    def add_modules(self) -> None:
        assert self.network.output_size is not None
        self.chain = LinearChainCRF(self.network.output_size) if self.crf else None

    def entries(self) -> dict[str, Entry]:
        """What a batch holds: a tag of each step."""
        size = self.network.output_size
        y = Entry(axes=("B", "T"), kind="integers", below=size, is_target=True)
        return super().entries() | {"y": y}

    def metrics(self, output_size: int) -> MetricCollection:
        accuracy = MulticlassAccuracy(
            num_classes=output_size, average="micro", ignore_index=IGNORED, validate_args=False
        )
        return MetricCollection({"accuracy": accuracy}, compute_groups=False)

    def signs(self, output_size: int) -> dict[str, Sign]:
        return {"classes": ClassSigns(output_size)}

    def on_fit_start(self) -> None:
        super().on_fit_start()
        self._count_spans()

    def on_validation_start(self) -> None:
        self._count_spans()

    def on_test_start(self) -> None:
        self._count_spans()

    def _count_spans(self) -> None:
        """Adds the F1 score of spans, once the data says what its tags are called."""
        data: object = self.trainer.datamodule  # type: ignore[attr-defined]
        tags = _tags_of(data)
        if len(tags) != self.network.output_size or not look_like_spans(tags):
            return
        for stage in ("train", "val", "test"):
            metrics = self._metrics(stage)
            if "span_f1" not in metrics.keys(keep_base=True):
                metrics.add_metrics({"span_f1": SpanF1(tags).to(self.device)})

    def _predict(self, batch: Batch) -> dict[str, Tensor]:
        """The tag of each step (B, T), and the probability of each tag there (B, T, C)."""
        scores, lengths = self.predictions(batch), lengths_of(batch)
        if self.chain is None:
            return {"tags": scores.argmax(-1), "probabilities": scores.softmax(-1)}
        best, shares = self.chain.best(scores, lengths), self.chain.marginals(scores, lengths)
        return {"tags": best, "probabilities": shares}

    def records(self, predicted: Any, batch: Batch, legend: Mapping[str, Any]) -> list[Record]:
        """The tag of each step of a sequence, and the probability of that tag."""
        names = legend.get("tags") or list(range(predicted["probabilities"].shape[-1]))
        shares = predicted["probabilities"].gather(2, predicted["tags"].unsqueeze(2)).squeeze(2)
        rows = zip(predicted["tags"].tolist(), shares.tolist(), lengths_of(batch).tolist(), strict=True)
        return [
            {"tags": [names[tag] for tag in tags[:length]], "probabilities": share[:length]}
            for tags, share, length in rows
        ]

    def costs(self, predicted: Any, batch: Batch) -> Tensor:
        """The cross-entropy of the tags of each sequence, each step by itself; the mean of its steps."""
        return class_costs(predicted["probabilities"], _targets(batch))

    def choices(self, predicted: Any, batch: Batch) -> tuple[Tensor, Tensor]:
        return _targets(batch), predicted["tags"]

    def _step(self, batch: Batch, stage: str) -> Tensor:
        scores, lengths, y = self.predictions(batch), lengths_of(batch), _targets(batch)
        counts, weights = (y != IGNORED).sum(1), self._item_weights(batch, stage)
        count = counts.sum()
        if self.chain is not None:
            costs = -self.chain.log_likelihood(scores, y, lengths)
            if weights is None:
                loss = Mean(costs.sum() / count.clamp(min=1), count)
            else:
                loss = weighted_mean(costs, weights, counts)
        elif weights is None:
            loss = cross_entropy(scores.flatten(0, 1), y.flatten())
        else:
            loss = weighted_cross_entropy(scores.flatten(0, 1), y.flatten(), for_each(weights, y).flatten())
        tags = scores.argmax(-1) if self.chain is None else self.chain.best(scores.detach(), lengths)
        self._look(stage, "classes", tags, y)
        self._count(stage, F.pad(tags, (0, 1)).flatten(), F.pad(y, (0, 1), value=IGNORED).flatten())
        return self._logged(loss, stage)


def _targets(batch: Batch) -> Tensor:
    """The tags (B, T), ignored beyond the length of a sequence."""
    y: Tensor = batch["y"]
    steps = torch.arange(y.shape[1], device=y.device)
    return y.masked_fill(steps >= lengths_of(batch)[:, None], IGNORED)


def _tags_of(data: object) -> list[str]:
    """The names of the tags in the order of their numbers; none where the data does not say."""
    legend = data.legend if isinstance(data, Named) else {}
    return list(legend.get("tags", []))
