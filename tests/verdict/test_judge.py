"""What a verdict says of measurements: each rule beyond its threshold, none within it, advice that fits."""

from dataclasses import replace

import pytest
import yaml

import zoo
from zoo.verdict.advice import FORGETTING
from zoo.verdict.judge import judge
from zoo.verdict.measurements import Gate, Measurements, Network, Nonfinite
from zoo.verdict.rules import RULES, span

FADING = [0.5**lag for lag in range(40)]
HEALTHY = Measurements(
    layers={"layer 1": 2e-3, "layer 2": 1e-3, "head": 1e-2},
    early={"layer 1": 1e-3, "layer 2": 1e-3},
    gradients={"layer_1/forward": [1.0] * 40},
    errors={"layer_1/forward": [0.9**lag for lag in range(40)]},
    weights={"layer_1/forward": [0.9**lag for lag in range(40)]},
    gates={"layer_1/forward": {"f": Gate(0.1, 0.7), "i": Gate(0.2, 0.5)}},
    dead={"layer_1/forward": 0.0},
    updates={"layer_1": 1e-3},
    norms=[1.0, 1.2, 0.9, 1.1, 3.0, 0.8],
    network=Network(cell="lstm", wiring="plain", pooling="last", num_layers=2, lr=0.01),
)
CASES = {
    "non-finite": ({"nonfinite": 1}, "NaN or infinite in 1 step", "max_norm: 1"),
    "vanishes with depth": (
        {"layers": {"layer 1": 3e-6, "layer 2": 1.0}},
        "reaches layer 1 is 3e-6 of layer 2's",
        "wiring: residual",
    ),
    "explodes with depth": (
        {"layers": {"layer 1": 500.0, "layer 2": 1.0}},
        "reaches layer 1 is 500 times layer 2's",
        "max_norm: 1",
    ),
    "vanishes through time": (
        {"weights": {"layer_1/forward": FADING}},
        "older than 6 steps contributes under 1%",
        "cell: {class_path: LSTMSpec, init_args: {forget_bias: 3.0}}",
    ),
    "explodes through time": (
        {"errors": {"layer_1/forward": [1.5**lag for lag in range(40)]}},
        "errors that have travelled back 39 steps are 1e6 times as large",
        "recurrent_gradient_clip: 1.0",
    ),
    "shut gate": (
        {
            "gates": {"layer_1/forward": {"f": Gate(0.61, 0.02)}},
            "network": replace(HEALTHY.network, forget_bias=-3.0),
        },
        "gate f is saturated in 61% of units and steps, at a mean of 0.02",
        "cell: {class_path: LSTMSpec, init_args: {forget_bias: 1.0}}",
    ),
    "saturated gate": (
        {"gates": {"layer_1/forward": {"o": Gate(0.9, 0.99)}}},
        "gate o is saturated in 90% of units and steps",
        "cell: layernorm_lstm",
    ),
    "dead units": (
        {"dead": {"layer_1/forward": 0.5}},
        "50% of the units never change",
        "optimizer: {name: Adam, lr: 0.005}",
    ),
    "unclipped spikes": ({"norms": [1.0] * 6 + [1e3]}, "1,000 times its median", "max_norm: 5"),
    "always clipped": (
        {"clipped": 0.99, "norms": [50.0] * 6, "network": Network(limit=1.0, clips=True)},
        "99% of the steps were clipped",
        "max_norm: 200",
    ),
    "large updates": (
        {"updates": {"layer_1": 0.5}},
        "by 50% of their norm",
        "optimizer: {name: Adam, lr: 0.005}",
    ),
    "small updates": (
        {"updates": {"layer_1": 1e-8}},
        "by 1e-8 of their norm",
        "optimizer: {name: Adam, lr: 0.02}",
    ),
}


def test_there_is_a_case_for_every_rule():
    assert [rule.name for rule in RULES] == list(CASES)


def test_every_rule_names_its_source():
    assert all(rule.source for rule in RULES)


def test_a_healthy_network_gets_no_advice():
    (finding,) = judge(HEALTHY)
    assert finding.severity == "good"
    assert finding.advice == ()


@pytest.mark.parametrize("name", CASES)
def test_a_rule_speaks_when_its_threshold_is_passed(name):
    changes, sentence, advice = CASES[name]
    (finding,) = judge(replace(HEALTHY, **changes))
    assert finding.rule == name
    assert sentence in finding.text
    assert advice in finding.advice
    assert finding.source


def test_problems_come_before_warnings():
    both = replace(HEALTHY, dead={"layer_1/forward": 0.9}, nonfinite=2)
    assert [finding.severity for finding in judge(both)] == ["problem", "warning"]


def test_of_many_directions_the_worst_is_told_and_the_others_named():
    dead = {"layer_1/forward": 0.4, "layer_2/forward": 0.8, "layer_2/backward": 0.1}
    (finding,) = judge(replace(HEALTHY, dead=dead))
    assert finding.text.startswith("In layer 2 (forward), 80%")
    assert finding.text.endswith("The same holds for layer 1 (forward).")


def test_advice_is_never_what_the_network_has_already():
    vanishing = replace(HEALTHY, layers={"layer 1": 1e-6, "layer 2": 1.0})
    wired = replace(vanishing, network=replace(HEALTHY.network, wiring="residual", num_layers=8))
    (finding,) = judge(wired)
    assert not any(line.startswith("wiring") for line in finding.advice)
    assert finding.advice == ("num_layers: 4",)


@pytest.mark.parametrize("letter", ["f", "z"])
def test_a_gate_that_keeps_the_state_is_no_fault(letter):
    gates = {"layer_1/forward": {letter: Gate(0.99, 0.99)}}
    (lasting,) = judge(replace(HEALTHY, gates=gates, horizons={"layer_1/forward": 50.0}))
    assert lasting.severity == "good"
    (overwriting,) = judge(replace(HEALTHY, gates=gates, horizons={"layer_1/forward": 0.2}))
    assert overwriting.rule == "saturated gate"


def test_a_signal_from_beyond_the_farthest_lag_has_not_vanished():
    seen = replace(
        HEALTHY, gradients={"layer_1/forward": [1.0] * 784}, weights={"layer_1/forward": [1.0] * 33}
    )
    (cut,) = judge(seen)
    assert cut.rule == "vanishes through time"
    (whole,) = judge(replace(seen, rests={"layer_1/forward": 50.0}))
    assert whole.severity == "good"


def test_a_first_error_that_happens_to_be_small_is_no_explosion():
    (finding,) = judge(replace(HEALTHY, errors={"layer_1/forward": [1e-9, *[1.0] * 39]}))
    assert finding.severity == "good"


def test_a_guard_and_a_clip_that_are_there_are_not_advised():
    network = replace(HEALTHY.network, guarded=True, recurrent_clip=True, clips=True)
    bad = {"nonfinite": 1, "errors": {"layer_1/forward": [1.5**lag for lag in range(40)]}}
    lines = [line for finding in judge(replace(HEALTHY, network=network, **bad)) for line in finding.advice]
    assert set(lines) == {"optimizer: {name: Adam, lr: 0.005}"}


def built(line):
    """The part of a recipe that a line of advice gives, built."""
    (key, value), *_ = yaml.safe_load(line).items()
    if key == "callbacks":
        return [getattr(zoo, part["class_path"])(**part["init_args"]) for part in value]
    if key == "optimizer":
        return zoo.OptimizerSpec.from_plain(value)
    if key == "max_norm":
        return zoo.GradientClipping(max_norm=float(value))
    if key == "pooling":
        return zoo.ModelSpec(encoder=zoo.StackSpec(), pooling=value)
    if isinstance(value, dict):
        value = getattr(zoo, value["class_path"])(**value["init_args"])
    return zoo.StackSpec(**{key: value})


@pytest.mark.parametrize("cell", [*FORGETTING, "elman", "gru", ""])
def test_every_line_of_advice_is_one_that_a_recipe_takes(cell):
    network = replace(HEALTHY.network, cell=cell, forget_bias=-9.0)
    for changes, *_ in CASES.values():
        measured = replace(HEALTHY, network=network)
        for finding in judge(replace(measured, **{**changes, "network": network})):
            for line in finding.advice:
                built(line)


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"nonfinite": 298}, "The gradient was NaN or infinite in 298 steps."),
        (
            {"measured": Nonfinite(5, 6, 50, True)},
            "The gradient was NaN or infinite in each of the 5 measured steps from step 50 on.",
        ),
        (
            {"measured": Nonfinite(2, 40, 50, False)},
            "The gradient was NaN or infinite in 2 of 40 measured steps, first in step 50.",
        ),
        (
            {"nonfinite": 298, "measured": Nonfinite(5, 6, 50, True)},
            "The gradient was NaN or infinite in 298 steps.",
        ),
        (
            {"losses": Nonfinite(6, 6, 49, True)},
            "The loss was NaN or infinite in each of the 6 logged steps from step 49 on.",
        ),
        (
            {"measured": Nonfinite(5, 6, 50, True), "losses": Nonfinite(6, 6, 49, True)},
            "The gradient was NaN or infinite in each of the 5 measured steps from step 50 on.",
        ),
        (
            {"losses": Nonfinite(1, 6, 299, True)},
            "The loss was NaN or infinite in 1 of 6 logged steps, first in step 299.",
        ),
    ],
)
def test_only_what_is_known_of_the_steps_that_were_not_finite_is_said(known, words):
    (finding,) = judge(replace(HEALTHY, **known))
    assert (finding.rule, finding.text) == ("non-finite", words)
    assert "max_norm: 1" in finding.advice


def test_steps_that_were_not_finite_are_counted_among_those_looked_at():
    assert Nonfinite.of([0, 50, 100], [False, True, True]) == Nonfinite(2, 3, 50, True)
    assert Nonfinite.of([0, 50, 100], [True, False, True]) == Nonfinite(2, 3, 0, False)
    assert Nonfinite.of([0, 50], [False, False]) is None
    assert Nonfinite.of([], []) is None


def test_short_sequences_cannot_fade_early():
    (finding,) = judge(replace(HEALTHY, weights={"layer_1/forward": FADING[:8]}, gradients={}))
    assert finding.severity == "good"


def test_vanishing_at_first_is_told_apart():
    (finding,) = judge(replace(HEALTHY, early={"layer 1": 1e-4, "layer 2": 1.0}))
    assert "reaches layer 1 at first is 1e-4" in finding.text


def test_nothing_measured_is_said():
    (finding,) = judge(Measurements())
    assert "Nothing was measured" in finding.text
    assert finding.severity == "warning"


@pytest.mark.parametrize("bad", [[], [0.0, 0.0], [float("nan"), 1.0], [float("inf")]])
def test_there_is_no_span_of_nothing(bad):
    assert span(bad, 0.0, 0.01) is None


def test_a_span_ends_where_the_rest_is_too_little():
    assert span([1.0, 0.0, 0.0], 0.0, 0.01) == 0
    assert span([1.0, 1.0, 1.0], 0.0, 0.01) == 2
    assert span([90.0, 9.5, 0.5], 0.0, 0.01) == 1
    assert span([90.0, 9.5, 0.5], 20.0, 0.01) is None
