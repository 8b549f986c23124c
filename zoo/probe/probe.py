"""Trains copies of a network for a few steps, to see whether and how it learns."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, final

import torch

from zoo.probe.baseline import baseline_of
from zoo.probe.batches import HeldBatches, has_targets
from zoo.probe.budget import Budget
from zoo.probe.training import ShortTraining, Trained
from zoo.probe.variants import copy_of, is_of_model
from zoo.tasks.base import Task
from zoo.verdict.facts import Learning

STEPS, RATE_STEPS = 160, 50
"""Steps of a training, and of one that compares learning rates."""
SECONDS = 18.0
"""Of the processor, for all of it."""
RATES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
UNDIVIDED_RATES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""Learning rates to compare; the second ones for optimisers that do not divide by the size of gradients."""
UNDIVIDED = ("SGD", "ASGD")
SMALLER = 10
"""How many times as large a learning rate is as the one that a fast learner is compared with."""
MOST_TRIALS = 3


@final
class Probe:
    """Trains copies of a task, all on the same batches and from the same random numbers.

    A training that the budget has cut short counts as not made, so that a verdict never hangs on how far it
    came.

    Args:
        task: It has its sizes, and is left as it is.
        data: Batches of its training data.
        arguments: The Trainer's, callbacks as a list.
        fresh: Whether copies draw their weights anew, as those of a trained network have to.
        budget: What it may use.

    Attributes:
        taken: Steps of all trainings.
        wanted: Steps that these would have taken with more budget.
    """

    def __init__(
        self,
        task: Task,
        data: HeldBatches,
        arguments: Mapping[str, Any],
        fresh: bool = False,
        budget: Budget | None = None,
    ) -> None:
        self.task, self.data, self.fresh = task, data, fresh
        self.budget = budget or Budget(SECONDS)
        self.taken = self.wanted = 0
        self._train = ShortTraining(arguments)
        self._own = Trained(losses=())

    def learning(self) -> Learning | None:
        """How the network learns at its own rate, and unless it does so fast, all else that may tell why.

        Nothing where losses are not all above 0, as those of densities: what is said are shares of them.
        """
        self._own = self._trained()
        if not self._own.losses or min(self._own.losses) <= 0:
            return None
        found = Learning(
            steps=len(self._own.losses),
            start=self._own.after(1),
            end=self._own.end,
            baseline=baseline_of(self.task, self.data.batches),
            rate=self.task.lr,
        )
        if self._own.is_whole(STEPS):
            found = self._shortened(found) if found.is_fast else self._looked_into(found)
        return self._counted(found)

    def tried(self, found: Learning, lines: Sequence[str]) -> Learning:
        """What is known, with the loss where each of some lines of advice is followed.

        Args:
            found: What is known without.
            lines: Of these only the first that are about the model are tried; NaN where that was cut short.
        """
        of_model = [line for line in dict.fromkeys(lines) if is_of_model(line)][:MOST_TRIALS]
        return self._counted(replace(found, trials={line: self._end(line) for line in of_model}))

    def _counted(self, found: Learning) -> Learning:
        return replace(found, taken=self.taken, wanted=self.wanted)

    def _shortened(self, found: Learning) -> Learning:
        """What is known of a training that learns fast, with one whose steps are a tenth as long.

        At a rate that suits it, that one has learned less; at one that is too large, more.
        """
        rate = found.rate / SMALLER
        return self._with_rates(found, {found.rate: found.end, rate: self._end(_of_rate(rate))}, STEPS)

    def _looked_into(self, found: Learning) -> Learning:
        """What is known of a training, with other rates; of one that has hardly learned, with controls."""
        own = self._own.after(RATE_STEPS) if math.isfinite(found.end) else math.inf
        others = UNDIVIDED_RATES if self.task.optimizer.name in UNDIVIDED else RATES
        rates = {rate: self._end(_of_rate(rate), steps=RATE_STEPS) for rate in others if rate != found.rate}
        found = self._with_rates(found, {found.rate: own, **rates}, RATE_STEPS)
        if not (found.is_hardly_any and has_targets(self.data.batches[0])):
            return found
        return replace(
            found,
            one_batch=self._end(data=self.data.only(1), steps=STEPS // 2),
            shuffled=self._end(data=self.data.shuffled(0)),
        )

    def _with_rates(self, found: Learning, rates: Mapping[float, float], steps: int) -> Learning:
        """Rates are compared only where all of them are known."""
        known = not any(map(math.isnan, rates.values()))
        return replace(found, rates=rates if known else {}, rate_steps=steps)

    def _end(self, line: str = "", data: HeldBatches | None = None, steps: int = STEPS) -> float:
        """The loss after so many steps, infinite where it broke before; NaN where it is not known."""
        trained = self._trained(line, data, steps)
        return trained.end if trained.is_whole(steps) else math.nan

    def _trained(self, line: str = "", data: HeldBatches | None = None, steps: int = STEPS) -> Trained:
        """Trains a copy, which follows a line of advice if one is given, as far as the budget lasts."""
        trained = Trained(losses=())
        if not (self.taken and self.budget.is_spent):  # one step of the first is taken in any case
            torch.manual_seed(1)
            copy = copy_of(self.task, line, self.fresh)
            trained = self._train(copy, data or self.data, steps, self.budget)
        self.taken += len(trained.losses)
        self.wanted += len(trained.losses) if trained.is_whole(steps) else steps
        return trained


def _of_rate(rate: float) -> str:
    return f"optimizer: {{lr: {rate:.1e}}}"
