"""Pictures of units and of weights: the finding first, then what to look at, for layers of every kind."""

import numpy as np
import pytest
from matplotlib.text import Text

from zoo.diagnostics.parameter_paths import Place
from zoo.diagnostics.unit_maps import UnitMap
from zoo.pictures import by_unit, of_weights
from zoo.pictures.canvas import paint


def texts(figure):
    return {text.get_text() for text in figure.findobj(Text)}


def unit_map(steps=12, units=5, rate=1.0, still=0, gates=""):
    """Units that swing, some of which stand still, and gradients that shrink by a factor per step back."""
    moves = np.sin(np.arange(steps)[:, None] + np.arange(units)) * (np.arange(units) >= still)
    gradients = np.repeat(rate ** np.arange(steps)[::-1, None], units, axis=1) * 1e-3
    return UnitMap(outputs=moves, gradients=gradients, gates=dict.fromkeys(gates, 0.5 + moves / 2))


MAPS = {
    "healthy": (
        {"layer_1/forward": unit_map(), "layer_2/forward": unit_map(units=7)},
        "Gradient comes back to all 12 steps, and every unit moves",
    ),
    "fades": (
        {"layer_1/forward": unit_map(rate=0.3), "layer_2/forward": unit_map()},
        "In layer 1, gradient comes back to 4 of 12 steps; every unit moves",
    ),
    "still": ({"layer_1/forward": unit_map(still=2)}, "40% of units stand still"),
    "both ways, gates": (
        {f"layer_{layer}/{way}": unit_map(gates="if") for layer in (1, 2) for way in ("forward", "backward")},
        "every unit moves",
    ),
    "deep, wide and long": (
        {f"layer_{layer}/forward": unit_map(700, 900) for layer in range(1, 13)},
        "all 700 steps",
    ),
    "one step": ({"layer_1/forward": unit_map(1, 1)}, "comes back to the only step, and every unit moves"),
    "no gradient": (
        {"layer_1/forward": UnitMap(outputs=np.ones((3, 2)), gradients=np.zeros((3, 2)))},
        "In layer 1, gradient comes back to 0 of 3 steps; 100% of units stand still",
    ),
    "NaN": (
        {"layer_1/forward": UnitMap(outputs=np.full((3, 2), np.nan), gradients=np.full((3, 2), np.nan))},
        "What comes out of layer 1, or its gradient, is NaN or infinite",
    ),
}


@pytest.mark.parametrize("name", MAPS)
def test_a_picture_of_units_begins_with_the_finding_and_says_what_to_look_at(name):
    maps, words = MAPS[name]
    picture = by_unit.units_picture(maps, 150)
    assert words in picture.title
    assert picture.subtitle.startswith("Look for rows of one colour")
    assert picture.subtitle.endswith("step 150")
    shown = texts(paint(picture))
    assert picture.title in shown
    assert "layer 1" in shown
    gated = any(each.gates for each in maps.values())
    assert ("What gate i lets through, unit by unit" in shown) == gated


def test_a_picture_of_no_unit_is_refused():
    with pytest.raises(ValueError, match="at least one layer"):
        by_unit.units_picture({}, 0)


def places(gates="ifgo", layers=2, wide="", factor=4.0, width=6):
    random = np.random.default_rng(0)
    return {
        Place(f"layer {layer}", "forward", gate, block): [
            random.normal(size=(width, 3 if block == "input" else width)) * (factor if gate == wide else 1.0)
        ]
        for layer in range(1, layers + 1)
        for gate in gates
        for block in ("input", "recurrent", "bias")
    } | {Place("head", "", "", "weight"): [np.zeros((2, 6))]}


def drawn(weights):
    picture = of_weights.weights_picture(of_weights.matrices_of(weights), 300)
    return picture, texts(paint(picture))


def test_a_picture_of_weights_marks_the_gates():
    picture, shown = drawn(places())
    assert picture.title.startswith("Recurrent weights are spread alike in all gates: σ of ")
    assert "Look for rows of one colour" in picture.subtitle
    assert picture.subtitle.endswith("after 300 steps")
    assert "Layer 1 forward: gates i, f, g, o from the bottom" in shown
    assert {"gate i", "gate f", "gate g", "gate o"} <= set(shown)
    first = picture.rows[0].plots[1].map
    assert first is not None
    assert first.cuts == (5.5, 11.5, 17.5)
    assert first.signed


def test_the_gate_whose_weights_are_spread_widest_is_the_finding():
    picture, _ = drawn(places(wide="f", layers=1))
    assert picture.title.startswith("Recurrent weights: layer 1 forward, gate f is spread ")


def test_weights_that_are_broken_or_all_equal_are_the_finding():
    weights = places(layers=1)
    weights[Place("layer 1", "forward", "g", "recurrent")][0][0, 0] = np.nan
    assert drawn(weights)[0].title == "Weights of layer 1 forward are NaN or infinite"
    weights = places(layers=1, wide="o", factor=0.0)
    assert drawn(weights)[0].title == "Recurrent weights of layer 1 forward, gate o are all equal"


@pytest.mark.parametrize("weights", [places("h", 1), places(width=400, layers=12), places("z", 1, "z", 0.0)])
def test_weights_of_any_size_can_be_drawn(weights):
    picture, _ = drawn(weights)
    assert len(picture.rows) <= of_weights.MOST_WAYS


def test_weights_of_no_recurrent_layer_are_refused():
    assert of_weights.matrices_of({Place("head", "", "", "weight"): [np.zeros((2, 6))]}) == {}
    with pytest.raises(ValueError, match="no recurrent layer"):
        of_weights.weights_picture({}, 0)
