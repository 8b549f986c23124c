"""What the folder of a run tells of the model that it has made."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np

from zoo.diagnostics.quantities import Metric
from zoo.report.curves import is_result
from zoo.report.text import without_home
from zoo.report.verdict import verdict_of
from zoo.runs.folders import find_run
from zoo.runs.metrics_file import METRICS, Curve, read_mapping, read_metrics, read_text
from zoo.verdict.judge import Finding

RECIPE = "recipe.yaml"
CHECKPOINTS = "checkpoints"
"""The folder in that of a run where they are."""
PICTURES = ("gradients.png", "through_time.png")
BEST = "best"
"""How the names of checkpoints begin that are tested when a fit ends."""


@final
@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """What is known of a run; of a checkpoint without one, nothing.

    Attributes:
        metrics: Those of the checkpoint, by name: `val/accuracy`, `test/loss`.
        curves: Losses and metrics over the run.
        findings: The verdict on its gradients.
        environment: Versions and machine.
        recipe: The text of its recipe.
        pictures: Of its gradients, by the names of their files.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    environment: dict[str, Any] = field(default_factory=dict)
    recipe: str = ""
    pictures: dict[str, bytes] = field(default_factory=dict)

    @property
    def recipe_file(self) -> str | None:
        """The name of the file with the recipe, where there is one."""
        return RECIPE if self.recipe else None


def facts_of(file: Path, step: int) -> RunFacts:
    """What is known of the run that wrote a checkpoint.

    Args:
        file: The checkpoint, in `RUN/checkpoints`.
        step: The optimiser step that it was written after.
    """
    folder = file.absolute().parent.parent
    try:
        is_its = file.absolute().parent.name == CHECKPOINTS and find_run(folder).samefile(folder)
    except ValueError:
        is_its = False
    if not is_its:
        return RunFacts()
    found = read_metrics(folder / METRICS)[0] if (folder / METRICS).is_file() else {}
    curves = {
        name: curve for name, curve in found.items() if is_result(name) and Metric.of(name) is None
    }  # a sign of illness is no result
    return RunFacts(
        metrics=_metrics(curves, step, tested=file.name.startswith(BEST)),
        curves=curves,
        findings=verdict_of(folder),
        environment=read_mapping(folder / "environment.json"),
        recipe=without_home(read_text(folder / "config.yaml")),
        pictures={name: (folder / name).read_bytes() for name in PICTURES if (folder / name).is_file()},
    )


def _metrics(curves: dict[str, Curve], step: int, tested: bool) -> dict[str, float]:
    """The numbers of a checkpoint: validation as it was at its step, and the test if it is the tested one."""
    numbers = {}
    for name, curve in curves.items():
        stage = name.partition("/")[0]
        if stage == "val" or (stage == "test" and tested):
            until = np.flatnonzero(curve.steps <= step) if stage == "val" else np.arange(len(curve.steps))
            value = float(curve.values[until[-1]]) if until.size else math.nan
            if math.isfinite(value):
                numbers[name] = value
    return numbers
