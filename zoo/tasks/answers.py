"""What a task says of its predictions: in words, how far off they are, which classes were chosen."""

from abc import ABC
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from zoo.tasks.contract import Batch

Record = dict[str, Any]
"""What a user reads of one sequence: numbers, words and lists of them by name."""

Curves = dict[str, tuple[list[float], list[float]]]
"""Lines by name: steps, and a value at each."""
Predicted = Tensor | dict[str, Tensor]
"""What is predicted for a batch: one tensor, or several by name."""


class Answers(ABC):  # noqa: B024 (a task may leave all of it as it is)
    """What is said of a batch of predictions once they are made; a task overrides what it can say better."""

    def records(self, predicted: Any, batch: Batch, legend: Mapping[str, Any]) -> list[Record]:
        """What a user reads of the predictions for a batch: for each sequence plain values by name.

        Args:
            predicted: What `predict_step` has returned.
            batch: What it was given.
            legend: The words of the data for the numbers in it.
        """
        count = predicted.shape[-1]
        numbered = [f"prediction_{k}" for k in range(count)] if count > 1 else ["prediction"]
        names = legend.get("targets") or numbered
        return [
            {name: row[..., k].tolist() for k, name in enumerate(names)}
            for row in valid_rows(predicted, batch.get("lengths"))
        ]

    def costs(self, predicted: Any, batch: Batch) -> Tensor | None:
        """The loss of each sequence (B,), by which the worst are found; None where a task knows none."""
        return None

    def choices(self, predicted: Any, batch: Batch) -> tuple[Tensor, Tensor] | None:
        """The true classes and those chosen, (N,) each; None where a task does not choose among classes."""
        return None

    def curves(self, predicted: Any, batch: Batch) -> list[Curves] | None:
        """For each sequence the lines that show what was said beside what is true; None where none do."""
        return None


def valid_rows(predicted: Tensor, lengths: Tensor | None) -> list[Tensor]:
    """The predictions for each sequence, without those for padding where there is one for each step."""
    if lengths is None or predicted.dim() < 3:
        return list(predicted)
    return [row[:length] for row, length in zip(predicted, lengths.tolist(), strict=True)]
