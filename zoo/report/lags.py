"""How far back in time the gradient reaches: as curves over the lag, and as maps over training."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from zoo.diagnostics.lag_record import Curves, LagRecord, shares_beyond
from zoo.report.figure import (
    MOST_COLUMNS,
    Layout,
    Panel,
    Section,
    Table,
    Trace,
    View,
    evenly,
    line,
    log_axis,
    over_steps,
    packed,
)
from zoo.report.palette import level, of_layers, of_run
from zoo.report.run import Run, remarks
from zoo.report.text import number, power
from zoo.runs.lag_records import THROUGH_TIME

WORDS = {"state": "‖∂loss/∂{}‖", "weight": "‖part of ∂loss/∂W‖"}
"""What the file's two kinds of norms are of."""

SHARE = "share from further back, last step"
SHARES: Layout = {"title": {"text": "share from further back"}, "range": [-0.02, 1.02], "tickformat": ".0%"}

LagRows = dict[str, Float[np.ndarray, " lags"]]
"""Layer and direction -> a norm for each lag."""

MOST_MAPS = 24
SHOWN_LAGS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500)


def by_lag(runs: Sequence[Run]) -> Section:
    """The section of curves: a panel for each run, and one in which all runs meet, layer by layer."""
    known = [run for run in runs if run.lags]
    panels = [Panel(run.name, _curves(run, known), run.index) for run in known]
    if len(known) > 1:
        panels.append(Panel("first layer of all runs", _together(known)))
    return Section(
        title="Gradient against lag",
        caption="How much gradient arrives so many steps before the end of a sequence. A line that falls "
        "straight forgets by the same factor at each step; where it has fallen a thousandfold, nothing older "
        "is learned. The share from further back is that of the summed norms of the recurrent weight's "
        "gradient.",
        panels=panels,
        tables=[_table(run, len(runs) > 1) for run in known],
        notes=remarks(runs, THROUGH_TIME),
    )


def over_training(runs: Sequence[Run]) -> Section:
    """The section of maps, a panel for each run, on the same axes and in the same colours."""
    known = [run for run in runs if run.lags]
    return Section(
        title="Gradient against lag over training",
        caption="Each column is a step of the optimiser, each row a lag; the brighter, the more gradient "
        "arrives. A bright region that grows upwards is a network that learns to look further back.",
        panels=[Panel(run.name, _maps(run, known), run.index) for run in known],
        notes=[] if known else [f"Without {THROUGH_TIME} there is no map."],
    )


def _curves(run: Run, runs: Sequence[Run]) -> list[View]:
    views = []
    for kind, state in _kinds(runs):
        heights = log_axis(_rows(runs, kind, state), _words(kind, state))
        for when, lags in (("last step", run.lags[-1]), ("first step", run.lags[0])):
            lines = _lines(_lag_rows(lags, kind, state), run.index)
            views.append(View(f"{_words(kind, state)}, {when}", lines, _layout(runs, heights)))
    return [*views, View(SHARE, _lines(_beyond(run.lags[-1]), run.index), _layout(runs, SHARES))]


def _together(runs: Sequence[Run]) -> list[View]:
    """The views of `_curves`, so that one choice serves all, with the first layer of every run in each."""
    views = []
    for kind, state in _kinds(runs):
        heights = log_axis(_rows(runs, kind, state), _words(kind, state))
        for when, place in (("last step", -1), ("first step", 0)):
            found = {run: _lag_rows(run.lags[place], kind, state) for run in runs}
            views.append(View(f"{_words(kind, state)}, {when}", _firsts(found), _layout(runs, heights)))
    beyond = {run: _beyond(run.lags[-1]) for run in runs}
    return [*views, View(SHARE, _firsts(beyond), _layout(runs, SHARES))]


def _kinds(runs: Sequence[Run]) -> list[tuple[str, str]]:
    """The kinds of norms in any run: of each state that a cell has, and of the recurrent weights."""
    states = dict.fromkeys(_state(key) for run in runs for lags in _ends(run) for key in lags.state)
    weighed = any(lags.weight for run in runs for lags in _ends(run))
    return [("state", state) for state in states] + ([("weight", "h")] if weighed else [])


def _norms(lags: LagRecord, kind: str) -> Curves:
    return lags.state if kind == "state" else lags.weight


def _lag_rows(lags: LagRecord, kind: str, state: str) -> LagRows:
    return {key: np.array(row) for key, row in _norms(lags, kind).items() if _state(key) == state}


def _rows(runs: Sequence[Run], kind: str, state: str) -> list[np.ndarray]:
    return [row for run in runs for lags in _ends(run) for row in _lag_rows(lags, kind, state).values()]


def _ends(run: Run) -> tuple[LagRecord, LagRecord]:
    return run.lags[0], run.lags[-1]


def _words(kind: str, state: str) -> str:
    return WORDS[kind].format(state)


def _lines(rows: LagRows, run: int) -> list[Trace]:
    looks = of_layers(list(dict.fromkeys(_layer(key) for key in rows)))
    return [
        line(
            np.arange(len(row)),
            np.where(row > 0, row, np.nan),
            _way(key),
            looks[_layer(key)] | {"dash": "dash" if "/backward" in key else "solid", "run": run},
        )
        for key, row in rows.items()
    ]


def _firsts(by_run: Mapping[Run, LagRows]) -> list[Trace]:
    traces = []
    for run, rows in by_run.items():
        for key, row in list(rows.items())[:1]:
            values = np.where(row > 0, row, np.nan)
            traces.append(line(np.arange(len(row)), values, f"{run.name}, {_way(key)}", of_run(run.index)))
    return traces


def _state(key: str) -> str:
    """The state that a key is of: h, unless a third part names another."""
    return [*key.split("/"), "h", "h"][2]


def _way(key: str) -> str:
    """Layer and direction, for people."""
    return " ".join(key.replace("_", " ").split("/")[:2])


def _layer(key: str) -> str:
    return key.partition("/")[0].replace("_", " ")


def _beyond(lags: LagRecord) -> LagRows:
    """Of each lag the share of the weight's gradient that comes from beyond it."""
    rest = lags.rest
    return {key: np.array(shares_beyond(row, rest.get(key, 0.0))) for key, row in lags.weight.items()}


def _layout(runs: Sequence[Run], vertical: Layout) -> Layout:
    longest = max((len(row) for run in runs for lags in _ends(run) for row in lags.state.values()), default=1)
    across = {"title": {"text": "steps back in time"}, "range": [-0.02 * longest, max(longest - 1, 1) * 1.02]}
    return {"height": 340, "xaxis": across, "yaxis": vertical}


def _maps(run: Run, runs: Sequence[Run]) -> list[View]:
    """Of each layer and direction that any run has a map, so that the panels have the same views."""
    keys = [(kind, key) for kind in ("state", "weight") for key in _keys(runs, kind)]
    return [
        View(f"{_words(kind, _state(key))}, {_way(key)}", *_map(run, runs, kind, key)) for kind, key in keys
    ]


def _keys(runs: Sequence[Run], kind: str) -> list[str]:
    keys = list(dict.fromkeys(key for run in runs for key in _norms(run.lags[-1], kind)))
    return [keys[index] for index in evenly(len(keys), MOST_MAPS)] if keys else []


def _map(run: Run, runs: Sequence[Run], kind: str, key: str) -> tuple[list[Trace], Layout]:
    lags = [run.lags[index] for index in evenly(len(run.lags), MOST_COLUMNS)]
    rows = [_norms(entry, kind).get(key, []) for entry in lags]
    longest = max((len(row) for row in rows), default=0)
    low, high = _extent(runs, kind)
    stride = max(-(-longest // MOST_COLUMNS), 1)
    table = np.full((max(longest, 1), len(rows)), np.nan)
    for column, row in enumerate(rows):
        table[: len(row), column] = row
    with np.errstate(divide="ignore", invalid="ignore"):
        sizes = np.where(
            np.isfinite(table[::stride]), np.log10(np.maximum(table[::stride], 10.0**low)), np.nan
        )
    trace: Trace = {
        "type": "heatmap",
        "x": [entry.step for entry in lags],
        "y0": 0,
        "dy": stride,
        "z": packed(sizes.astype(np.float32)),
        "coloraxis": "coloraxis",
        "hovertemplate": "step %{x}<br>%{y} steps back<br>10^%{z:.2f}<extra></extra>",
        "meta": {"run": run.index},
    }
    return [trace], _map_layout(runs, low, high)


def _extent(runs: Sequence[Run], kind: str) -> tuple[float, float]:
    """Exponents of the smallest and the largest norm, at most twelve apart."""
    rows = [row for run in runs for entry in run.lags for row in _norms(entry, kind).values()]
    seen = np.concatenate([np.zeros(0), *rows])
    seen = seen[np.isfinite(seen) & (seen > 0)]
    if not seen.size:
        return -1.0, 0.0
    high = float(np.log10(seen.max()))
    return round(max(float(np.log10(seen.min())), high - 12) - 1e-3, 3), round(high + 1e-3, 3)


def _map_layout(runs: Sequence[Run], low: float, high: float) -> Layout:
    stride = max(int(np.ceil((high - low) / 5)), 1)
    ticks = list(range(int(np.ceil(low)), int(np.floor(high)) + 1, stride))
    bar = {"orientation": "h", "thickness": 10, "len": 0.7, "x": 1, "xanchor": "right", "y": 1.03, "ypad": 0}
    words = {"title": {"text": "norm", "side": "top"}, "tickvals": ticks, "ticktext": list(map(power, ticks))}
    longest = max((len(row) for run in runs for entry in run.lags for row in entry.state.values()), default=1)
    others = {
        "margin": {"t": 52},
        "yaxis": {"title": {"text": "steps back in time"}, "range": [-0.5, max(longest, 2) - 0.5]},
        "coloraxis": {
            "cmin": low,
            "cmax": high,
            "colorscale": level(),
            "colorbar": bar | words | {"yanchor": "bottom"},
        },
    }
    return over_steps(380, max(run.last_step for run in runs), others)


def _table(run: Run, several: bool) -> Table:
    last = run.lags[-1]
    longest = max((len(row) for row in last.state.values()), default=0)
    shown = [lag for lag in SHOWN_LAGS if lag < longest]
    rows = [
        (f"{_way(key)}, {_words(kind, _state(key))}", *(_cell(row, lag) for lag in shown))
        for kind in ("state", "weight")
        for key, row in _norms(last, kind).items()
    ]
    title = f"Norms at step {last.step:,} by steps back in time"
    return Table(f"{run.name}: {title}" if several else title, ("layer", *map(str, shown)), tuple(rows))


def _cell(row: Sequence[float], lag: int) -> str:
    return number(row[lag]) if lag < len(row) else ""
