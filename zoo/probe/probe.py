"""Trains copies of a network for a few steps, to see whether and how it learns."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, final

import torch

from zoo.probe.baseline import baseline_of
from zoo.probe.batches import HeldBatches, has_targets
from zoo.probe.training import ShortTraining, Trained
from zoo.probe.variants import copy_of, is_of_model
from zoo.tasks.base import Task
from zoo.verdict.facts import Learning

STEPS, RATE_STEPS, FEWEST = 160, 50, 30
"""Steps of a training, of one that compares learning rates, and the least that tell anything."""
SECONDS, PARTS, RATE_PARTS = 18.0, 8, 24
"""How long all of it may take, and which part of that a training, and one that compares learning rates."""
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

    Args:
        task: It has its sizes, and is left as it is.
        data: Batches of its training data.
        arguments: The Trainer's, callbacks as a list.
        fresh: Whether copies draw their weights anew, as those of a trained network have to.
        seconds: How long it may take.
    """

    def __init__(
        self,
        task: Task,
        data: HeldBatches,
        arguments: Mapping[str, Any],
        fresh: bool = False,
        seconds: float = SECONDS,
    ) -> None:
        self.task, self.data, self.fresh = task, data, fresh
        self.seconds, self.until = seconds, time.monotonic() + seconds
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
        return self._shortened(found) if found.is_fast else self._looked_into(found)

    def trials(self, lines: Sequence[str]) -> dict[str, float]:
        """The loss with each of some lines of advice followed, of those that are about the model.

        What time has cut short is compared with as many steps of the recipe, and counts in proportion.
        """
        of_model = [line for line in dict.fromkeys(lines) if is_of_model(line)][:MOST_TRIALS]
        own = self._own
        if not math.isfinite(own.end):
            return {line: self._trained(line).end for line in of_model}
        ran = {line: self._trained(line, steps=len(own.losses)) for line in of_model}
        return {
            line: each.end * own.end / own.after(len(each.losses)) if each.losses else math.nan
            for line, each in ran.items()
        }

    def _shortened(self, found: Learning) -> Learning:
        """What is known of a training that learns fast, with one whose steps are a tenth as long.

        At a rate that suits it, that one has learned less; at one that is too large, more.
        """
        rate = found.rate / SMALLER
        smaller = self._trained(_of_rate(rate), steps=found.steps)
        known = len(smaller.losses) == found.steps
        rates = {found.rate: found.end, rate: smaller.end} if known else {}
        return replace(found, rates=rates, rate_steps=found.steps)

    def _looked_into(self, found: Learning) -> Learning:
        """What is known of a training, with controls and other rates."""
        one_batch = self._trained(data=self.data.only(1), steps=found.steps // 2).end
        shuffled = math.nan
        if has_targets(self.data.batches[0]):
            shuffled = self._trained(data=self.data.shuffled(0), steps=found.steps).end
        breaks = not math.isfinite(found.end)
        short = RATE_STEPS if breaks else min(RATE_STEPS, found.steps)
        rates = {found.rate: math.inf if breaks else self._own.after(short)}
        for rate in UNDIVIDED_RATES if self.task.optimizer.name in UNDIVIDED else RATES:
            trained = self._trained(_of_rate(rate), steps=short, parts=RATE_PARTS)
            if len(trained.losses) == short or not math.isfinite(trained.end):
                rates[rate] = trained.end
        known = rates if short >= FEWEST else {}
        return replace(found, one_batch=one_batch, shuffled=shuffled, rates=known, rate_steps=short)

    def _trained(
        self, line: str = "", data: HeldBatches | None = None, steps: int = STEPS, parts: int = PARTS
    ) -> Trained:
        """Trains a copy, which follows a line of advice if one is given, for a part of the time."""
        torch.manual_seed(1)
        seconds = max(min(self.seconds / parts, self.until - time.monotonic()), 0.0)
        return self._train(copy_of(self.task, line, self.fresh), data or self.data, steps, seconds)


def _of_rate(rate: float) -> str:
    return f"optimizer: {{lr: {rate:.1e}}}"
