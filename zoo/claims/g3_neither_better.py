"""G3: there is no evidence that GRU or LSTM is better than the other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import ClassVar, final

from matplotlib.figure import Figure

from zoo.claims.base import Claim, Measured, Number, Resources, Verdict, register_claim
from zoo.claims.picture import across, panels
from zoo.claims.training import clipping, each, over_seeds, train
from zoo.comparison.paired import holm, paired
from zoo.data.adding_problem import AddingProblem
from zoo.data.agreement import Agreement
from zoo.data.base import SequenceData
from zoo.data.digits import Digits
from zoo.data.distant_recall import DistantRecall
from zoo.model import ModelSpec
from zoo.pictures.looks import RUNS
from zoo.pictures.marks import TEXT
from zoo.stack import StackSpec
from zoo.tasks.base import Task
from zoo.tasks.optimisation import OptimizerSpec
from zoo.tasks.sequence_classifier import SequenceClassifier
from zoo.tasks.sequence_regressor import SequenceRegressor

CELLS = ("lstm", "gru")


@final
@dataclass(frozen=True)
class Trial:
    """A task on which both are trained.

    Attributes:
        metric: Of the test.
        sign: 1 where higher is better, -1 where lower is.
        updates: Of each run.
        task: Builds it.
        data: Makes it of a seed and the number of updates.
        embedding: Width of embeddings, where there are tokens.
    """

    metric: str
    sign: int
    updates: int
    task: Callable[[ModelSpec, OptimizerSpec], Task]
    data: Callable[[int, int], SequenceData]
    embedding: int | None = None


TRIALS: Mapping[str, Trial] = {
    "recall over 20 steps": Trial(
        "test/accuracy",
        1,
        500,
        SequenceClassifier,
        lambda seed, updates: DistantRecall(20, steps_per_epoch=updates, seed=seed),
    ),
    "adding over 50 steps": Trial(
        "test/mse",
        -1,
        1000,
        SequenceRegressor,
        lambda seed, updates: AddingProblem(50, batch_size=32, steps_per_epoch=updates, seed=seed),
    ),
    "digits by pixels": Trial(
        "test/accuracy",
        1,
        600,
        SequenceClassifier,
        lambda seed, updates: Digits(batch_size=64, order="pixels", seed=seed),
    ),
    "agreement": Trial(
        "test/accuracy",
        1,
        1000,
        SequenceClassifier,
        lambda seed, updates: Agreement(steps_per_epoch=updates, test_size=2400, val_size=6, seed=seed),
        50,
    ),
}
DIGITS_PER_EPOCH = 20
"""Updates of an epoch of digits, whose data are found, not made."""


@final
@register_claim("g3")
@dataclass(frozen=True, kw_only=True)
class NeitherBetter(Claim):
    """There is no evidence that one of the two is better than the other."""

    says: ClassVar[str] = "There is no evidence that LSTM or GRU is better than the other."
    source: ClassVar[str] = "lecture notes; Chung et al., 2014, https://arxiv.org/abs/1412.3555"
    rule: ClassVar[str] = (
        "by exact sign flips of the differences of equal seeds, with Holm's correction for the number of "
        "tasks: contradicted if one is better in every task with p below 0.05, or in most of them and the "
        "other in none; holds if no task has a p below 0.05, or each is better in one; else in part"
    )

    tasks: tuple[str, ...] = tuple(TRIALS)
    """What they are trained for."""

    params: int = 20_000
    """Of the layer of each."""

    share: float = 1.0
    """Of the updates of each task that are made."""

    seeds: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8)
    """Of weights and data."""

    lr: float = 3e-3
    """Of Adam."""

    def full(self) -> "Claim":
        return replace(self, share=4.0, seeds=tuple(range(1, 13)))

    @property
    def ran(self) -> str:
        return (
            f"one layer of about {self.params:,} parameters, Adam at {self.lr}, {len(self.seeds)} seeds; "
            f"{', '.join(self.tasks)}"
        )

    def measure(self, resources: Resources) -> Measured:
        runs = list(product(self.tasks, CELLS, self.seeds))
        found = dict(zip(runs, each(partial(_metric, self), runs, resources.jobs), strict=True))
        numbers: list[Number] = []
        tests = []
        for task in self.tasks:
            lstm, gru = ([found[task, cell, seed] for seed in self.seeds] for cell in CELLS)
            numbers += [
                over_seeds(f"{task}: {cell}, {TRIALS[task].metric}", values)
                for cell, values in (("lstm", lstm), ("gru", gru))
            ]
            tests.append(paired(gru, lstm))
        corrected = holm([test.p for test in tests])
        for task, test, p in zip(self.tasks, tests, corrected, strict=True):
            better = TRIALS[task].sign * test.mean
            numbers += [
                Number(what=f"{task}: gru better by", value=better, seeds=len(self.seeds)),
                Number(what=f"{task}: p", value=p, seeds=len(self.seeds)),
            ]
        return Measured(tuple(numbers))

    def judge(self, found: Measured) -> Verdict:
        won = {
            sign: sum(
                found[f"{task}: p"] < 0.05 and sign * found[f"{task}: gru better by"] > 0
                for task in self.tasks
            )
            for sign in (-1, 1)
        }
        least, most = sorted(won.values())
        if least == 0 and most > len(self.tasks) / 2:
            return Verdict.CONTRADICTED
        return Verdict.HOLDS if most == 0 or least > 0 else Verdict.IN_PART

    def finding(self, found: Measured) -> str:
        words = []
        for sign, cell in ((1, "GRU"), (-1, "LSTM")):
            better = [
                task
                for task in self.tasks
                if found[f"{task}: p"] < 0.05 and sign * found[f"{task}: gru better by"] > 0
            ]
            words.append(f"{cell} better in {len(better)}")
        return f"Of {len(self.tasks)} tasks: {', '.join(words)}, the others undecided"

    def draw(self, found: Measured, figure: Figure) -> None:
        drawn = panels(figure, *self.tasks)
        for axes, task in zip(drawn, self.tasks, strict=True):
            metric = TRIALS[task].metric
            for index, cell in enumerate(CELLS):
                number = next(one for one in found.numbers if one.what == f"{task}: {cell}, {metric}")
                axes.errorbar(
                    [index],
                    [number.value],
                    [number.spread or 0.0],
                    color=RUNS[index],
                    marker="o",
                    markersize=5,
                    capsize=3,
                )
            axes.set_xticks(range(len(CELLS)), CELLS)
            axes.set_xlim(-0.6, 1.6)
            axes.tick_params(axis="y", labelsize=TEXT - 1)
            across(axes, f"{metric.partition('/')[2]}, p = {found[f'{task}: p']:.2g}")


def _metric(claim: NeitherBetter, run: tuple[str, str, int]) -> float:
    """What the test of a trained network measures."""
    task, cell, seed = run
    trial = TRIALS[task]
    updates = max(1, round(claim.share * trial.updates))

    def make() -> tuple[Task, SequenceData]:
        data = trial.data(seed, updates)
        stack = StackSpec.of({"cell": cell, "params": claim.params})
        network = ModelSpec(encoder=stack, pooling="last", embedding_size=trial.embedding)
        return trial.task(network, OptimizerSpec(lr=claim.lr)), data

    is_made = task != "digits by pixels"
    epochs = 1 if is_made else max(1, updates // DIGITS_PER_EPOCH)
    return train(make, seed=seed, epochs=epochs, callbacks=clipping()).metrics[trial.metric]
