"""Records side by side, and what they say in words."""

import numpy as np
import pytest

from runs.records import record
from zoo.pictures.captions import headline, subtitle
from zoo.runs.timeline import timeline

NAN = float("nan")


def test_layers_are_rows_and_steps_are_columns():
    run = timeline(
        [record(0, {1: 1e-4, 2: 1e-2, "head": 0.1}), record(50, {1: 2e-4, 2: 2e-2, "head": 0.1}, 0.5)]
    )
    assert run.layers == ("layer 1", "layer 2", "head")
    assert run.steps.tolist() == [0, 50]
    np.testing.assert_allclose(run.rms, [[1e-4, 2e-4], [1e-2, 2e-2], [0.1, 0.1]])
    np.testing.assert_allclose(run.before, [np.hypot(1e-2, 0.1) * 10, np.hypot(2e-2, 0.1) * 10], rtol=1e-4)
    np.testing.assert_allclose(run.after, run.before * [1, 0.5])
    assert run.clipped.tolist() == [False, True]


def test_what_is_not_finite_or_skipped_is_a_gap():
    run = timeline([record(0, {1: 1.0, 2: 1.0}, broken=[2]), record(1, {1: 1.0, 2: 1.0}, factor=None)])
    np.testing.assert_array_equal(run.rms, [[1, 1], [NAN, 1]])
    np.testing.assert_array_equal(run.nonfinite, [[False, False], [True, False]])
    np.testing.assert_allclose(run.before, [NAN, 200**0.5])
    assert np.isnan(run.after).all()
    assert not run.clipped.any()


def test_after_a_resume_the_later_records_count():
    steps = [(0, 1.0), (10, 1.0), (20, 1.0), (10, 2.0), (20, 2.0), (30, 2.0)]
    run = timeline(record(step, {1: rms}) for step, rms in steps)
    assert run.steps.tolist() == [0, 10, 20, 30]
    np.testing.assert_allclose(run.rms, [[1, 2, 2, 2]])


def test_optimisers_that_take_turns_share_their_columns():
    turns = [record(0, {1: 3.0}), record(1, {"head": 4.0}, optimizer=1), record(100, {1: 6.0})]
    run = timeline(turns)
    assert run.steps.tolist() == [0, 100]
    np.testing.assert_array_equal(run.rms, [[3, 6], [4, NAN]])
    np.testing.assert_allclose(run.before, [50, 60])


@pytest.mark.parametrize(
    ("first_layer", "expected"),
    [
        ([1e-3] * 4, "Gradient reaches all layers: layer 1 gets 10× less than layer 3"),
        ([0.019] * 4, "Layer 1 gets about as much gradient as layer 3"),
        ([3.2] * 4, "Layer 1 gets 320× more gradient than layer 3"),
        ([1e-10] * 4, "Layer 1 gets 10⁸× less gradient than layer 3"),
        (
            [1e-6, 1e-4, 0.05, 0.05],
            "Layer 1 gets 10,000× less gradient than layer 3 at first, 5× more later",
        ),
        (
            [10.0, 1.0, 0.01, 0.01],
            "Layer 1 gets 1,000× more gradient than layer 3 at first, about as much later",
        ),
        ([1e-6, 1.0], "Gradient reaches all layers: layer 1 gets 10× less than layer 3"),
        ([0.0] * 4, "Size of the gradient by layer, over training"),
    ],
)
def test_the_headline_compares_the_first_layer_with_the_last(first_layer, expected):
    run = timeline(record(step, {1: rms, 2: 0.1, 3: 0.01}) for step, rms in enumerate(first_layer))
    assert headline(run) == expected


def test_without_a_stack_there_is_nothing_to_compare():
    assert headline(timeline([record(0, {"head": 1.0})])) == "Size of the gradient by layer, over training"


def test_the_subtitle_counts():
    records = [
        record(0, {1: 1.0}),
        record(1, {1: 1.0}, 0.5),
        record(2, {1: 1.0}, broken=[1]),
        record(3, {1: 1.0}),
    ]
    assert (
        subtitle(timeline(records))
        == "Look at how far apart the lines lie · measured in 4 steps · 25% clipped · 1 with NaN or infinity"
    )
    assert (
        subtitle(timeline(records[:1]))
        == "Look at how far apart the lines lie · measured in 1 step · none clipped"
    )
