"""Single sequences, drawn: the lines of forecasts, the maps of attention and of piano rolls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor

from zoo.data.base import SequenceData
from zoo.evaluation.finder import Finder, Seen
from zoo.runs.evaluation import Curve, Drawing, Evaluation, Gallery, Grid
from zoo.tasks.answers import Curves, Map

FIRST, WORST = 2, 2
"""How many sequences have maps: the first, whatever they are, and those that cost most."""


@final
@dataclass(eq=False)
class Lines(Finder):
    """What was said over what is true: of the best, of the middle one, and of the worst."""

    curves: list[Curves] = field(default_factory=list)
    costs: list[Tensor] = field(default_factory=list)

    def see(self, seen: Seen) -> None:
        curves = seen.task.curves(seen.predicted, seen.batch)
        if curves is not None and seen.costs is not None:
            self.curves += curves
            self.costs.append(seen.costs)

    def found(self, data: SequenceData) -> Evaluation:
        if not self.curves:
            return Evaluation()
        order = torch.cat(self.costs).argsort(stable=True).tolist()
        drawings = []
        for name, number in (("best", order[0]), ("middle", order[len(order) // 2]), ("worst", order[-1])):
            lines = [Curve(line, x, y) for line, (x, y) in self.curves[number].items()]
            drawings.append(Drawing(f"The {name}: item {number}", "value", lines))
        return Evaluation(drawings=drawings)


@final
@dataclass(eq=False)
class Maps(Finder):
    """Maps of a few sequences; those of the others are not kept."""

    gallery: tuple[str, str] = ("", "")
    shown: dict[int, list[Map]] = field(default_factory=dict)
    costs: dict[int, float] = field(default_factory=dict)
    count: int = 0

    def see(self, seen: Seen) -> None:
        if seen.costs is None:
            return
        self.gallery = seen.task.gallery
        new = {self.count + b: cost for b, cost in enumerate(seen.costs.tolist())}
        known = self.costs | new
        kept = _chosen(known)
        for number in kept:
            if number in new:
                chosen = {number - self.count: f"item {number}"}
                self.shown[number] = seen.task.maps(seen.predicted, seen.batch, chosen, seen.legend)
        self.shown = {number: self.shown[number] for number in kept}
        self.costs = {number: known[number] for number in kept}
        self.count += len(new)

    def found(self, data: SequenceData) -> Evaluation:
        grids = [_grid(each) for number in sorted(self.shown) for each in self.shown[number]]
        return Evaluation(galleries=[Gallery(*self.gallery, grids)] if grids else [])


def _chosen(costs: Mapping[int, float]) -> list[int]:
    """The numbers of the first sequences and of those that cost most."""
    dearest = sorted(costs, key=lambda number: (-costs[number], number))[: FIRST + WORST]
    firsts = [number for number in range(FIRST) if number in costs]
    return [*firsts, *[number for number in dearest if number not in firsts][:WORST]]


def _grid(shown: Map) -> Grid:
    values = [[float(f"{value:.4g}") for value in row] for row in shown.values.tolist()]
    return Grid(
        panel=shown.panel,
        view=shown.view,
        across=shown.across,
        up=shown.up,
        columns=list(shown.columns),
        rows=list(shown.rows),
        values=values,
        kinds=list(shown.kinds),
    )
