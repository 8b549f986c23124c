"""X3: after NaN one goes back to an earlier checkpoint."""

import math
import tempfile
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal, final

import numpy as np
from lightning.pytorch.callbacks import ModelCheckpoint
from matplotlib.figure import Figure

from zoo.callbacks.non_finite_guard import NonFiniteGuard
from zoo.claims.base import Claim, Measured, Number, Resources, Verdict, register_claim
from zoo.claims.picture import across, legend, line, panels
from zoo.claims.training import BadBatch, clipping, each, over_seeds, train
from zoo.data.adding_problem import AddingProblem
from zoo.data.base import SequenceData
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.tasks.base import Task
from zoo.tasks.optimisation import OptimizerSpec
from zoo.tasks.sequence_regressor import SequenceRegressor

Repair = Literal["nothing", "skip", "rollback"]
REPAIRS: tuple[Repair, ...] = ("nothing", "skip", "rollback")


@final
@register_claim("x3")
@dataclass(frozen=True, kw_only=True)
class Restart(Claim):
    """After Inf or NaN one restarts from an earlier checkpoint: the guard does so by itself."""

    says: ClassVar[str] = "After Inf or NaN one has to restart training from an earlier checkpoint."
    source: ClassVar[str] = "lecture notes"
    rule: ClassVar[str] = (
        "holds if one bad batch makes every later loss NaN without a guard, and with one that rolls back all "
        "losses but that of the bad batch are finite and the error at the end is at most a tenth of that of "
        "always answering 1; in part if skipping the batch, which restarts nothing, does as well; "
        "contradicted if without a guard the loss comes back by itself, or if rolling back does not help"
    )

    steps: int = 1500
    """Updates of each run."""

    bad: int = 400
    """The update whose batch has a NaN in it."""

    every: int = 100
    """Updates from one checkpoint to the next."""

    length: int = 30
    """Of the sequences of the adding problem."""

    units: int = 48
    """Width of the layer, a GRU's."""

    seeds: tuple[int, ...] = (1, 2, 3)
    """Of weights and data."""

    @property
    def ran(self) -> str:
        return (
            f"the adding problem over {self.length} steps, a GRU of {self.units}, {self.steps:,} updates, a "
            f"NaN in the batch of update {self.bad}, checkpoints every {self.every}, {len(self.seeds)} "
            "seeds; without a guard, and with guards that skip and that roll back"
        )

    def measure(self, resources: Resources) -> Measured:
        runs = [(repair, seed) for repair in REPAIRS for seed in self.seeds]
        found = dict(zip(runs, each(partial(_run, self), runs, resources.jobs), strict=True))
        numbers = [Number(what="mean squared error of always answering 1", value=1 / 6)]
        for repair in REPAIRS:
            losses = [np.array(found[repair, seed][0]) for seed in self.seeds]
            lost = [float((~np.isfinite(each_)).sum()) for each_ in losses]
            numbers.append(over_seeds(f"{repair}: updates whose loss is not finite", lost))
            errors = [found[repair, seed][1] for seed in self.seeds]
            if all(map(math.isfinite, errors)):
                numbers.append(over_seeds(f"{repair}: mean squared error at the end", errors))
        curves = {repair: np.array(found[repair, self.seeds[0]][0]) for repair in REPAIRS}
        return Measured(tuple(numbers), curves)

    def judge(self, found: Measured) -> Verdict:
        stays_lost = found["nothing: updates whose loss is not finite"] == self.steps - self.bad + 1
        back, skipped = (self._recovers(found, repair) for repair in ("rollback", "skip"))
        if not (stays_lost and back):
            return Verdict.CONTRADICTED
        return Verdict.IN_PART if skipped else Verdict.HOLDS

    def _recovers(self, found: Measured, repair: Repair) -> bool:
        """Whether training has gone on after the bad batch, and learned."""
        known = {number.what: number.value for number in found.numbers}
        error = known.get(f"{repair}: mean squared error at the end", math.inf)
        return known[f"{repair}: updates whose loss is not finite"] == 1 and error <= 1 / 60

    def finding(self, found: Measured) -> str:
        lost = found["nothing: updates whose loss is not finite"]
        repaired = [repair for repair in ("rollback", "skip") if self._recovers(found, repair)]
        words = " and by ".join({"rollback": "going back", "skip": "skipping"}[name] for name in repaired)
        return f"One NaN spoils {lost:,.0f} updates; repaired by {words or 'nothing'}"

    def draw(self, found: Measured, figure: Figure) -> None:
        (axes,) = panels(figure, "training loss by update, mean of 20")
        for index, repair in enumerate(REPAIRS):
            losses = found.curves[repair]
            smooth = [
                np.nanmean(part)
                for part in np.array_split(losses, max(1, len(losses) // 20))
                if not np.isnan(part).all()
            ]
            x = np.linspace(1, len(losses) if repair != "nothing" else self.bad, len(smooth))
            line(axes, x, np.array(smooth), {"nothing": "without a guard"}.get(repair, repair), index)
        axes.axvline(self.bad, color="#C1272D", linestyle=":", linewidth=1.2)
        axes.set_yscale("log")
        across(axes, "update (dotted: the bad batch)")
        legend(axes)


def _run(claim: Restart, run: tuple[Repair, int]) -> tuple[list[float], float]:
    """The loss of each update, and the error at the end."""
    repair, seed = run

    def make() -> tuple[Task, SequenceData]:
        network = ModelSpec(encoder=StackSpec(cell="gru", hidden_size=claim.units), pooling="last")
        task = SequenceRegressor(network, optimizer=OptimizerSpec(lr=3e-3))
        return task, AddingProblem(claim.length, batch_size=32, steps_per_epoch=claim.steps, seed=seed)

    guard = [] if repair == "nothing" else [NonFiniteGuard(action=repair)]
    with tempfile.TemporaryDirectory() as folder:
        keep = ModelCheckpoint(folder, every_n_train_steps=claim.every)
        callbacks = [BadBatch(claim.bad), *guard, *clipping(), keep]
        trained = train(make, seed=seed, epochs=1, callbacks=callbacks)
    return trained.losses, trained.metrics["test/mse"]
