"""Pictures of how gradients travel through time: curves against the lag, and maps over training."""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from zoo.diagnostics.lag_record import LagRecord
from zoo.pictures.gradient_plot import ALARM, DPI, TITLE, WIDTH
from zoo.pictures.lag_maps import LagMaps, headline, lag_maps, subtitle
from zoo.pictures.panels import (
    INK,
    LEFT,
    QUIET,
    RIGHT,
    TEXT,
    heading,
    label_right,
    log_axis,
    panel,
    shorten,
    span,
)
from zoo.pictures.time_maps import draw_bar, draw_map, ends_of, has_nonfinite

ABOVE, CURVES, SHARES, ROWS, BELOW = 0.95, 2.6, 1.2, 4.4, 0.5
"""Heights in inches; ROWS is that of all maps together, unless there are very few or many."""

BETWEEN, AXIS, NAME, BAR, GAP, GUTTER = 0.45, 0.35, 0.19, 0.2, 0.12, 0.35
"""Room in inches: above a panel, for its axis, for names of directions, for the colours; between maps, and
between directions."""

BAR_WIDTH = 1.9

MOST_ROWS = 8
"""Layers up to which each has a map; of more, evenly chosen ones have, the outermost among them."""


def draw_lags(records: Iterable[LagRecord]) -> Figure:
    """Size of the gradient by lag now, where the weights' gradient comes from, and maps over training.

    Args:
        records: Of one run, as `zoo.runs.lag_records.read_lags` yields them.

    Raises:
        ValueError: there is no record.
    """
    maps = lag_maps(records)
    layers = _chosen(maps.layers)
    row = float(np.clip(ROWS / max(len(layers), 1), 0.55, 1.7))
    rows = len(layers) * (row + GAP) - GAP
    name = NAME if len(maps.directions) > 1 else 0.0
    heights = (rows, SHARES, CURVES)
    height = BELOW + sum(heights) + 2 * (BETWEEN + name) + AXIS + BAR + ABOVE + name
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    _draw_title(figure, maps)
    for place, layer in enumerate(layers):
        columns = _columns(figure, maps, BELOW + place * (row + GAP), row)
        _draw_row(columns, layer, maps, lowest=place == 0)
    _head(figure, BELOW + rows, "Size of ∂loss/∂h over training, by steps back (upwards)", maps, BAR)
    _draw_bar(figure, BELOW + rows, maps)
    bottom = BELOW + rows + BETWEEN + name + BAR + AXIS
    _draw_shares(_columns(figure, maps, bottom, SHARES), maps)
    _head(figure, bottom + SHARES, "Share of the recurrent weights' gradient from further back", maps)
    bottom += SHARES + BETWEEN + name
    _draw_curves(_columns(figure, maps, bottom, CURVES), maps)
    _head(figure, bottom + CURVES, f"Size of ∂loss/∂h by steps back in time, step {maps.steps[-1]:,}", maps)
    return figure


def _draw_title(figure: Figure, maps: LagMaps) -> None:
    height, left, title = figure.get_figheight(), 0.125 / WIDTH, headline(maps)
    size = 13 * min(1.0, TITLE / len(title))
    figure.text(left, 1 - 0.14 / height, title, size=size, weight="bold", color=INK, va="top")
    figure.text(left, 1 - 0.42 / height, subtitle(maps), size=TEXT, color=QUIET, va="top")


def _columns(figure: Figure, maps: LagMaps, bottom: float, height: float) -> dict[str, Axes]:
    """A panel for each direction, side by side."""
    found, high = {}, figure.get_figheight()
    width = _width(maps)
    for place, direction in enumerate(maps.directions):
        axes = found[direction] = panel(figure, bottom, height)
        left = LEFT + place * (width + GUTTER)
        axes.set_position((left / WIDTH, bottom / high, width / WIDTH, height / high))
        if place:
            axes.tick_params(axis="y", labelleft=False, length=0)
    return found


def _width(maps: LagMaps) -> float:
    count = len(maps.directions)
    return (WIDTH - LEFT - RIGHT - GUTTER * (count - 1)) / count


def _head(figure: Figure, bottom: float, text: str, maps: LagMaps, room: float = 0.0) -> None:
    """Says above panels what they show, and above each of several columns which direction it is."""
    several = len(maps.directions) > 1
    axes = panel(figure, bottom, room + (NAME if several else 0.01))
    axes.set_axis_off()
    heading(axes, text)
    for place, direction in enumerate(maps.directions if several else []):
        left = (LEFT + place * (_width(maps) + GUTTER)) / WIDTH
        at = (bottom + 0.06) / figure.get_figheight()
        figure.text(left, at, direction, size=TEXT, color=QUIET, va="bottom")


def _draw_curves(columns: dict[str, Axes], maps: LagMaps) -> None:
    ends = {
        key: np.where(np.isfinite(table[:, -1]), table[:, -1], np.nan) for key, table in maps.states.items()
    }
    for direction, axes in columns.items():
        lags = np.arange(max(maps.lags, 1))
        span(axes, lags)
        log_axis(axes, np.concatenate(list(ends.values())))
        axes.tick_params(axis="x", labelbottom=False)  # the panel below has the same axis
        lines = {layer: norms for (layer, way), norms in ends.items() if way == direction}
        _draw_lines(axes, lines, maps)
        if direction == maps.directions[-1]:
            padded = {layer: _padded(norms, len(lags)) for layer, norms in lines.items()}
            label_right(axes, lags, padded, _colours(maps.layers))


def _draw_shares(columns: dict[str, Axes], maps: LagMaps) -> None:
    for direction, axes in columns.items():
        span(axes, np.arange(max(maps.lags, 1)))
        axes.set_ylim(-0.02, 1.02)
        axes.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
        _draw_lines(axes, {layer: row for (layer, way), row in maps.shares.items() if way == direction}, maps)
        axes.set_xlabel("steps back in time", size=TEXT, color=QUIET)


def _draw_lines(axes: Axes, lines: dict[str, Float[np.ndarray, " _lags"]], maps: LagMaps) -> None:
    colours, marker = _colours(maps.layers), "o" if maps.lags <= 40 else ""
    for layer, values in lines.items():
        shown = np.where(values >= 0, values, np.nan)
        axes.plot(
            np.arange(len(values)), shown, color=colours[layer], linewidth=1.6, marker=marker, markersize=3
        )


def _draw_row(columns: dict[str, Axes], layer: str, maps: LagMaps, lowest: bool) -> None:
    """The maps of one layer."""
    for direction, axes in columns.items():
        draw_map(axes, maps, (layer, direction), ends_of(maps))
        axes.tick_params(axis="x", labelbottom=lowest, length=3 if lowest else 0)
        if lowest:
            axes.set_xlabel("optimiser step", size=TEXT, color=QUIET)
    colour, last = _colours(maps.layers)[layer], columns[maps.directions[-1]]
    last.text(1.04, 0.5, shorten(layer, 13), transform=last.transAxes, size=TEXT, color=colour, va="center")


def _draw_bar(figure: Figure, bottom: float, maps: LagMaps) -> None:
    """What the colours mean, above the maps at their right."""
    ends, high = ends_of(maps), figure.get_figheight()
    bottom += NAME if len(maps.directions) > 1 else 0.06
    if ends is not None:
        left, width = 1 - (RIGHT + BAR_WIDTH) / WIDTH, BAR_WIDTH / WIDTH
        draw_bar(figure.add_axes((left, (bottom + 0.02) / high, width, 0.09 / high)), ends)
    if has_nonfinite(maps):
        figure.text(1 - (RIGHT - 0.1) / WIDTH, bottom / high, "■ NaN or inf", size=TEXT, color=ALARM)


def _chosen(layers: list[str]) -> list[str]:
    places = np.linspace(0, len(layers) - 1, min(len(layers), MOST_ROWS)).round().astype(int)
    return [layers[place] for place in places]


def _colours(layers: list[str]) -> dict[str, str]:
    """From dark at the input to bright at the output."""
    # The last sixth of the colours is too bright for a line on white.
    shades = colormaps["viridis"](np.linspace(0, 0.84, max(len(layers), 1)))
    return {layer: to_hex(shade) for layer, shade in zip(layers, shades, strict=False)}


def _padded(row: Float[np.ndarray, " lags"], length: int) -> Float[np.ndarray, " longest"]:
    return np.pad(row, (0, length - len(row)), constant_values=np.nan)
