"""X1: a large gradient makes a bad step, in the worst case to infinity; clipping prevents it."""

import math
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

import numpy as np
from matplotlib.figure import Figure

from zoo.cells.elman import ElmanSpec
from zoo.claims.base import Claim, Measured, Number, Resources, Verdict, register_claim
from zoo.claims.picture import across, legend, line, panels
from zoo.claims.training import Trained, clipping, each, over_seeds, train
from zoo.data.adding_problem import AddingProblem
from zoo.data.base import SequenceData
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.tasks.base import Task
from zoo.tasks.optimisation import OptimizerSpec
from zoo.tasks.sequence_regressor import SequenceRegressor

WORST = 1e6
"""A loss from which on a run counts as lost, though it is no infinity yet."""


@final
@register_claim("x1")
@dataclass(frozen=True, kw_only=True)
class BadStep(Claim):
    """A large gradient makes a bad step, in the worst case to Inf or NaN; a clipped run has none."""

    says: ClassVar[str] = (
        "A large gradient makes a bad step, in the worst case Inf or NaN; clipping prevents it."
    )
    source: ClassVar[str] = "lecture notes; Pascanu et al., 2013, https://arxiv.org/abs/1211.5063"
    rule: ClassVar[str] = (
        "a run is lost whose loss passes 1e6, or is infinite or NaN, in any update: holds if without "
        "clipping all runs are lost, and with it none; contradicted if without it none is, or with it as "
        "many; else in part"
    )

    steps: int = 300
    """Updates of each run."""

    length: int = 50
    """Of the sequences of the adding problem."""

    units: int = 32
    """Width of the layer, of rectified units."""

    lr: float = 0.5
    """Of plain gradient descent."""

    max_norm: float = 1.0
    """Norm to which gradients are clipped."""

    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    """Of weights and data."""

    @property
    def ran(self) -> str:
        return (
            f"the adding problem over {self.length} steps, {self.units} rectified units, gradient descent at "
            f"{self.lr:g}, {self.steps} updates, without clipping and clipped at {self.max_norm:g}, "
            f"{len(self.seeds)} seeds"
        )

    def measure(self, resources: Resources) -> Measured:
        runs = [(seed, is_clipped) for is_clipped in (False, True) for seed in self.seeds]
        losses = dict(zip(runs, each(partial(_losses, self), runs, resources.jobs), strict=True))
        lost = [_first_lost(losses[seed, False]) for seed in self.seeds]
        worst = [float(np.max(losses[seed, True])) for seed in self.seeds]
        numbers = (
            Number(
                what="share of runs lost without clipping",
                value=sum(step is not None for step in lost) / len(lost),
                seeds=len(lost),
            ),
            Number(
                what="share of runs lost with clipping",
                value=sum(_first_lost(losses[seed, True]) is not None for seed in self.seeds) / len(lost),
                seeds=len(lost),
            ),
            over_seeds("largest loss with clipping", worst),
            over_seeds("last loss with clipping", [losses[seed, True][-1] for seed in self.seeds]),
        )
        first = self.seeds[0]
        return Measured(
            numbers,
            {"without": np.array(losses[first, False]), "clipped": np.array(losses[first, True])},
        )

    def judge(self, found: Measured) -> Verdict:
        lost = found["share of runs lost without clipping"]
        clipped = found["share of runs lost with clipping"]
        if clipped >= lost:
            return Verdict.CONTRADICTED
        return Verdict.HOLDS if lost == 1 and clipped == 0 else Verdict.IN_PART

    def finding(self, found: Measured) -> str:
        lost, kept = (
            f"{100 * found[f'share of runs lost {how} clipping']:.0f} %" for how in ("without", "with")
        )
        return f"Without clipping {lost} of the runs are lost, with it {kept}"

    def draw(self, found: Measured, figure: Figure) -> None:
        titles = ("training loss by update, clipped", "without clipping, the same seed: its first updates")
        clipped, without = panels(figure, *titles)
        losses = found.curves["clipped"]
        line(clipped, np.arange(1, len(losses) + 1), losses, "clipped", 0)
        losses = found.curves["without"]
        finite = losses[: next((k for k, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))]
        shown = finite[:30]
        line(without, np.arange(1, len(shown) + 1), shown, "without", 1, marker="o", markersize=4)
        if len(finite) < len(losses):
            without.axvline(len(finite) + 1, color="#C1272D", linestyle=":", linewidth=1.4)
            without.text(len(finite) + 1, 0.5, " NaN or inf", transform=without.get_xaxis_transform())
        without.set(yscale="log", xlim=(0.5, len(shown) + 3))
        across(clipped, "update")
        across(without, "update")
        legend(clipped)


def _losses(claim: BadStep, run: tuple[int, bool]) -> list[float]:
    """The loss of each update."""
    seed, is_clipped = run

    def make() -> tuple[Task, SequenceData]:
        stack = StackSpec(cell=ElmanSpec(activation="relu"), hidden_size=claim.units)
        task = SequenceRegressor(
            ModelSpec(encoder=stack, pooling="last"), optimizer=OptimizerSpec(name="SGD", lr=claim.lr)
        )
        return task, AddingProblem(claim.length, batch_size=20, steps_per_epoch=claim.steps, seed=seed)

    trained: Trained = train(
        make, seed=seed, epochs=1, callbacks=clipping(claim.max_norm if is_clipped else math.inf)
    )
    return trained.losses


def _first_lost(losses: list[float]) -> int | None:
    """The update, from 1, whose loss is none any more; None where there is no such update."""
    bad = (step for step, loss in enumerate(losses, start=1) if not abs(loss) < WORST)
    return next(bad, None)
