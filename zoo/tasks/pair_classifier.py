"""Classification of pairs: does one text follow from the other, or say the same?"""

from collections.abc import Mapping
from typing import Any, final

from torch import Tensor
from torchmetrics import MetricCollection

from zoo.model import Model
from zoo.tasks import TASKS
from zoo.tasks.answers import Record
from zoo.tasks.base import Task
from zoo.tasks.classes import class_costs, class_metrics, class_records
from zoo.tasks.contract import Batch, Entry
from zoo.tasks.item_weights import cross_entropy, weighted_cross_entropy
from zoo.tasks.signs import ClassSigns, Sign


@final
@TASKS.register("pair_classifier")
class PairClassifier(Task):
    """Assigns a class to two sequences, each read by the same encoder: entailment, paraphrase.

    The network has `pairs: true`: its head reads [u; v; |u - v|; u * v] of the pooled vectors u and v. With
    pooling "max" over a bidirectional LSTM it is InferSent, whose classifier has a hidden layer more.
    Batches: tokens x (B, T) or features (B, T, I), and second (B, S) or (B, S, I); y (B,); optional lengths
    and second_lengths (B,). Logs the cross-entropy in nats, the accuracy and the macro F1 score.
    Reference: Conneau et al., 2017, https://arxiv.org/abs/1705.02364, figure 1.
    """

    model: Model
    output = "num_classes"
    weighs_items = True

    def _check(self) -> None:
        if not self.network.pairs:
            raise ValueError("a pair classifier compares two sequences; expected a network with pairs: true")

    def entries(self) -> dict[str, Entry]:
        """What a batch holds: two sequences and a class."""
        network = self.network
        second = (
            Entry(axes=("B", "S"), kind="integers", below=network.vocab_size)
            if network.input_size is None
            else Entry(axes=("B", "S", network.input_size), kind="floating-point numbers")
        )
        return super().entries() | {
            "second": second,
            "second_lengths": Entry(axes=("B",), kind="integers", is_optional=True),
            "y": Entry(axes=("B",), kind="integers", below=network.output_size, is_target=True),
        }

    def metrics(self, output_size: int) -> MetricCollection:
        return class_metrics(output_size)

    def signs(self, output_size: int) -> dict[str, Sign]:
        return {"classes": ClassSigns(output_size)}

    def forward(  # type: ignore[override]  # it reads two sequences
        self,
        x: Tensor,
        second: Tensor,
        lengths: Tensor | None = None,
        second_lengths: Tensor | None = None,
    ) -> Tensor:
        """Scores of the classes (B, C)."""
        return self.model.compare(x, second, lengths, second_lengths)

    def predictions(self, batch: Batch) -> Tensor:
        """Scores of the classes (B, C)."""
        return self.forward(batch["x"], batch["second"], batch.get("lengths"), batch.get("second_lengths"))

    def _predict(self, batch: Batch) -> Tensor:
        """The probability of each class (B, C)."""
        return self.predictions(batch).softmax(-1)

    def records(self, predicted: Tensor, batch: Batch, legend: Mapping[str, Any]) -> list[Record]:
        """The label of each pair, and the probability of every label."""
        return class_records(predicted, predicted.shape[-1], legend)

    def costs(self, predicted: Tensor, batch: Batch) -> Tensor:
        """The cross-entropy of each pair."""
        return class_costs(predicted, batch["y"])

    def choices(self, predicted: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        return batch["y"], predicted.argmax(-1)

    def _step(self, batch: Batch, stage: str) -> Tensor:
        scores, y = self.predictions(batch), batch["y"]
        weights = self._item_weights(batch, stage)
        loss = cross_entropy(scores, y) if weights is None else weighted_cross_entropy(scores, y, weights)
        chosen = scores.argmax(-1)
        self._count(stage, chosen, y)
        self._look(stage, "classes", chosen, y)
        return self._logged(loss, stage)
