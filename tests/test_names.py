import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zoo
from zoo.names import name_stack, parse_stack

CELLS = st.one_of(
    st.fixed_dictionaries({"name": st.just("lstm"), "forget_bias": st.floats(-5, 5)}),
    st.fixed_dictionaries({"name": st.just("lstm"), "bias": st.booleans()}),
    st.fixed_dictionaries({"name": st.just("gru"), "reset": st.sampled_from(["before", "after"])}),
    st.fixed_dictionaries(
        {
            "name": st.just("elman"),
            "activation": st.sampled_from(["tanh", "relu", "sigmoid", "identity"]),
            "recurrent_init": st.sampled_from(["orthogonal", "identity"]),
        }
    ),
)
WIRINGS = st.one_of(
    st.sampled_from([{"name": "plain"}, {"name": "dense"}]),
    st.fixed_dictionaries({"name": st.just("residual"), "unequal": st.sampled_from(["project", "pad"])}),
    st.fixed_dictionaries({"name": st.just("highway"), "carry_bias": st.floats(-3, 3)}),
)


@st.composite
def plain_stacks(draw):
    layers = draw(st.integers(1, 4))

    def one_or_each(values):
        return draw(st.one_of(values, st.lists(values, min_size=layers, max_size=layers)))

    direction = one_or_each(st.sampled_from(["forward", "backward", "bidirectional", "alternating"]))
    both = "bidirectional" in (direction if isinstance(direction, list) else [direction])
    return {
        "cell": one_or_each(CELLS),
        "hidden_size": one_or_each(st.integers(1, 512)),
        "num_layers": layers,
        "direction": direction,
        "merge": draw(st.sampled_from(["concat", "sum", "mean", "gated"])) if both else "concat",
        "wiring": one_or_each(WIRINGS),
        "dropout": draw(st.floats(0, 0.9)) if layers > 1 else 0.0,
        "learn_initial_state": draw(st.booleans()),
    }


@given(plain_stacks())
@settings(max_examples=100, deadline=None)
def test_every_stack_has_a_name_that_gives_it_back(plain):
    spec = zoo.StackSpec.of(plain)
    assert parse_stack(name_stack(spec)) == spec


@given(plain_stacks())
@settings(max_examples=100, deadline=None)
def test_every_stack_has_a_plain_form_that_gives_it_back(plain):
    spec = zoo.StackSpec.of(plain)
    assert zoo.StackSpec.of(json.loads(json.dumps(spec.plain()))) == spec


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("lstm-1x128", zoo.StackSpec()),
        (
            "bi-lstm-4x256-residual",
            zoo.StackSpec(hidden_size=256, num_layers=4, direction="bidirectional", wiring="residual"),
        ),
        (
            "gru-2x64,dropout=0.1,cell.reset=before",
            zoo.StackSpec(cell=zoo.GRUSpec(reset="before"), hidden_size=64, num_layers=2, dropout=0.1),
        ),
        (
            "lstm-2x8,cell.1.forget_bias=3.0",
            zoo.StackSpec(cell=(zoo.LSTMSpec(), zoo.LSTMSpec(forget_bias=3.0)), hidden_size=8, num_layers=2),
        ),
        (
            "bi+fwd-lstm-2x256+128-plain+residual",
            zoo.StackSpec(
                hidden_size=(256, 128),
                num_layers=2,
                direction=("bidirectional", "forward"),
                wiring=("plain", "residual"),
            ),
        ),
    ],
)
def test_names_read_as_they_should(name, spec):
    assert parse_stack(name) == spec
    assert name_stack(spec) == name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lstm", "'lstm' is no model name; expected one such as 'bi-lstm-4x256-residual'"),
        ("lstn-1x8", "unknown cell 'lstn'; did you mean 'lstm'"),
        ("lstm-1x8-residul", "unknown wiring 'residul'; did you mean 'residual'"),
        ("lstm-2x8,drop=0.1", "no option 'drop=0.1'; did you mean 'dropout'?"),
        ("lstm-2x8,cell.forget_bais=1", "lstm has no option 'forget_bais'; did you mean 'forget_bias'?"),
        ("lstm-0x8", "num_layers is 0"),
        ("lstm-2x8,cell.2.forget_bias=1", "cell.2.forget_bias names layer '2'; expected 0 to 1"),
        ("lstm-2x8,cell.name=gru", "no option 'cell.name=gru'"),
        ("lstm-2x8,dropout=0.1,dropout=0.2", "gives an option twice"),
        ("lstm-3x8+9", "hidden_size lists 2 values for num_layers 3"),
    ],
)
def test_bad_names_get_one_sentence(name, message):
    with pytest.raises((ValueError, LookupError)) as caught:
        parse_stack(name)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "reservoir-2x6,cell.cell=gru,cell.cell.reset=before",
        "fast_slow-2x6,cell.cell=multiplicative,cell.cell.cell=gru,cell.slow=gru,cell.fast=3",
        "reservoir+gru-2x6,cell.0.cell=multiplicative,cell.0.cell.cell=gru,cell.0.cell.cell.reset=before",
        "multiplicative-1x6,cell.cell.forget_bias=2.0",
    ],
)
def test_options_of_a_cell_within_a_cell_come_behind_its_own(name: str) -> None:
    assert name_stack(parse_stack(name)) == name
