"""What pictures of units over time show: what each gives out, and the gradient that comes back to it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Bool, Float, Int

from zoo.diagnostics.unit_maps import UnitMap
from zoo.pictures.by_lag import direction_of, layer_of
from zoo.pictures.description import MAP_DECADES, Axis, Ends, HeatMap, PanelRow, Picture, Plot, extent
from zoo.pictures.looks import of_layers
from zoo.pictures.wording import shorten

MOST_ROWS, MOST_PLACES = 8, 300
"""Layers up to which each has a map, and units and steps up to which each has a place in it; of more, evenly
chosen ones have."""
STILL, FAR = 1e-3, 1e-2
"""A unit that never changes by more stands still; gradient reaches a step that has this share of the most."""


@final
@dataclass(frozen=True, kw_only=True)
class Theme:
    """What the maps of some rows show.

    Attributes:
        title: In words.
        values: By layer and direction, over steps and units.
        signed: Whether they have a sign.
        ends: What the darkest and the brightest colour stand for.
    """

    title: str
    values: Mapping[str, Float[np.ndarray, "T H"]]
    signed: bool
    ends: Ends | None


def units_picture(maps: Mapping[str, UnitMap], step: int) -> Picture:
    """Activations and gradients of each unit at each step of one sequence, and gates where they are known.

    Args:
        maps: By layer and direction.
        step: The optimiser step.

    Raises:
        ValueError: there is no map.
    """
    if not maps:
        raise ValueError("no map of units to draw; expected at least one layer with a sequence of a step")
    rows = [row for theme in _themes(maps) for row in _rows(theme)]
    return Picture(title=headline(maps), subtitle=subtitle(maps, step), rows=rows)


def headline(maps: Mapping[str, UnitMap]) -> str:
    """The main finding: to which step of the sequence gradient comes back, and whether units stand still."""
    broken = [
        key
        for key, each in maps.items()
        if not (np.isfinite(each.outputs).all() and np.isfinite(each.gradients).all())
    ]
    if broken:
        return f"What comes out of {layer_of(broken[0])}, or its gradient, is NaN or infinite"
    reached = {key: _reach(each) for key, each in maps.items()}
    key = min(reached, key=lambda way: reached[way] / max(len(maps[way].outputs), 1))
    steps, whole = reached[key], len(maps[key].outputs)
    still = float(np.concatenate([_still(each) for each in maps.values()]).mean())
    units = f"{still:.0%} of units stand still" if still else "every unit moves"
    if steps >= whole:
        where = f"all {whole} steps" if whole > 1 else "the only step"
        return f"Gradient comes back to {where}, and {units}"
    return f"In {layer_of(key)}, gradient comes back to {steps} of {whole} steps; {units}"


def subtitle(maps: Mapping[str, UnitMap], step: int) -> str:
    """What to look at."""
    look = (
        "Look for rows of one colour, units that stand still, and for dark columns, steps that teach nothing"
    )
    return f"{look} · step {step:,}"


def _still(found: UnitMap) -> Bool[np.ndarray, " O"]:
    """Which units never change; of a single step that is not known."""
    changes = np.ptp(found.outputs, axis=0)
    return np.asarray((changes <= STILL) & (len(found.outputs) > 1))


def _reach(found: UnitMap) -> int:
    """Steps, counted back from the end, as far as the gradient is a hundredth of what it is at its most."""
    sizes = np.sqrt(np.square(found.gradients).mean(axis=1))
    if sizes.max(initial=0.0) <= 0:
        return 0
    return len(sizes) - int(np.flatnonzero(sizes >= FAR * sizes.max())[0])


def _themes(maps: Mapping[str, UnitMap]) -> Iterator[Theme]:
    outputs = {key: each.outputs for key, each in maps.items()}
    gradients = {key: each.gradients for key, each in maps.items()}
    title = "What each unit gives out over the steps of one sequence"
    yield Theme(title=title, values=outputs, signed=True, ends=balanced(outputs.values()))
    title = "Size of ∂loss/∂h, unit by unit, over the same steps"
    ends = extent(list(gradients.values()), min(MAP_DECADES, 6))
    yield Theme(title=title, values=gradients, signed=False, ends=ends)
    for gate in dict.fromkeys(gate for each in maps.values() for gate in each.gates):
        values = {key: each.gates[gate] for key, each in maps.items() if gate in each.gates}
        title = f"What gate {gate} lets through, unit by unit"
        yield Theme(title=title, values=values, signed=True, ends=(-1.0, 1.0))


def balanced(values: Iterable[Float[np.ndarray, "..."]]) -> Ends | None:
    """Ends as far below 0 as above it, between which nearly all values lie; None where all are 0."""
    sizes = np.abs(np.concatenate([np.ravel(each) for each in values]))
    sizes = sizes[np.isfinite(sizes)]
    most = float(np.quantile(sizes, 0.999)) if sizes.size else 0.0
    return (-most, most) if most > 0 else None


def _rows(theme: Theme) -> Iterator[PanelRow]:
    """The maps of the layers, that of the first at the bottom."""
    layers = list(dict.fromkeys(key.partition("/")[0] for key in theme.values))
    ways = list(dict.fromkeys(map(direction_of, theme.values)))
    places = np.linspace(0, len(layers) - 1, min(len(layers), MOST_ROWS)).round().astype(int)
    looks, height = of_layers(list(map(layer_of, layers))), float(np.clip(3.2 / len(places), 0.5, 1.5))
    title, most = theme.title, max(map(len, theme.values.values()))
    for layer in (layers[place] for place in places[::-1]):
        plots = [_map(theme, f"{layer}/{way}".rstrip("/"), way, most) for way in ways]
        name = layer_of(layer)
        yield PanelRow(title=title, height=height, plots=plots, label=(shorten(name, 13), looks[name].colour))
        title = ""


def _map(theme: Theme, key: str, way: str, most: int) -> Plot:
    values = theme.values.get(key, np.full((1, 1), np.nan))
    steps, units = (evenly(length) for length in values.shape)
    shown = np.where(np.isnan(values), np.inf, values)[np.ix_(steps, units)].T
    count, ends = values.shape[1], (-0.5, max(most, 2) - 0.5)
    return Plot(
        title=way,
        across=Axis(title="step of the sequence, in the order of reading", scale="steps", ends=ends),
        up=Axis(title="", ends=(-0.5, count - 0.5), ticks=((0.0, "unit 1"), (count - 1.0, f"{count}"))),
        map=HeatMap(
            title=theme.title,
            values=shown,
            steps=steps,
            ends=theme.ends,
            stride=-(-count // len(units)),
            signed=theme.signed,
        ),
    )


def evenly(length: int, most: int = MOST_PLACES) -> Int[np.ndarray, " places"]:
    """So many places of a length at most, at equal distances."""
    return np.arange(0, length, -(-length // most))
