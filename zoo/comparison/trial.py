"""One run of a comparison: a variant with a seed, and what its folder says of it."""

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np

from zoo.comparison.curves import curves_of
from zoo.diagnostics.quantities import Metric
from zoo.report.curves import is_result
from zoo.report.verdict import verdict_of
from zoo.runs.metrics_file import Curve, read_mapping
from zoo.verdict.judge import Finding

MONITORED = "val/loss"
"""What decides which checkpoint is the best."""
MODEL = re.compile(r"^\w+ (?:(?P<stack>.+), )?(?P<parameters>[\d,]+) parameters$")
"""The line about a model in environment.json."""
HEALTHY, UNMEASURED = "healthy", "not measured"
"""What stands for a verdict that finds nothing, and for one that had nothing to look at."""


@final
@dataclass(frozen=True, kw_only=True)
class Trial:
    """A run, as far as a comparison looks at it.

    Attributes:
        variant: What it is a run of.
        seed: None where nothing says.
        folder: Where it is kept.
        metrics: Those of the test; of validation those of the best epoch.
        stack: What the model is made of.
        parameters: Of the whole model; None where nothing says.
        encoder_parameters: Of its encoder alone.
        seconds: Of training, with validation.
        verdict: The first finding on its gradients in a word or two.
        finding: The same in a sentence.
        error: Why it has failed; "" where it has not.
    """

    variant: str
    seed: int | None
    folder: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    stack: str = ""
    parameters: int | None = None
    encoder_parameters: int | None = None
    seconds: float | None = None
    verdict: str = ""
    finding: str = ""
    error: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON has it: a metric that is not finite is null."""
        finite = {name: value if math.isfinite(value) else None for name, value in self.metrics.items()}
        return {**asdict(self), "metrics": finite}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Trial":
        """The trial whose plain form this is.

        Raises:
            TypeError: it is none.
        """
        kept = plain["metrics"].items()
        return cls(**{**plain, "metrics": {name: math.nan if v is None else v for name, v in kept}})


def read_trial(variant: str, seed: int | None, folder: Path) -> Trial:
    """What the folder of a run says, also of one that has not come to its end."""
    environment = read_mapping(folder / "environment.json")
    model = MODEL.match(str(environment.get("model", "")))
    seconds = environment.get("seconds")
    metrics = _measured(curves_of(folder))
    first = verdict_of(folder)[0]
    return Trial(
        variant=variant,
        seed=seed,
        folder=str(folder),
        metrics=metrics,
        stack=(model["stack"] or "") if model else "",
        parameters=int(model["parameters"].replace(",", "")) if model else None,
        seconds=seconds if isinstance(seconds, int | float) else None,
        verdict=_in_a_word(first),
        finding=first.text,
        error=_error(metrics),
    )


def _error(metrics: Mapping[str, float]) -> str:
    """Why what was measured is nothing to compare; "" where it is."""
    broken = [name for name, value in metrics.items() if not math.isfinite(value)]
    return f"{broken[0]} is not finite" if broken else "" if metrics else "nothing was measured"


def _measured(curves: Mapping[str, Curve]) -> dict[str, float]:
    """The results of the test, and those of validation where the monitored one was lowest."""
    tested = {name: float(curve.values[-1]) for name, curve in curves.items() if name.startswith("test/")}
    monitored = curves.get(MONITORED)
    known = np.array([]) if monitored is None else np.flatnonzero(np.isfinite(monitored.values))
    if monitored is None or not known.size:
        return _results(tested)
    best = monitored.steps[known[np.argmin(monitored.values[known])]]
    validated = {
        name: float(curve.values[curve.steps == best][0])
        for name, curve in curves.items()
        if name.startswith("val/") and best in curve.steps
    }
    return _results({**tested, **validated})


def _results(metrics: Mapping[str, float]) -> dict[str, float]:
    """Those that tell how good the model is."""
    return {name: value for name, value in metrics.items() if is_result(name) and Metric.of(name) is None}


def _in_a_word(finding: Finding) -> str:
    if finding.severity == "good":
        return HEALTHY
    return finding.rule or UNMEASURED
