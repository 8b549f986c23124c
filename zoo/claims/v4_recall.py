"""V4: a plain RNN cannot learn what lies far back; gated cells can."""

from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from math import ceil
from typing import ClassVar, final

import numpy as np
from matplotlib.figure import Figure

from zoo.claims.base import Claim, Measured, Number, Resources, Verdict, register_claim
from zoo.claims.contenders import STARTS, init_range
from zoo.claims.picture import across, band, legend, panels
from zoo.claims.training import clipping, each, over_seeds, train
from zoo.data.base import SequenceData
from zoo.data.distant_recall import DistantRecall
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.tasks.base import Task
from zoo.tasks.optimisation import OptimizerSpec
from zoo.tasks.sequence_classifier import SequenceClassifier

CELLS = {**STARTS, "mingru": {"name": "mingru", "chrono": 100}}
"""What is compared, and under which name."""
PLAIN = ("elman", "elman, orthogonal")
GATED = ("lstm", "lstm, open", "gru")


@final
@register_claim("v4")
@dataclass(frozen=True, kw_only=True)
class Recall(Claim):
    """The plain RNN cannot learn long dependencies: she tried to print her *tickets*, ... her *tickets*."""

    says: ClassVar[str] = "So the RNN cannot learn dependencies across a long distance."
    source: ClassVar[str] = "lecture notes; Bengio et al., 1994, https://doi.org/10.1109/72.279181"
    rule: ClassVar[str] = (
        "holds if elman, from both of its starts, is right in at most half of the cases at the longest "
        "distance and in at least 95 % at the shortest, and the best of lstm, lstm with an open forget gate "
        "and gru in at least 90 % at the longest; contradicted if elman is right in more than half at the "
        "longest from both starts; else in part"
    )

    cells: tuple[str, ...] = tuple(CELLS)
    """Which cells, by their names in `CELLS`."""

    distances: tuple[int, ...] = (5, 10, 20, 40, 80)
    """Steps from the word to the question."""

    symbols: int = 8
    """Words to recall."""

    updates: int = 1500
    """Of each run."""

    seeds: tuple[int, ...] = (1, 2, 3)
    """Of weights and data."""

    units: int = 48
    """Width of each layer; one layer."""

    lr: float = 1e-3
    """Of Adam."""

    def full(self) -> "Claim":
        return replace(self, distances=(5, 10, 20, 40, 80, 160, 320), updates=5000, seeds=(1, 2, 3, 4, 5))

    @property
    def ran(self) -> str:
        return (
            f"recall of one of {self.symbols} words, one layer of {self.units} units, {self.updates:,} "
            f"updates of Adam at {self.lr}, {len(self.seeds)} seeds"
        )

    def measure(self, resources: Resources) -> Measured:
        runs = list(product(self.cells, self.distances, self.seeds))
        found = dict(zip(runs, each(partial(_accuracy, self), runs, resources.jobs), strict=True))
        numbers = tuple(
            over_seeds(f"{cell}, distance {distance}", [found[cell, distance, seed] for seed in self.seeds])
            for cell in self.cells
            for distance in self.distances
        )
        chance = Number(what="chance", value=1 / self.symbols)
        return Measured((*numbers, chance), {"distances": np.array(self.distances)})

    def judge(self, found: Measured) -> Verdict:
        near, far = self.distances[0], self.distances[-1]
        plain = [found[f"{cell}, distance {far}"] > 0.5 for cell in PLAIN]
        starts = min(found[f"{cell}, distance {near}"] for cell in PLAIN)
        gated = max(found[f"{cell}, distance {far}"] for cell in GATED)
        if all(plain):
            return Verdict.CONTRADICTED
        return Verdict.HOLDS if not any(plain) and starts >= 0.95 and gated >= 0.9 else Verdict.IN_PART

    def finding(self, found: Measured) -> str:
        far = self.distances[-1]
        told = (f"{cell} {100 * found[f'{cell}, distance {far}']:.0f} %" for cell in (*PLAIN, *GATED))
        return f"Recalled after {far} steps: {', '.join(told)}"

    def draw(self, found: Measured, figure: Figure) -> None:
        (axes,) = panels(figure, "share of words recalled, by the distance to the question")
        x = found.curves["distances"]
        for index, cell in enumerate(self.cells):
            numbers = [number for number in found.numbers if number.what.startswith(f"{cell}, distance")]
            band(axes, x, numbers, cell, index)
        axes.axhline(found["chance"], color="#767676", linewidth=1, linestyle=":")
        axes.set(xscale="log", ylim=(0, 1.03))
        axes.set_xticks(x, [str(each) for each in x])
        axes.minorticks_off()
        across(axes, "steps between word and question (dotted: chance)")
        legend(axes, loc="lower left")


def _accuracy(claim: Recall, run: tuple[str, int, int]) -> float:
    """How often a trained network recalls the word."""
    cell, distance, seed = run
    per_epoch = min(claim.updates, 250)

    def make() -> tuple[Task, SequenceData]:
        stack = StackSpec(cell=StackSpec.of({"cell": CELLS[cell]}).cell, hidden_size=claim.units)
        network = ModelSpec(encoder=stack, pooling="last", init_range=init_range(cell, claim.units))
        task = SequenceClassifier(network, optimizer=OptimizerSpec(lr=claim.lr))
        data = DistantRecall(distance, claim.symbols, steps_per_epoch=per_epoch, seed=seed)
        return task, data

    epochs = ceil(claim.updates / per_epoch)
    return train(make, seed=seed, epochs=epochs, callbacks=clipping()).metrics["test/accuracy"]
