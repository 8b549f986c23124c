"""What a verdict says of measurements: each rule beyond its threshold, none within it, advice that fits.

The case of the rule `zoo/verdict/rules/x.py` is in `tests/verdict/rules/x.py`: what makes it speak, a part of
what it says, and a line of its advice.
"""

import csv
import math
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from verdict import rules as cases
from verdict.healthy import FADING, HEALTHY
from zoo.cells import CELLS
from zoo.cli.recipes.check import SECTIONS, check
from zoo.cli.recipes.recipe import RecipeInputs
from zoo.diagnostics.lag_record import span
from zoo.verdict import rules
from zoo.verdict.advice import longer_memory
from zoo.verdict.facts import BadValue, DataFacts, Learning
from zoo.verdict.judge import judge
from zoo.verdict.measurements import Gate, Measurements, Network, Nonfinite
from zoo.verdict.placing import placed
from zoo.verdict.rules import RULES

RECIPE = Path(__file__).parents[2] / "recipes/classification/digits_8_layers_plain.yaml"
EXPLODING = {"layer_1/forward": [1.5**lag for lag in range(40)]}
CASES = {
    file.name: import_module(f"{cases.__name__}.{file.name}").CASE for file in iter_modules(cases.__path__)
}


def test_there_is_a_case_for_every_rule():
    assert set(CASES) == {file.name for file in iter_modules(rules.__path__)}
    assert len(CASES) == len(RULES)


def test_every_rule_has_a_name_and_a_place_of_its_own():
    assert len({rule.name for rule in RULES}) == len({rule.place for rule in RULES}) == len(RULES)


def test_every_rule_names_its_source():
    assert all(rule.source for rule in RULES)


def test_a_healthy_network_gets_no_advice():
    (finding,) = judge(HEALTHY)
    assert finding.severity == "good"
    assert finding.advice == ()


def test_as_many_alike_answers_as_the_threshold_get_no_advice():
    """In the healthy network more are empty, which is a rule of its own."""
    (finding,) = judge(replace(HEALTHY, validated={"empty_answers": [0.25], "alike_answers": [0.25]}))
    assert finding.severity == "good"


@pytest.mark.parametrize("name", CASES)
def test_a_rule_speaks_when_its_threshold_is_passed(name):
    changes, sentence, advice = CASES[name]
    (finding,) = judge(replace(HEALTHY, **changes))
    assert finding.rule == import_module(f"{rules.__name__}.{name}").RULE.name
    assert sentence in finding.text
    assert advice in finding.advice if advice else finding.advice == ()
    assert finding.source


def test_problems_come_before_warnings():
    both = replace(HEALTHY, weights={"layer_1/forward": FADING}, errors=EXPLODING)
    assert [finding.severity for finding in judge(both)] == ["problem", "warning"]


def test_what_follows_from_a_cause_is_named_with_it():
    both = replace(HEALTHY, dead={"layer_1/forward": 0.9}, nonfinite=2)
    (finding,) = judge(both)
    assert (finding.rule, finding.explains) == ("non-finite", ("dead units",))


def test_what_is_wrong_with_the_data_comes_before_what_the_network_suffers_from_it():
    bad = DataFacts(rows=99, bad=(BadValue(name="x", count=1, row=0),))
    (finding,) = judge(replace(HEALTHY, nonfinite=2, errors=EXPLODING, data=bad))
    assert finding.rule == "NaN in the data"
    assert finding.explains == ("non-finite", "explodes through time")


def test_of_many_directions_the_worst_is_told_and_the_others_named():
    dead = {"layer_1/forward": 0.4, "layer_2/forward": 0.8, "layer_2/backward": 0.1}
    (finding,) = judge(replace(HEALTHY, dead=dead))
    assert finding.text.startswith("In layer 2 (forward), 80%")
    assert finding.text.endswith("The same holds for layer 1 (forward).")


def test_advice_is_never_what_the_network_has_already():
    vanishing = replace(HEALTHY, layers={"layer 1": 1e-6, "layer 2": 1.0})
    wired = replace(vanishing, network=replace(HEALTHY.network, wiring="residual", num_layers=8))
    (finding,) = judge(wired)
    assert finding.advice == ()


def test_a_line_of_advice_is_given_once():
    nothing = Learning(steps=160, start=0.9, end=0.167, baseline=0.166, shuffled=0.168)
    fading = replace(HEALTHY, weights={"layer_1/forward": FADING}, learning=nothing)
    first, second = judge(fading)
    assert (first.rule, second.rule) == ("vanishes through time", "learns nothing")
    assert "pooling: max" in first.advice
    assert second.advice == ()


def test_advice_that_was_tried_and_did_not_help_is_not_given():
    vanishing = replace(HEALTHY, layers={"layer 1": 1e-6, "layer 2": 1.0})
    tried = Learning(steps=160, start=2.3, end=2.0, baseline=2.3, trials={"wiring: residual": 1.9})
    (finding,) = judge(replace(vanishing, learning=tried))
    assert (finding.rule, finding.advice) == ("vanishes with depth", ())


@pytest.mark.parametrize(
    "known",
    [{"fall": 0.1}, {"learning": Learning(steps=160, start=2.3, end=0.5, baseline=2.3)}],
)
def test_gates_of_a_network_that_has_learned_may_be_where_they_like(known):
    saturated = replace(HEALTHY, gates={"layer_1/forward": {"g": Gate(0.95, 0.5)}})
    assert judge(saturated)[0].rule == "saturated gate"
    assert judge(replace(saturated, **known))[0].severity == "good"


def test_a_line_that_helps_to_learn_nothing_does_not_help():
    line = "recurrent_gradient_clip: 1.0"
    tried = Learning(steps=160, start=2e8, end=0.19, baseline=0.162, trials={line: 0.1655})
    assert not tried.helps(line)
    assert replace(tried, trials={line: 0.1}).helps(line)
    assert replace(tried, end=5.8).helps(line), "it was far worse than who does not look"


def test_where_no_step_was_finite_nothing_is_advised():
    broken = {"nonfinite": 8, "measured": Nonfinite(8, 8, 0, True), "norms": ()}
    (finding,) = judge(replace(HEALTHY, **broken))
    assert finding.advice == ()
    assert "nothing to roll back to" in finding.text


def test_a_network_without_any_gradient_is_not_called_healthy():
    (finding,) = judge(replace(HEALTHY, layers=dict.fromkeys(HEALTHY.layers, 0.0)))
    assert finding.rule == "nothing flows"
    assert "reaches any layer" in finding.text


def test_where_a_smaller_rate_learns_from_the_same_start_that_is_not_to_blame():
    rates = {1.0: 5.8, 0.1: 0.12}
    tried = Learning(steps=160, start=1.5, end=5.8, baseline=0.16, rates=rates, rate=1.0, rate_steps=50)
    dead = replace(HEALTHY, layers={"layer 1": 0.0, "head": 1e-2}, learning=tried)
    assert judge(dead)[0].rule == "learning rate"


def test_an_embedding_that_training_at_too_large_a_rate_has_made_large_is_not_the_cause():
    rates = {1.0: 1.4, 0.01: 0.59}
    tried = Learning(steps=160, start=0.7, end=1.4, baseline=0.69, rates=rates, rate=1.0, rate_steps=50)
    assert judge(replace(HEALTHY, embedding=20.0))[0].rule == "embedding too large"
    assert judge(replace(HEALTHY, embedding=20.0, learning=tried))[0].rule == "learning rate"


def test_a_rate_that_a_longer_training_refuted_is_not_told():
    rates, line = {1e-3: 0.199, 1e-1: 0.152}, "optimizer: {name: Adam, lr: 0.1}"
    tried = Learning(steps=160, start=0.9, end=0.13, baseline=0.16, rates=rates, rate=1e-3, rate_steps=50)
    assert judge(replace(HEALTHY, learning=tried))[0].rule == "learning rate"
    assert judge(replace(HEALTHY, learning=replace(tried, trials={line: 0.165})))[0].severity == "good"


@pytest.mark.parametrize(
    ("rates", "better"),
    [
        ({1e-2: 0.48, 1e-3: 0.12}, 1e-3),
        ({1e-2: 0.48, 1e-3: 0.3}, None),
        ({1e-3: 2.2, 1e-2: 1.0, 1e-1: math.inf}, None),
        ({1e-3: 1.0, 1e-2: math.inf, 1e-1: math.inf}, 1e-3),
        ({1e-3: 2.3, 1e-2: 2.3, 1e-1: 2.31}, None),
        ({1e-3: 2.4, 1e-2: 50.0, 1e-1: 900.0}, 1e-3),
    ],
)
def test_a_learning_rate_is_better_only_if_it_is_far_better(rates, better):
    assert Learning(start=2.4, baseline=2.3, rates=rates, rate=1e-2).better_rate == better


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


def test_errors_that_are_largest_where_they_enter_have_not_exploded():
    """So it is where only the last output counts and next to nothing is carried back."""
    (finding,) = judge(replace(HEALTHY, errors={"layer_1/forward": [1.0, *[1e-6] * 39]}))
    assert finding.severity == "good"


def test_errors_that_fade_within_the_first_quarter_have_not_exploded():
    (finding,) = judge(replace(HEALTHY, errors={"layer_1/forward": [0.5**lag for lag in range(64)]}))
    assert finding.severity == "good"


def kind(line: str) -> str:
    """What a line of advice changes, whatever number it has."""
    key, _, value = line.partition(": ")
    return key if key == "optimizer" else "forget_bias" if "forget_bias" in value else line


@pytest.mark.parametrize("cell", ["elman", "lstm"])
def test_only_what_has_helped_a_patient_of_the_clinic_is_advised(cell):
    rows = csv.DictReader((RECIPE.parents[1] / "results/clinic.csv").read_text().splitlines())
    helped = {kind(row["advice"]) for row in rows if row["effect"] == "better"}
    network = replace(HEALTHY.network, cell=cell, pooling="last", wiring="plain")
    for changes, *_ in CASES.values():
        for finding in judge(replace(HEALTHY, **{"network": network, **changes})):
            assert {kind(line) for line in finding.advice} <= helped, finding.rule


def read(line, recipe=RECIPE):
    """The recipe that a line of advice makes of another one, read and checked as `zoo fit` does."""
    inputs = RecipeInputs([recipe], [placed(line)])
    check(inputs, SECTIONS)
    return inputs.merged


@pytest.mark.parametrize("cell", CELLS.names())
def test_every_line_of_advice_is_one_that_a_recipe_takes(cell):
    known = Network.of({"encoder": {"cell": cell}})
    assert bool(known.forgetting) == ("forget_bias" in CELLS[cell].spec_class().plain())
    network = replace(HEALTHY.network, cell=known.cell, forgetting=known.forgetting, forget_bias=-9.0)
    for changes, *_ in CASES.values():
        measured = replace(HEALTHY, network=network)
        for finding in judge(replace(measured, **{**changes, "network": network})):
            for line in finding.advice:
                assert read(line)["model"]


def test_a_cell_that_starts_by_chrono_is_not_told_to_start_otherwise() -> None:
    network = Network.of({"encoder": {"cell": {"class_path": "LSTMSpec", "init_args": {"chrono": 100}}}})
    assert network.forgetting == ""
    assert not any("forget_bias" in line for line in longer_memory(replace(HEALTHY, network=network)))


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
    assert finding.advice == ()


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
