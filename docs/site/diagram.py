"""A data flow as SVG, in the colours of the page around it."""

import re
from collections import defaultdict
from html import escape
from itertools import pairwise

from docs.site.flow import Dataflow, Vertex
from docs.site.layers import Placed, placed

ROOM = {"state": 44.0, "box": 44.0, "junction": 40.0, "result": 44.0, "bend": 16.0}
HEIGHT = 30
GAP = 34
"""Between two layers."""
LETTER = 7.4
SIGN = 26
"""Width of a junction."""
EDGE = 6
INDEX = re.compile(r"([_^]\{[^}]*\}|(?<!\w\w)_\w+)")
"""An index: behind a single letter, or in brackets; other names have their bars."""


def diagram(flow: Dataflow, title: str) -> str:
    """The SVG of a data flow.

    Args:
        flow: What is drawn.
        title: What it shows, for those who do not see it.
    """
    drawing = placed(flow, ROOM)
    wide = [_width(vertex) for vertex in flow.vertices]
    across, total = _across(drawing, wide)
    top = min(drawing.heights.values()) - HEIGHT
    tall = max(drawing.heights.values()) + HEIGHT - top
    down = {number: height - top for number, height in drawing.heights.items()}
    roles = [role for vertex in flow.vertices for _, role in vertex.sources]
    ends = _ends(drawing, down, roles)
    arrows = [
        _arrow(path, role, across, down, wide, end)
        for path, role, end in zip(drawing.paths, roles, ends, strict=True)
    ]
    shapes = [
        _shape(vertex, across[number], down[number], wide[number])
        for number, vertex in enumerate(flow.vertices)
    ]
    # on narrow pages it shrinks a little, and is then moved from side to side
    size = f"max-width:{total:.0f}px;min-width:{0.75 * total:.0f}px"
    return (
        f'<div class="dataflow"><svg viewBox="0 0 {total:.0f} {tall:.0f}" style="{size}"'
        f' role="img" aria-label="{escape(title)}">{"".join(arrows)}{"".join(shapes)}</svg></div>'
    )


def _width(vertex: Vertex) -> float:
    letters = len(re.sub(r"[_^{}]", "", vertex.label))
    if vertex.kind == "junction":
        return max(SIGN, letters * LETTER + 14)
    return letters * LETTER + 18


def _across(drawing: Placed, wide: list[float]) -> tuple[dict[int, float], float]:
    """Where the middle of each number is from left to right, and how wide all is."""
    across: dict[int, float] = {}
    left = float(EDGE)
    for layer in drawing.layers:
        widest = max((wide[number] for number in layer if number < len(wide)), default=0.0)
        across |= dict.fromkeys(layer, left + widest / 2)
        left += widest + GAP
    return across, left - GAP + EDGE


def _ends(drawing: Placed, down: dict[int, float], roles: list[str]) -> list[float]:
    """How far from the middle of its target each arrow ends: those into one place side by side."""
    into: dict[int, list[int]] = defaultdict(list)
    for number, path in enumerate(drawing.paths):
        into[path[-1]].append(number)
    ends = [0.0] * len(drawing.paths)
    for numbers in into.values():
        apart = 11 if any(roles[number] for number in numbers) else 8
        numbers.sort(key=lambda number: down[drawing.paths[number][-2]])
        for place, number in enumerate(numbers):
            ends[number] = (place - (len(numbers) - 1) / 2) * apart
    return ends


def _arrow(
    path: list[int],
    role: str,
    across: dict[int, float],
    down: dict[int, float],
    wide: list[float],
    end: float,
) -> str:
    source, *bends, target = path
    points = [(across[source] + wide[source] / 2, down[source])]
    for bend in bends:
        points.append((across[bend], down[bend]))
    points.append((across[target] - wide[target] / 2 - 6, down[target] + end))
    line = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x, y), (to_x, to_y) in pairwise(points):
        middle = (x + to_x) / 2
        line += f"C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
    x, y = points[-1]
    head = f'<path class="head" d="M{x + 6:.1f} {y:.1f}l-8 -4v8z"/>'
    said = f'<text class="role" x="{x - 4:.1f}" y="{y - 6:.1f}">{escape(role)}</text>' if role else ""
    return f'<path class="arrow" d="{line}"/>{head}{said}'


def _shape(vertex: Vertex, x: float, y: float, wide: float) -> str:
    round_ = {"state": HEIGHT / 2, "result": HEIGHT / 2, "junction": SIGN / 2, "box": 5}[vertex.kind]
    high = SIGN if vertex.kind == "junction" else HEIGHT
    return (
        f'<g class="{vertex.kind}"><rect x="{x - wide / 2:.1f}" y="{y - high / 2:.1f}" width="{wide:.1f}"'
        f' height="{high}" rx="{round_}"/><text x="{x:.1f}" y="{y:.1f}">{_label(vertex.label)}</text></g>'
    )


def _label(text: str) -> str:
    """A label with its indices below the line."""
    found = INDEX.split(text)
    spans = []
    for place, part in enumerate(found):
        if place % 2 == 0:
            spans.append(escape(part))
            continue
        shift = 4 if part[0] == "_" else -5
        small = escape(part[1:].strip("{}"))
        spans.append(f'<tspan class="index" dy="{shift}">{small}</tspan><tspan dy="{-shift}">\u200b</tspan>')
    return "".join(spans)
