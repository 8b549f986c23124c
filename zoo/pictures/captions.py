"""What a picture of gradients shows, in words."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from zoo.diagnostics.parameter_paths import depth_of
from zoo.pictures.wording import times
from zoo.runs.timeline import Timeline

ALIKE = math.log10(2)
"""Decades between the first and the last layer up to which they count as equally well supplied."""

VANISHES, EXPLODES = -1.0, 2.0
"""Decades beyond which a verdict calls it so; what lies between them is no finding by itself."""

CHANGED = 1.0
"""Decades between that at first and that later from which on both are told."""


def headline(run: Timeline) -> str:
    """The main finding: how the gradient of the stack's first layer compares with that of its last."""
    stack = _longest_stack(run.layers)
    decades = _decades(run, stack[0], stack[-1]) if len(stack) > 1 else np.array([])
    if not decades.size:
        return "Size of the gradient by layer, over training"
    count = len(decades)
    early = float(np.median(decades[: max(count // 10, 1)]))
    late = float(np.median(decades[count // 2 :]))
    told_both = count > 3 and abs(early - late) > CHANGED
    usual = float(np.median(decades))
    if not told_both and abs(usual) > ALIKE and VANISHES <= usual <= EXPLODES:
        than = f"{times(abs(usual))} {'more' if usual > 0 else 'less'} than {stack[-1]}"
        return f"Gradient reaches all layers: {stack[0]} gets {than}"
    words = f"{stack[0].capitalize()} gets {_compared(early if told_both else usual)}"
    sentence = words.replace(
        "…", f"gradient as {stack[-1]}" if "as much" in words else f"gradient than {stack[-1]}"
    )
    return f"{sentence} at first, {_compared(late).removesuffix(' …')} later" if told_both else sentence


def subtitle(run: Timeline) -> str:
    """What to look at, how often it was measured, and what clipping and the numbers did."""
    count = len(run.steps)
    parts = [
        "Look at how far apart the lines lie",
        f"measured in {count} step{'s' if count > 1 else ''}",
        f"{run.clipped.mean():.0%} clipped" if run.clipped.any() else "none clipped",
    ]
    broken = int(run.nonfinite.any(axis=0).sum())
    if broken:
        parts.append(f"{broken} with NaN or infinity")
    return " · ".join(parts)


def captioned(title: str, subtitle: str, turned: Sequence[float], told: str) -> tuple[str, str]:
    """The finding, and what to look at: where steps are marked, that comes first.

    Args:
        title: What would be the finding.
        subtitle: What would be looked at.
        turned: Marked steps.
        told: What they mark, in a clause.
    """
    if not turned:
        return title, subtitle
    return told[0].upper() + told[1:], f"Look at what follows the dashed line · {title[0].lower()}{title[1:]}"


def _longest_stack(layers: tuple[str, ...]) -> list[str]:
    """The layers of the deepest stack, from its first to its last."""
    stacks: dict[str, list[str]] = {}
    for layer in layers:
        if depth_of(layer):
            stacks.setdefault(layer.rpartition(" ")[0], []).append(layer)
    return max(stacks.values(), key=len, default=[])


def _decades(run: Timeline, first: str, last: str) -> Float[np.ndarray, " steps"]:
    """How many powers of ten the first layer's gradient is above the last layer's, where both have one."""
    near, far = run.rms[run.layers.index(first)], run.rms[run.layers.index(last)]
    both = (near > 0) & (far > 0)
    return np.asarray(np.log10(near[both]) - np.log10(far[both]))


def _compared(decades: float) -> str:
    if abs(decades) <= ALIKE:
        return "about as much …"
    return f"{times(abs(decades))} {'more' if decades > 0 else 'less'} …"
