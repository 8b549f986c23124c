"""Records of gradients through time: the file, the words, and the picture, for runs of every kind."""

import math
from itertools import combinations

import numpy as np
import pytest

from pictures.test_gradient_plot import texts
from zoo.diagnostics.lag_curves import lag_values, reach
from zoo.diagnostics.lag_record import LagRecord
from zoo.pictures.by_lag import headline, lags_picture, subtitle
from zoo.pictures.canvas import paint
from zoo.runs.lag_records import append_lags, in_order, read_lags

BOTH = ("forward", "backward")


def record(step, lags=8, rate=0.5, layers=2, directions=("forward",), scale=0.01):
    """Gradients that change by the same factor at each lag."""
    keys = [f"layer_{layer}/{way}" for layer in range(1, layers + 1) for way in directions]
    state = {key: [scale * rate**lag / (place + 1) for lag in range(lags)] for place, key in enumerate(keys)}
    return LagRecord(
        step=step, state=state, weight={key: list(norms) for key, norms in state.items()}, error={}
    )


def broken(step):
    norms = {"layer_1/forward": [math.nan] * 4}
    return LagRecord(step=step, state=norms, weight=norms, error=norms)


def named(step, *keys):
    norms = {key: [1.0, 0.5, 1e-200] for key in keys}
    return LagRecord(step=step, state=norms, weight=norms, error={})


RUNS = {
    "quickstart": [record(100 * step, layers=4, directions=BOTH) for step in range(8)],
    "long sequences": [record(step, lags=300, rate=0.97, layers=1) for step in range(0, 9000, 900)],
    "exploding, deep": [record(step, lags=50, rate=1.3, layers=12, directions=BOTH) for step in range(3)],
    "one step": [record(0)],
    "one lag": [record(step, lags=1) for step in range(3)],
    "some NaN": [record(0, lags=4), broken(1), record(2, lags=4)],
    "all NaN": [broken(step) for step in range(3)],
    "all zero": [record(step, scale=0.0) for step in range(3)],
    "lengths": [record(10 * step, lags=3 + step % 4) for step in range(9)],
    "alternating": [named(step, "layer_1/forward", "layer_2/backward") for step in range(3)],
    "long names": [
        named(step, "a.very.long.path.to_one.layer_1/forward", "b_layer_1/forward") for step in range(3)
    ],
    "no weights": [
        LagRecord(step=0, state=record(0).state, weight={key: [] for key in record(0).state}, error={})
    ],
    "no steps": [LagRecord(step=0, state={"layer_1/forward": []}, weight={"layer_1/forward": []}, error={})],
}


@pytest.mark.parametrize("name", RUNS)
def test_all_that_is_written_can_be_read(name, tmp_path):
    figure = paint(lags_picture(RUNS[name]))
    figure.savefig(tmp_path / "picture.png")
    written = texts(figure)
    width, height = figure.canvas.get_width_height()
    for text, box in written:
        assert box.x0 >= 0, text
        assert box.x1 <= width, text
        assert box.y0 >= 0, text
        assert box.y1 <= height, text
    for (one, box), (other, second) in combinations(written, 2):
        overlap = (
            min(box.x1, second.x1) - max(box.x0, second.x0),
            min(box.y1, second.y1) - max(box.y0, second.y0),
        )
        # Boxes hold room for letters that reach below the line, so some pixels are no collision.
        assert min(overlap) < 6, (one, other)


def test_the_file_gives_back_what_was_written(tmp_path):
    path = tmp_path / "run" / "through_time.jsonl"
    for one in RUNS["some NaN"]:
        append_lags(path, one)
    with path.open("a") as file:
        file.write('{"step":3,"state":{"layer_1/forw')
    first, bad, last = read_lags(path)
    assert first.state["layer_2/forward"] == pytest.approx([0.005, 0.0025, 0.00125, 0.000625])
    assert all(map(math.isnan, bad.weight["layer_1/forward"]))
    append_lags(path, record(5))
    assert [one.step for one in read_lags(path)] == [0, 1, last.step, 5]


def test_of_repeated_steps_the_later_ones_count_and_of_many_the_last_is_kept():
    steps = [0, 2, 4, 6, 4, 6, 8]
    records = [record(step, scale=1.0 + place) for place, step in enumerate(steps)]
    kept = in_order(records, most=10)
    assert [(one.step, one.state["layer_1/forward"][0]) for one in kept] == [
        (0, 1),
        (2, 2),
        (4, 5),
        (6, 6),
        (8, 7),
    ]
    many = [one.step for one in in_order((record(step, lags=1) for step in range(1000)), most=10)]
    assert 10 <= len(many) <= 21
    assert (many[0], many[-1]) == (0, 999)
    assert len(set(np.diff(many[:-1]))) == 1


def test_the_headline_names_the_layer_whose_gradient_changes_most():
    falls = record(0, layers=1, directions=BOTH, lags=4)
    falls.state["layer_1/backward"][:] = [1.0, 0.1, 0.01, 0.001]
    assert headline(falls) == (
        "In layer 1, backward, the gradient is 1,000× smaller 3 steps back than at the last step"
    )
    assert "about as large 7 steps back" in headline(record(0, rate=0.95))
    assert "10⁷× larger 49 steps back" in headline(record(0, lags=50, rate=1.4))
    assert headline(broken(0)) == "Gradient through time, by layer"
    assert subtitle([record(0), record(1500)]).endswith("measured in 2 steps, the last of them step 1,500")


def test_without_a_record_there_is_no_picture():
    with pytest.raises(ValueError, match="no record of gradients through time"):
        paint(lags_picture([]))


@pytest.mark.parametrize(
    ("norms", "steps"),
    [
        ([1.0, 0.1, 0.02, 0.009, 0.001], 3),
        ([1.0, 0.001, 0.5, 0.001], 3),
        ([1.0, 2.0, 4.0], 3),
        ([0.0, 1.0], None),
        ([1.0, math.nan], None),
        ([], None),
    ],
)
def test_reach_is_where_one_percent_is_left_for_good(norms, steps):
    assert reach(norms) == steps


def test_the_share_from_further_back_is_of_the_sum():
    weight = {"layer_1/forward": [4.0, 2.0, 1.0, 1.0]}
    values = lag_values(LagRecord(step=0, state={"layer_1/forward": [1.0] * 4}, weight=weight, error={}))
    assert values == {"layer_1/forward/gradient_reach": 4.0, "layer_1/forward/gradient_beyond_1": 0.25}


@pytest.mark.parametrize(("rate", "words"), [(1.0, "how flat the lines are"), (0.5, "begin to fall or rise")])
def test_lines_that_are_flat_are_not_said_to_fall(rate, words):
    assert words in subtitle([record(0, rate=rate)])
