"""What pictures of gradients through time show: curves against the lag, and maps over training."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from zoo.diagnostics.lag_record import Curves, LagRecord, shares_beyond
from zoo.pictures.captions import captioned
from zoo.pictures.description import (
    MAP_DECADES,
    MOST_DECADES,
    Axis,
    Ends,
    HeatMap,
    Line,
    PanelRow,
    Picture,
    Plot,
    column_axis,
    extent,
    lag_axis,
    log_axis,
    share_axis,
)
from zoo.pictures.looks import of_layers
from zoo.pictures.wording import shorten, times
from zoo.runs.lag_records import in_order

WORDS = {"state": "‖∂loss/∂{}‖", "weight": "‖part of ∂loss/∂W‖"}
"""What a record's two kinds of norms are of."""

SHARE = "share from further back"

ALIKE = math.log10(2)
"""Decades between two gradients up to which they count as about as large."""

USUAL = 1.0
"""Decades up to which a difference is no finding by itself."""

MOST_LAGS = 300
"""Rows of a map; of more lags every n-th has one."""

MOST_ROWS, MOST_COLUMNS = 8, 400
"""Layers up to which each has a map in the picture, and measured steps up to twice which each has a column in
it; of more, evenly chosen ones have."""

LagRows = Mapping[str, Float[np.ndarray, " _lags"]]
"""Layer and direction -> a value for each lag."""


def norms_of(record: LagRecord, kind: str, state: str = "h") -> LagRows:
    """The norms of one kind in one step: of one of the cell's states, or of the recurrent weights."""
    return {key: np.array(row) for key, row in curves_of(record, kind).items() if state_of(key) == state}


def shares_of(record: LagRecord) -> LagRows:
    """Of each lag the share of the recurrent weights' gradient that comes from beyond it."""
    rest = record.rest
    return {
        key: np.array(shares_beyond(row, rest.get(key, 0.0))) for key, row in record.weight.items() if row
    }


def curves_of(record: LagRecord, kind: str) -> Curves:
    """The norms of one kind, of all states."""
    return record.state if kind == "state" else record.weight


def size_by_lag(rows: LagRows, up: Axis, count: int, index: int = 0) -> Plot:
    """Norms or shares against the lag, a line for each layer and direction.

    Args:
        rows: What is shown.
        up: Its axis.
        count: Lags on the other axis.
        index: Of the run, where a page has several.
    """
    looks = of_layers(list(dict.fromkeys(layer_of(key) for key in rows)))
    lines = [
        Line(
            name=way_of(key),
            x=np.arange(len(row)),
            y=np.where(row > 0, row, np.nan) if up.scale == "log" else row,
            look=looks[layer_of(key)].of(direction_of(key)),
            run=index,
        )
        for key, row in rows.items()
    ]
    return Plot(title=up.title, across=lag_axis(count), up=up, lines=lines)


def norm_axis(records: Sequence[LagRecord], kind: str, state: str = "h") -> Axis:
    """The axis that the norms of one kind in all these steps share."""
    values = [row for record in records for row in norms_of(record, kind, state).values()]
    return log_axis(WORDS[kind].format(state), values)


def beyond_axis(parts: int = 4) -> Axis:
    """The axis of shares from further back, with a tick after each of so many parts."""
    return share_axis(SHARE, parts)


def lag_map(
    records: Sequence[LagRecord], kind: str, key: str, across: Axis, up: Axis, ends: Ends | None
) -> Plot:
    """The norms of one layer and direction over training.

    Args:
        records: Of the steps that are shown.
        kind: Of the norms.
        key: Layer, direction and state.
        across: Of the steps.
        up: Of the lags.
        ends: What all maps' darkest and brightest colour stand for.
    """
    rows = [curves_of(record, kind).get(key, []) for record in records]
    table = np.full((max([1, *map(len, rows)]), len(rows)), np.nan)
    for column, row in enumerate(rows):
        # In the records NaN says that a norm was not finite, here that there is none.
        table[: len(row), column] = np.nan_to_num(row, nan=np.inf)
    stride = -(-len(table) // MOST_LAGS)
    return Plot(
        title=f"{WORDS[kind].format(state_of(key))}, {way_of(key)}",
        across=across,
        up=up,
        map=HeatMap(
            title="norm",
            values=table[::stride],
            steps=np.array([one.step for one in records]),
            ends=ends,
            stride=stride,
        ),
    )


def colours_of(records: Sequence[LagRecord], keys: Sequence[str], kind: str = "state") -> Ends | None:
    """The ends of the colours that the maps of these layers and directions share."""
    rows = [np.array(curves_of(record, kind).get(key, [])) for record in records for key in keys]
    return extent(rows, MAP_DECADES)


def longest(records: Sequence[LagRecord]) -> int:
    """How many lags there are in the longest measured sequence."""
    return max((len(row) for record in records for row in record.state.values()), default=0)


def lags_picture(records: Iterable[LagRecord], turned: Sequence[float] = (), told: str = "") -> Picture:
    """Size of the gradient by lag now, where the weights' gradient comes from, and maps over training.

    Args:
        records: Of one run, as `zoo.runs.lag_records.read_lags` yields them.
        turned: Steps to mark, where the run went wrong.
        told: What they mark, in a clause.

    Raises:
        ValueError: there is no record.
    """
    run = in_order(records, MOST_COLUMNS)
    if not run:
        raise ValueError("no record of gradients through time; expected at least one")
    last, count = run[-1], max(longest(run), 1)
    keys = list(dict.fromkeys(key for record in run for key in record.weight))
    ways = list(dict.fromkeys(map(direction_of, keys)))
    sizes = {key: norms for key, norms in norms_of(last, "state").items() if key in keys}
    curves = _by_direction(size_by_lag(sizes, norm_axis([last], "state"), count), list(sizes), ways)
    shares = shares_of(last)
    beyond = _by_direction(size_by_lag(shares, beyond_axis(parts=2), count), list(shares), ways)
    size_title = f"Size of ∂loss/∂h by steps back in time, step {last.step:,}"
    share_title = "Share of the recurrent weights' gradient from further back"
    rows = [
        PanelRow(title=size_title, height=2.6, plots=curves, named=True),
        PanelRow(title=share_title, height=1.2, plots=beyond),
        *(
            replace(row, plots=[replace(plot, marks=turned) for plot in row.plots])
            for row in _map_rows(run, keys, ways)
        ),
    ]
    title, second = captioned(headline(last), subtitle(run), turned, told)
    return Picture(title=title, subtitle=second, rows=rows)


def _by_direction(whole: Plot, keys: Sequence[str], ways: Sequence[str]) -> list[Plot]:
    """A plot for each direction, in which lines need not tell which it is."""
    lines = [
        (direction_of(key), replace(line, name=layer_of(key), look=replace(line.look, dash="solid")))
        for key, line in zip(keys, whole.lines, strict=True)
    ]
    return [replace(whole, title=way, lines=[line for of, line in lines if of == way]) for way in ways]


def _map_rows(run: Sequence[LagRecord], keys: Sequence[str], ways: Sequence[str]) -> Iterator[PanelRow]:
    """The maps of the layers, that of the first at the bottom."""
    layers = list(dict.fromkeys(key.partition("/")[0] for key in keys))
    places = np.linspace(0, len(layers) - 1, min(len(layers), MOST_ROWS)).round().astype(int)
    looks, height = of_layers(list(map(layer_of, layers))), float(np.clip(4.4 / len(places), 0.55, 1.7))
    across, up = column_axis(np.array([one.step for one in run])), lag_axis(longest(run))
    ends = colours_of(run, keys)
    title = "Size of ∂loss/∂h over training, by steps back (upwards)"
    for layer in (layers[place] for place in places[::-1]):
        maps = [lag_map(run, "state", f"{layer}/{way}".rstrip("/"), across, up, ends) for way in ways]
        plots = [replace(plot, title=way) for plot, way in zip(maps, ways, strict=True)]
        name = layer_of(layer)
        yield PanelRow(title=title, height=height, plots=plots, label=(shorten(name, 13), looks[name].colour))
        title = ""


def headline(record: LagRecord) -> str:
    """The main finding of a step: how much less, or more, gradient arrives at the far end of a sequence."""
    known = {key: end for key in record.weight if (end := _far_end(record.state.get(key, []))) is not None}
    if not known:
        return "Gradient through time, by layer"
    key, (decades, lag) = max(known.items(), key=lambda item: abs(item[1][0]))
    back = f"{lag} step{'s' if lag > 1 else ''} back"
    if abs(decades) <= ALIKE:
        return f"The gradient is about as large {back} as at the last step, in all layers"
    layer = shorten(layer_of(key), 24)
    several = len({direction_of(other) for other in record.weight}) > 1
    where = f"{layer}, {direction_of(key)}," if several else layer
    if decades < -MOST_DECADES:
        return f"In {where} no gradient is left {back}"
    size = f"{times(abs(decades))} {'larger' if decades > 0 else 'smaller'}"
    if abs(decades) <= USUAL:
        return f"Gradient reaches {back}: in {where.removesuffix(',')} it is {size}"
    return f"In {where} the gradient is {size} {back} than at the last step"


def subtitle(records: Sequence[LagRecord]) -> str:
    """What to look at, and how often it was measured."""
    count, last = len(records), f"step {records[-1].step:,}"
    often = f"measured in {count} steps, the last of them {last}" if count > 1 else f"measured in {last}"
    steep = any(abs(end[0]) > ALIKE for norms in records[-1].state.values() if (end := _far_end(norms)))
    return (
        f"Look at {'where the lines begin to fall or rise' if steep else 'how flat the lines are'} · {often}"
    )


def layer_of(key: str) -> str:
    """The layer, for people."""
    return key.partition("/")[0].replace("_", " ")


def direction_of(key: str) -> str:
    """The direction, or ""."""
    return [*key.split("/"), ""][1]


def state_of(key: str) -> str:
    """The state that a key is of: h, unless a third part names another."""
    return [*key.split("/"), "h", "h"][2]


def way_of(key: str) -> str:
    """Layer and direction, for people."""
    return f"{layer_of(key)} {direction_of(key)}".strip()


def _far_end(norms: Sequence[float]) -> tuple[float, int] | None:
    """Decades from the first to the last gradient, and the lag of the last; None where there are not two."""
    if len(norms) < 2 or not all(map(math.isfinite, norms)) or norms[0] <= 0:
        return None
    least = np.finfo(np.float64).tiny
    return math.log10(max(norms[-1], least)) - math.log10(norms[0]), len(norms) - 1
