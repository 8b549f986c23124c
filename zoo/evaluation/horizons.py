"""Forecasts: how far off they are by how far ahead they look, beside those that need no training."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor

from zoo.data.base import SequenceData
from zoo.evaluation.finder import Finder, Seen
from zoo.runs.evaluation import Evaluation, Sheet

MOST_ROWS = 12
"""Steps ahead that have a row; of more these are spread over the horizon, with the first and the last."""


@final
@dataclass(eq=False)
class Horizons(Finder):
    """Of tasks that forecast."""

    seen: list[dict[str, Tensor]] = field(default_factory=list)

    def see(self, seen: Seen) -> None:
        forecasts = seen.task.forecasts(seen.predicted, seen.batch)
        if forecasts is not None:
            self.seen.append({name: part.cpu().double() for name, part in forecasts.items()})

    def found(self, data: SequenceData) -> Evaluation:
        if not self.seen:
            return Evaluation()
        whole = {name: torch.cat([each[name] for each in self.seen]) for name in self.seen[0]}
        variables = [str(name) for name in data.legend.get("targets") or range(whole["true"].shape[2])]
        alone = len(variables) == 1
        return Evaluation(
            [
                by_step({part: each[..., k] for part, each in whole.items()}, "" if alone else f" of {name}")
                for k, name in enumerate(variables)
            ]
        )


def by_step(forecasts: Mapping[str, Tensor], of: str = "") -> Sheet:
    """The errors of one variable by step ahead, and of all steps together.

    Args:
        forecasts: `true`, `forecast` and naive ones (N, H), by name.
        of: What stands behind the title.
    """
    true = forecasts["true"]
    errors = {name: each - true for name, each in forecasts.items() if name != "true"}
    naive = [name for name in errors if name != "forecast"]
    steps = true.shape[1]
    shown = torch.linspace(0, steps - 1, min(steps, MOST_ROWS)).round().long().tolist()
    rows = []
    for place in [*shown, None] if steps > 1 else shown:
        at = {name: each if place is None else each[:, place] for name, each in errors.items()}
        numbers = [at["forecast"].abs().mean(), at["forecast"].mean()]
        numbers += [at[name].square().mean().sqrt() for name in ("forecast", *naive)]
        rows.append(["all" if place is None else str(place + 1), *(f"{float(x):.4g}" for x in numbers)])
    names = [f"RMSE: {name.replace('_', ' ')}" for name in naive]
    return Sheet(f"By steps ahead{of}", ["step", "mean |error|", "mean error", "RMSE", *names], rows)
