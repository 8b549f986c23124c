"""Where the parts of a drawing stand: in layers from left to right, such that few arrows cross."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import final

from docs.site.flow import Dataflow

SWEEPS = 12
"""How often the order within the layers is improved."""


@final
@dataclass
class Placed:
    """A drawing whose arrows lead from one layer to the next.

    Attributes:
        layers: The numbers in each layer, from top to bottom; those beyond the vertices are bends of arrows.
        paths: For each arrow its source, its target, and the bends between them.
        heights: How far down each number stands.
    """

    layers: list[list[int]]
    paths: list[list[int]]
    heights: dict[int, float] = field(default_factory=dict)


def placed(flow: Dataflow, room: Mapping[str, float]) -> Placed:
    """Puts vertices into layers, orders them, and says how far down they stand.

    Args:
        flow: What is drawn.
        room: How high each kind of vertex is, and "bend".
    """
    drawing = _with_bends(flow, _levels(flow))
    before, after = defaultdict(list), defaultdict(list)
    for path in drawing.paths:
        for first, second in pairwise(path):
            before[second].append(first)
            after[first].append(second)
    _order(drawing, before, after)
    kinds = [vertex.kind for vertex in flow.vertices]
    high = {
        number: room[kinds[number] if number < len(kinds) else "bend"]
        for layer in drawing.layers
        for number in layer
    }
    _settle(drawing, before, after, high)
    return drawing


def _levels(flow: Dataflow) -> list[int]:
    """The layer of each vertex: behind all that it takes; what takes nothing stands right before its use."""
    levels: list[int] = []
    for vertex in flow.vertices:
        levels.append(1 + max((levels[source] for source, _ in vertex.sources), default=-1))
    users: dict[int, list[int]] = defaultdict(list)
    for number, vertex in enumerate(flow.vertices):
        for source, _ in vertex.sources:
            users[source].append(number)
    last = max(levels) if len(levels) > 1 else 0
    for number in reversed(range(len(levels))):
        kind = flow.vertices[number].kind
        if kind == "result":
            levels[number] = last
        elif kind != "state" and users[number]:
            nearest = min(levels[user] for user in users[number]) - 1
            # a vertex with one arrow in and one out may slide; one that joins several stays where it is
            if not flow.vertices[number].sources:
                levels[number] = max(levels[number], nearest)
    return levels


def _with_bends(flow: Dataflow, levels: Sequence[int]) -> Placed:
    layers: list[list[int]] = [[] for _ in range(max(levels) + 1)]
    for number, level in enumerate(levels):
        layers[level].append(number)
    paths, count = [], len(levels)
    for number, vertex in enumerate(flow.vertices):
        for source, _ in vertex.sources:
            bends = []
            for level in range(levels[source] + 1, levels[number]):
                layers[level].append(count)
                bends.append(count)
                count += 1
            paths.append([source, *bends, number])
    return Placed(layers, paths)


def _order(drawing: Placed, before: Mapping[int, list[int]], after: Mapping[int, list[int]]) -> None:
    """Orders each layer by the mean place of its neighbours, from either side in turn, and keeps the best."""
    best, fewest = [list(layer) for layer in drawing.layers], _crossings(drawing)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        beside = before if forward else after
        for layer in drawing.layers if forward else reversed(drawing.layers):
            place = {number: row for other in drawing.layers for row, number in enumerate(other)}
            layer.sort(key=lambda number: _mean([place[each] for each in beside[number]], place[number]))
        if (found := _crossings(drawing)) < fewest:
            best, fewest = [list(layer) for layer in drawing.layers], found
    drawing.layers[:] = best


def _crossings(drawing: Placed) -> int:
    place = {
        number: (level, row) for level, layer in enumerate(drawing.layers) for row, number in enumerate(layer)
    }
    by_level: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for path in drawing.paths:
        for first, second in pairwise(path):
            by_level[place[first][0]].append((place[first][1], place[second][1]))
    return sum(
        (a - c) * (b - d) < 0
        for arrows in by_level.values()
        for at, (a, b) in enumerate(arrows)
        for c, d in arrows[:at]
    )


def _settle(
    drawing: Placed,
    before: Mapping[int, list[int]],
    after: Mapping[int, list[int]],
    high: Mapping[int, float],
) -> None:
    """Moves each layer towards its neighbours, again and again, without changing its order."""
    for layer in drawing.layers:
        top = -sum(high[number] for number in layer) / 2
        for number in layer:
            drawing.heights[number] = top + high[number] / 2
            top += high[number]
    for sweep in range(2 * SWEEPS):
        for layer in drawing.layers if sweep % 2 == 0 else reversed(drawing.layers):
            wanted = [
                _mean(
                    [drawing.heights[each] for each in [*before[number], *after[number]]],
                    drawing.heights[number],
                )
                for number in layer
            ]
            drawing.heights.update(
                zip(layer, _apart(wanted, [high[number] for number in layer]), strict=True)
            )


def _apart(wanted: Sequence[float], high: Sequence[float]) -> list[float]:
    """The heights nearest to the wanted ones, by least squares, at which nothing overlaps."""
    offsets = [0.0]
    for upper, lower in pairwise(high):
        offsets.append(offsets[-1] + (upper + lower) / 2)
    groups: list[tuple[float, int]] = []
    for value, offset in zip(wanted, offsets, strict=True):
        groups.append((value - offset, 1))
        while len(groups) > 1 and groups[-2][0] > groups[-1][0]:
            (last, some), (mean, others) = groups.pop(), groups.pop()
            groups.append(((last * some + mean * others) / (some + others), some + others))
    levelled = [mean for mean, count in groups for _ in range(count)]
    return [value + offset for value, offset in zip(levelled, offsets, strict=True)]


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
