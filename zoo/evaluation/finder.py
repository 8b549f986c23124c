"""What looks for faults: it sees batch after batch, and then says what it found."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

from torch import Tensor

from zoo.data.base import SequenceData
from zoo.runs.evaluation import Evaluation
from zoo.tasks.answers import Answers
from zoo.tasks.contract import Batch


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """A batch that was answered.

    Attributes:
        task: Who has answered.
        predicted: What its `predict_step` has returned.
        batch: What it was given, with the truth.
        legend: The words of the data for the numbers in it.
    """

    task: Answers
    predicted: Any
    batch: Batch
    legend: Mapping[str, Any]

    @cached_property
    def costs(self) -> Tensor | None:
        """What each sequence costs (B,); None where the task does not know."""
        costs = self.task.costs(self.predicted, self.batch)
        return None if costs is None else costs.cpu()


class Finder(ABC):
    """One kind of fault. A new one is a file here, and an entry in `zoo.evaluation.finders`."""

    @abstractmethod
    def see(self, seen: Seen) -> None:
        """Takes a batch in; one of a task that it does not know it leaves alone."""

    @abstractmethod
    def found(self, data: SequenceData) -> Evaluation:
        """What there is to show once all was seen; nothing where nothing was taken in."""
