"""What pictures of recurrent layers' weights show: matrices with their gates marked, and values by gate."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from zoo.diagnostics.parameter_paths import Place, depth_of
from zoo.pictures.by_unit import balanced, evenly
from zoo.pictures.description import Axis, Ends, HeatMap, Line, PanelRow, Picture, Plot
from zoo.pictures.looks import of_run
from zoo.pictures.wording import number, times

MOST_WAYS, BINS = 6, 30
"""Directions of layers up to which each has a row; of more, evenly chosen ones have. Bins of values."""
ALIKE = 2.0
"""Times that one gate's weights are spread as wide as another's, up to which that is no finding."""
COLUMNS = {"input": "from the layer below", "recurrent": "from the state"}

Matrices: TypeAlias = Mapping[str, Mapping[str, Float[np.ndarray, "rows columns"]]]
"""Block -> gate -> the gate's rows."""


def matrices_of(places: Mapping[Place, Sequence[Float[np.ndarray, "..."]]]) -> Mapping[str, Matrices]:
    """The matrices of recurrent layers by layer and direction, "layer 1 forward"; of others nothing.

    Args:
        places: Weights by place.
    """
    found: dict[str, dict[str, dict[str, Float[np.ndarray, "rows columns"]]]] = {}
    for place, parts in places.items():
        if depth_of(place.layer) and place.block in COLUMNS and parts[0].ndim == 2:
            way = found.setdefault(f"{place.layer} {place.direction}".strip(), {})
            way.setdefault(place.block, {})[place.gate] = parts[0]
    return found


def weights_picture(ways: Mapping[str, Matrices], step: int) -> Picture:
    """The weights of recurrent layers, gate by gate, as maps and as histograms.

    Args:
        ways: As `matrices_of` finds them.
        step: Optimiser steps that were taken.

    Raises:
        ValueError: there are none.
    """
    if not ways:
        raise ValueError("no recurrent layer with matrices to draw; expected at least one")
    names = list(ways)
    chosen = np.linspace(0, len(names) - 1, min(len(names), MOST_WAYS)).round().astype(int)
    ends = balanced([matrix for _, _, _, matrix in _each(ways)])
    rows = [_row(names[place], ways[names[place]], ends or (-1.0, 1.0)) for place in chosen]
    look = "Look for rows of one colour, units that hear nothing, and for a gate whose values lie apart"
    return Picture(title=headline(ways), subtitle=f"{look} · after {step:,} steps", rows=rows)


def headline(ways: Mapping[str, Matrices]) -> str:
    """The main finding: which gate's weights are spread widest, and which least."""
    broken = [way for way, _, _, matrix in _each(ways) if not np.isfinite(matrix).all()]
    if broken:
        return f"Weights of {broken[0]} are NaN or infinite"
    spread = {
        f"{way}{f', gate {gate}' if gate else ''}": float(matrix.std())
        for way, block, gate, matrix in _each(ways)
        if block == "recurrent"
    } or {way: float(matrix.std()) for way, _, _, matrix in _each(ways)}
    wide, narrow = max(spread, key=lambda key: spread[key]), min(spread, key=lambda key: spread[key])
    if spread[wide] <= ALIKE * spread[narrow]:
        ends = f"{number(_rounded(spread[narrow]))} to {number(_rounded(spread[wide]))}"
        return f"Recurrent weights are spread alike in all gates: σ of {ends}"
    if spread[narrow] == 0:
        return f"Recurrent weights of {narrow} are all equal"
    ratio = times(float(np.log10(spread[wide] / spread[narrow])))
    return f"Recurrent weights: {wide} is spread {ratio} as wide as {narrow}"


def _rounded(value: float) -> float:
    return float(f"{value:.2g}")


def _each(ways: Mapping[str, Matrices]) -> Iterator[tuple[str, str, str, Float[np.ndarray, "rows columns"]]]:
    """Layer and direction, block, gate, and the gate's rows."""
    for way, blocks in ways.items():
        for block, gates in blocks.items():
            for gate, matrix in gates.items():
                yield way, block, gate, matrix


def _row(way: str, blocks: Matrices, ends: Ends) -> PanelRow:
    gates = list(dict.fromkeys(gate for block in blocks.values() for gate in block if gate))
    order = f": gates {', '.join(gates)} from the bottom" if len(gates) > 1 else ""
    plots = [_map(COLUMNS[block], rows, ends) for block, rows in blocks.items()]
    title = f"{way[0].upper()}{way[1:]}{order}"
    return PanelRow(title=title, height=1.5, plots=[*plots, _values(blocks, ends)], named=True)


def _map(title: str, gates: Mapping[str, Float[np.ndarray, "rows columns"]], ends: Ends) -> Plot:
    """A matrix, a line between the gates."""
    matrix = np.concatenate(list(gates.values()))
    tops = np.cumsum([len(rows) for rows in gates.values()])
    middles = [float(top - len(rows) / 2 - 0.5) for top, rows in zip(tops, gates.values(), strict=True)]
    height, width = matrix.shape
    across, up = evenly(width), evenly(height)
    shown = np.where(np.isnan(matrix), np.inf, matrix)[np.ix_(up, across)]
    return Plot(
        title=title,
        across=Axis(title="column", scale="steps", ends=(-0.5, max(width, 2) - 0.5)),
        up=Axis(title="", ends=(-0.5, height - 0.5), ticks=tuple(zip(middles, gates, strict=True))),
        map=HeatMap(
            title="weight",
            values=shown,
            steps=across,
            ends=ends,
            stride=-(-height // len(up)),
            signed=True,
            cuts=tuple(float(top) - 0.5 for top in tops[:-1]),
        ),
    )


def _values(blocks: Matrices, ends: Ends) -> Plot:
    """A histogram of each gate, of all its blocks."""
    gates: dict[str, list[Float[np.ndarray, " values"]]] = {}
    for block in blocks.values():
        for gate, rows in block.items():
            gates.setdefault(gate, []).append(rows.ravel())
    edges = np.linspace(ends[0], ends[1], BINS + 1)
    lines = []
    for index, (gate, parts) in enumerate(gates.items()):
        values = np.concatenate(parts)
        counts, _ = np.histogram(np.clip(values[np.isfinite(values)], *ends), edges)
        shares = counts / max(counts.sum(), 1)
        name = f"gate {gate}" if gate else "weights"
        lines.append(Line(name=name, x=(edges[1:] + edges[:-1]) / 2, y=shares, look=of_run(index)))
    most = max(float(line.y.max()) for line in lines)
    ticks = tuple((end, number(_rounded(end))) for end in (ends[0], 0.0, ends[1]))
    across = Axis(title="value", ends=ends, ticks=ticks)
    up = Axis(title="", ends=(0.0, 1.08 * most or 1.0))
    return Plot(title="values, by gate", across=across, up=up, lines=lines)
