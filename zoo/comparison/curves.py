"""The curves of a run, also of one that was stopped and has gone on in another folder."""

from pathlib import Path

import numpy as np

from zoo.runs.metrics_file import METRICS, Curve, read_metrics

SEED_FOLDER = "seed_"
"""How the name of a folder begins whose versions are parts of one run."""


def curves_of(folder: Path) -> dict[str, Curve]:
    """What a run has logged, by its names.

    Args:
        folder: Of the run; in a comparison that of its newest version, which goes on where the others ended.
    """
    points: dict[str, dict[float, float]] = {}
    for version in _versions(folder):
        path = version / METRICS
        for name, curve in read_metrics(path)[0].items() if path.is_file() else ():
            told = points.setdefault(name, {})
            # A version that goes on from an earlier step has taken back what came after it.
            for step in [step for step in told if step >= curve.steps[0]]:
                del told[step]
            told |= dict(zip(curve.steps.tolist(), curve.values.tolist(), strict=True))
    return {name: Curve(np.array(list(told)), np.array(list(told.values()))) for name, told in points.items()}


def _versions(folder: Path) -> list[Path]:
    if not folder.parent.name.startswith(SEED_FOLDER):
        return [folder]
    return sorted(folder.parent.glob("version_*"), key=lambda path: (len(path.name), path.name))
