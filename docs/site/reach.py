"""How much of an input reaches a later output before anything is learned: measured, kept, drawn."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from math import isfinite, log10
from pathlib import Path

import torch

import zoo

STEPS, WIDTH, BATCH, SEEDS = 100, 32, 8, 3
LOWEST = 1e-8
"""What lies below is drawn here."""
HIGHEST = 1e4
BESIDE = "lstm"
"""The cell that all others are drawn beside."""
SIZE, LEFT, BOTTOM, TOP = (640, 230), 58, 34, 12


def reaches(names: Iterable[str], cache: Path) -> dict[str, list[float]]:
    """`reach` of cells and of the one beside them; what was measured before is kept.

    Args:
        names: The cells.
        cache: The file they are kept in.
    """
    state = _state()
    kept = json.loads(cache.read_text(encoding="utf-8")) if cache.exists() else {}
    found = kept["reaches"] if kept.get("state") == state else {}
    for name in {*names, BESIDE} - set(found):
        found[name] = reach(name)
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(json.dumps({"state": state, "reaches": found}), encoding="utf-8")
    return found


def reach(name: str) -> list[float]:
    """The gradient of the last output with respect to the input k steps before it.

    Args:
        name: Of the cell, with its default options.

    Returns:
        For each k the root of the mean square over units, sequences and seeds, in parts of that at k = 0.
    """
    total = torch.zeros(STEPS, dtype=torch.float64)
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        stack = zoo.StackSpec(cell=name, hidden_size=WIDTH, engine="reference").build(WIDTH)
        x = torch.randn(BATCH, STEPS, WIDTH).requires_grad_()
        last = stack(x)[0][:, -1]
        (last * torch.randn_like(last)).sum().backward()
        assert x.grad is not None
        total += x.grad.double().square().sum((0, 2)).flip(0)
    norms = total.sqrt()
    shares: list[float] = (norms / (norms[0] if norms[0] > 0 else norms.max())).tolist()
    return [share if isfinite(share) else HIGHEST for share in shares]


def chart(name: str, found: Mapping[str, Sequence[float]]) -> str:
    """The curve of a cell, and that of the LSTM beside it, as SVG."""
    shown = [BESIDE, name] if name != BESIDE else [name]
    values = [value for each in shown for value in found[each]]
    high = max(1, _decade(max(values)))
    low = min(-1, max(_decade(LOWEST), _decade(min(values)) - 1))
    (wide, tall), decades = SIZE, range(low, high + 1)
    lines = []
    for decade in decades:
        y = _down(10.0**decade, low, high)
        lines.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{wide - 10}"/>')
        if decade % (1 if len(decades) < 7 else 2) == 0:
            power = f'10<tspan class="index" dy="-5">{str(decade).replace("-", "−")}</tspan>'
            lines.append(f'<text class="down" x="{LEFT - 8}" y="{y:.1f}">{power if decade else 1}</text>')
    for lag in range(0, STEPS + 1, 20):
        x = _along(lag)
        lines.append(f'<text class="along" x="{x:.1f}" y="{tall - 16}">{lag}</text>')
    lines.append(f'<text class="along" x="{_along(STEPS / 2):.1f}" y="{tall - 1}">steps back</text>')
    for each in shown:
        kind = "own" if each == name else "beside"
        lines.append(f'<path class="{kind}" d="{_curve(found[each], low, high)}"/>')
    title = f"Gradient with respect to inputs further and further back, of {' and '.join(shown)}"
    legend = "".join(
        f'<span class="{"own" if each == name else "beside"}">{escape(each)}</span>'
        for each in reversed(shown)
    )
    return (
        f'<div class="reach"><svg viewBox="0 0 {wide} {tall}" role="img" aria-label="{escape(title)}">'
        f'{"".join(lines)}</svg><p class="legend">{legend}</p></div>'
    )


def spark(values: Sequence[float]) -> str:
    """The curve alone, small, between a millionth and 10."""
    points = {
        (1 + 78 * lag / (len(values) - 1), 2 + 16 * (1 - log10(min(value, 10))) / 7): value >= 1e-6
        for lag, value in list(enumerate(values))[::3]
        if value > 0
    }
    return (
        '<svg class="spark" viewBox="0 0 80 20" width="80" height="20" aria-hidden="true">'
        f'<path d="{_line(points)}"/></svg>'
    )


def _state() -> str:
    """What decides the numbers: the cells, the step loop, torch, and the sizes above."""
    home = Path(zoo.__file__).parent
    sources = [*sorted((home / "cells").glob("*.py")), home / "engines" / "reference.py", Path(__file__)]
    whole = b"".join(path.read_bytes() for path in sources) + torch.__version__.encode()
    return hashlib.sha256(whole).hexdigest()


def _decade(value: float) -> int:
    return round(log10(min(max(value, LOWEST), HIGHEST)) + 0.49)


def _along(lag: float) -> float:
    return LEFT + (SIZE[0] - LEFT - 14) * lag / STEPS


def _down(value: float, low: int, high: int) -> float:
    share = (log10(min(max(value, 10.0**low), 10.0**high)) - low) / (high - low)
    return TOP + (SIZE[1] - TOP - BOTTOM) * (1 - share)


def _curve(values: Sequence[float], low: int, high: int) -> str:
    points = {(_along(lag), _down(value, low, high)): value >= 10.0**low for lag, value in enumerate(values)}
    return _line(points)


def _line(points: Mapping[tuple[float, float], bool]) -> str:
    """A line through the points that are to be seen, with gaps where others are."""
    path, is_on = "", False
    for (x, y), is_seen in points.items():
        if is_seen:
            path += f"{'L' if is_on else 'M'}{x:.1f} {y:.1f}"
        is_on = is_seen
    return path or "M0 0"
