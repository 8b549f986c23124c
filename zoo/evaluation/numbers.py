"""Numbers that are predicted: how far off they are, and what was said over what is true."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor

from zoo.data.base import SequenceData
from zoo.evaluation.finder import Finder, Seen
from zoo.runs.evaluation import Curve, Drawing, Evaluation, Sheet

MOST_POINTS, MOST_TARGETS = 500, 6
"""Points of a drawing, and targets that have one."""


@final
@dataclass(eq=False)
class Numbers(Finder):
    """Of tasks that predict numbers, of each sequence or of each step."""

    true: list[Tensor] = field(default_factory=list)
    said: list[Tensor] = field(default_factory=list)

    def see(self, seen: Seen) -> None:
        numbers = seen.task.numbers(seen.predicted, seen.batch)
        if numbers is not None:
            self.true.append(numbers[0].cpu())
            self.said.append(numbers[1].cpu())

    def found(self, data: SequenceData) -> Evaluation:
        if not self.true:
            return Evaluation()
        true, said = (data.in_units(torch.cat(each).double()) for each in (self.true, self.said))
        numbered = [f"target {k}" for k in range(true.shape[1])] if true.shape[1] > 1 else ["target"]
        names = [str(name) for name in data.legend.get("targets") or numbered]
        drawings = [scatter(true[:, k], said[:, k], name) for k, name in enumerate(names[:MOST_TARGETS])]
        return Evaluation([by_target(true, said, names)], drawings)


def by_target(true: Tensor, said: Tensor, names: Sequence[str]) -> Sheet:
    """Errors of each target, beside those of always saying its mean.

    Args:
        true: (N, O).
        said: (N, O).
        names: Of the targets.
    """
    rows = []
    for k, name in enumerate(names):
        errors, off = said[:, k] - true[:, k], true[:, k] - true[:, k].mean()
        explained = 1 - float(errors.square().sum() / off.square().sum()) if off.any() else float("nan")
        numbers = (errors.square().mean().sqrt(), errors.abs().mean(), errors.mean(), off.std(correction=0))
        r2 = "-" if explained != explained else f"{explained:.1%}"
        rows.append([name, *(f"{float(number):.4g}" for number in numbers), r2, f"{len(true):,}"])
    head = ["target", "RMSE", "mean |error|", "mean error", "RMSE of its mean", "explained (R²)", "numbers"]
    return Sheet("By target", head, rows)


def scatter(true: Tensor, said: Tensor, name: str) -> Drawing:
    """What was said over what is true, (N,) each, and the line on which both are the same."""
    order = true.argsort(stable=True)
    kept = order[torch.linspace(0, len(order) - 1, min(len(order), MOST_POINTS)).round().long()]
    ends = [float(true.min()), float(true.max())]
    curves = [Curve("answers", true[kept].tolist(), said[kept].tolist()), Curve("as it is", ends, ends)]
    return Drawing(f"What was said of {name}", "said", curves, across="true")
