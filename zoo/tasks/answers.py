"""What a task says of its predictions: in words, how far off they are, which classes were chosen."""

from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, final

from torch import Tensor

from zoo.tasks.contract import IGNORED, Batch

Record = dict[str, Any]
"""What a user reads of one sequence: numbers, words and lists of them by name."""

Curves = dict[str, tuple[list[float], list[float]]]
"""Lines by name: steps, and a value at each."""
Predicted = Tensor | dict[str, Tensor]
"""What is predicted for a batch: one tensor, or several by name."""


@final
class Written(NamedTuple):
    """A sequence that was written, and the one that was asked for; without what marks their ends."""

    said: list[int]
    true: list[int]


@final
class NextTokens(NamedTuple):
    """What was said of the token after each step.

    Attributes:
        nats: What the right one cost, (B, T).
        true: Its number (B, T), -100 where none counts.
        said: The number of the one that was held most likely, (B, T).
    """

    nats: Tensor
    true: Tensor
    said: Tensor


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Map:
    """Numbers on two axes, with a word for each place on both.

    Attributes:
        panel: What stands above it.
        view: What it is chosen by, where there are several of a panel.
        across: What is on the horizontal axis.
        up: What is on the vertical one.
        columns: The words on the horizontal axis.
        rows: Those on the vertical one, from the top down.
        values: (rows, columns), from 0 to 1; or, where there are kinds, the number of one.
        kinds: What the whole numbers from 0 on mean.
    """

    panel: str
    view: str
    across: str
    up: str
    columns: Sequence[str]
    rows: Sequence[str]
    values: Tensor
    kinds: tuple[str, ...] = ()


class Answers(ABC):  # noqa: B024 (a task may leave all of it as it is)
    """What is said of a batch of predictions once they are made; a task overrides what it can say better.

    `predicted` is what `predict_step` has returned, `batch` what it was given.
    """

    gallery: ClassVar[tuple[str, str]] = ("Maps", "")
    """What the maps of a task are, and how to read them."""

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
        """The true classes and those chosen; None where a task does not choose among classes.

        Both of sequences (B,) or of their steps (B, T); the true ones are -100 where none counts.
        """
        return None

    def hits(self, predicted: Any, batch: Batch) -> tuple[Tensor, Tensor] | None:
        """How many predictions of each sequence are right, and how many there are, (B,) each.

        None where none is either right or wrong.
        """
        choices = self.choices(predicted, batch)
        if choices is None:
            return None
        true, chosen = (part.reshape(len(part), -1) for part in choices)
        return ((true == chosen) & (true != IGNORED)).sum(1), (true != IGNORED).sum(1)

    def labels(self, predicted: Any, batch: Batch) -> tuple[Tensor, Tensor] | None:
        """Which labels hold and which are said to, (N, C) booleans each; None where a task says no labels."""
        return None

    def numbers(self, predicted: Any, batch: Batch) -> tuple[Tensor, Tensor] | None:
        """The true numbers and those predicted, (N, O) each; None where a task predicts none."""
        return None

    def forecasts(self, predicted: Any, batch: Batch) -> dict[str, Tensor] | None:
        """`true`, `forecast` and naive forecasts by name, (B, H, K) each, in the data's own units.

        None where a task does not forecast.
        """
        return None

    def written(self, predicted: Any, batch: Batch) -> list[Written] | None:
        """For each sequence the one that was written for it, and the right one; None where none is."""
        return None

    def next_tokens(self, predicted: Any, batch: Batch) -> NextTokens | None:
        """What was said of the token after each step; None where a task does not go on with a text."""
        return None

    def curves(self, predicted: Any, batch: Batch) -> list[Curves] | None:
        """For each sequence the lines that show what was said beside what is true; None where none do."""
        return None

    def maps(
        self, predicted: Any, batch: Batch, chosen: Mapping[int, str], legend: Mapping[str, Any]
    ) -> list[Map]:
        """Maps of some sequences of a batch; none where a task draws none.

        Args:
            predicted: What `predict_step` has returned.
            batch: What it was given.
            chosen: The places of these sequences in the batch, and what to call each.
            legend: The words of the data for the numbers in it.
        """
        return []


def valid_rows(predicted: Tensor, lengths: Tensor | None) -> list[Tensor]:
    """The predictions for each sequence, without those for padding where there is one for each step."""
    if lengths is None or predicted.dim() < 3:
        return list(predicted)
    return [row[:length] for row, length in zip(predicted, lengths.tolist(), strict=True)]
