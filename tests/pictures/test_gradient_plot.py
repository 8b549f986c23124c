"""The picture of a run: that it can be read, for runs of every kind."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Annotation, Text
from runs.records import record

from zoo.pictures.by_layer import gradients_picture
from zoo.pictures.canvas import paint
from zoo.pictures.description import log_ticks
from zoo.pictures.labels import spread
from zoo.pictures.marks import trend
from zoo.runs.gradient_records import append_gradients, read_gradients
from zoo.runs.timeline import timeline


def run(layers, steps, shrink=0.5, factor=0.7):
    sizes = {layer: shrink ** (layers - layer) for layer in range(1, layers + 1)}
    rows = {"embedding": 1e-3} | sizes | {"head": 2.0}
    return [
        record(10 * step, {name: rms * (1 + step % 3) for name, rms in rows.items()}, factor)
        for step in range(steps)
    ]


RUNS = {
    "quickstart": run(4, 30),
    "one step": run(4, 1),
    "two steps": run(4, 2),
    "one layer": run(1, 5),
    "sixteen alike": run(16, 20, shrink=1.0),
    "forty": run(40, 20),
    "vanishing": run(16, 10, shrink=1e-3),
    "long": run(3, 1000),
    "not clipped": run(3, 5, factor=1.0),
    "skipped": run(3, 5, factor=None),
    "some NaN": [*run(3, 5), record(50, {1: 1.0, 2: 1.0, 3: 1.0}, broken=[2, 3]), *run(3, 9)[6:]],
    "all NaN": [record(step, {1: 1.0, 2: 1.0}, broken=[1, 2]) for step in range(3)],
    "all zero": [record(step, {1: 0.0, 2: 0.0}) for step in range(3)],
    "huge": [record(step, {1: 1e150, 2: 1e-300}) for step in range(3)],
    "long names": [record(step, {"a.very.long.path.to.one.module": 1.0, "b": 1.0}) for step in range(3)],
    "constant": [record(step, {1: 0.1, 2: 0.1}) for step in range(3)],
}


def texts(figure):
    """All that is written, with where it is, in pixels."""
    renderer = figure.canvas.get_renderer()
    found = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    boxes = [(text, text.get_window_extent(renderer)) for text in found]
    return [(text, box) for text, box in boxes if box.width > 0 and _shown(text, figure)]


def _shown(text, figure):
    """Whether the text is drawn; axes keep labels of ticks beyond their limits, which are not."""
    panels = figure.axes
    for axes in [*panels, *(bar for panel in panels for bar in panel.child_axes)]:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in axis.get_major_ticks():
                if text in (tick.label1, tick.label2):
                    label_on = tick.label1.get_visible() if text is tick.label1 else tick.label2.get_visible()
                    return label_on and low <= tick.get_loc() <= high
    return True


@pytest.mark.parametrize("name", RUNS)
def test_all_that_is_written_can_be_read(name, tmp_path):
    figure = paint(gradients_picture(RUNS[name]))
    figure.savefig(tmp_path / "picture.png")
    written = texts(figure)
    width, height = figure.canvas.get_width_height()
    for text, box in written:
        assert box.x0 >= 0, text
        assert box.x1 <= width, text
        assert box.y0 >= 0, text
        assert box.y1 <= height, text
        assert text.get_size() >= 8.5, text
    for (one, box), (other, second) in combinations(written, 2):
        overlap = (
            min(box.x1, second.x1) - max(box.x0, second.x0),
            min(box.y1, second.y1) - max(box.y0, second.y0),
        )
        # Boxes hold room for letters that reach below the line, so some pixels are no collision.
        assert min(overlap) < 6, (one, other)


def test_a_run_that_went_wrong_says_so_first_and_marks_the_step_in_each_row():
    told = "it went wrong in step 89: the norm of the gradient jumps to 940 times its median"
    picture = gradients_picture(run(4, 30), turned=[89.0], told=told)
    assert picture.title.startswith("It went wrong in step 89")
    assert picture.subtitle.startswith("Look at what follows the dashed line")
    assert [row.plots[0].marks for row in picture.rows] == [[89.0]] * 3
    lines = paint(picture).axes[0].lines
    assert any(list(line.get_xdata()) == [89.0, 89.0] for line in lines)


@pytest.mark.parametrize(
    ("shrink", "words"),
    [
        (0.6, "Gradient reaches all layers: layer 1 gets 4.6× less than layer 4"),
        (0.3, "Layer 1 gets 37× less gradient than layer 4"),
        (1.0, "Layer 1 gets about as much gradient as layer 4"),
    ],
)
def test_what_a_verdict_calls_healthy_sounds_like_it(shrink, words):
    picture = gradients_picture(run(4, 30, shrink=shrink))
    assert picture.title == words
    assert picture.subtitle.startswith("Look at")


def test_the_lines_are_labelled_with_the_layers():
    top = paint(gradients_picture(run(4, 30))).axes[0]
    labels = {text.get_text() for text in top.texts}
    assert {"embedding", "layer 1", "layer 2", "layer 3", "layer 4", "head"} <= labels


def broken(steps):
    layers = {"embedding": 1.0, 1: 1.0, 2: 1.0, "head": 1.0}
    return [record(10 * step, layers, broken=list(layers)) for step in steps]


NAN = {
    "at the end": [*run(2, 4), *broken(range(4, 9))],
    "in between": [*run(2, 3), *broken([3]), *run(2, 9)[4:]],
    "at the end of a long run": [*run(2, 300), *broken(range(300, 600))],
}


@pytest.mark.parametrize("name", NAN)
def test_nothing_is_drawn_over_nan(name):
    """No line, no leader line and no label reaches into the columns that are NaN."""
    found = timeline(NAN[name])
    middles = (found.steps[1:] + found.steps[:-1]) / 2
    edges = np.array([found.steps[0], *middles, found.steps[-1]], dtype=float)
    bad = np.flatnonzero(found.nonfinite.all(axis=0))
    assert bad.size
    lines, _, _, norms = paint(gradients_picture(NAN[name])).axes
    for axes in (norms, lines):
        to_steps = axes.transData.inverted()
        for line in axes.lines:
            places = to_steps.transform(line.get_transform().transform(line.get_xydata()))[:, 0]
            for left, right in pairwise(places):  # a gap is NaN, which no width is above
                over = np.minimum(edges[bad + 1], right) - np.maximum(edges[bad], left)
                assert not (over > 1e-6).any(), line
        names = [text for text in axes.texts if not isinstance(text, Annotation)]
        assert all(to_steps.transform(text.get_window_extent())[0, 0] >= edges[-1] for text in names)


def test_a_line_that_reaches_the_end_is_led_to_its_name():
    leaders = [
        line for line in paint(gradients_picture(run(2, 4))).axes[0].lines if line.get_linewidth() == 0.6
    ]
    assert len(leaders) == 4


def test_of_many_layers_the_outermost_are_labelled():
    labels = {text.get_text() for text in paint(gradients_picture(run(40, 5))).axes[0].texts}
    assert {"layer 1", "head"} <= labels
    assert len(labels) < 30


def test_it_is_redrawn_from_the_file(tmp_path):
    path = tmp_path / "gradients.jsonl"
    for one in run(2, 3):
        append_gradients(path, one)
    paint(gradients_picture(read_gradients(path))).savefig(tmp_path / "again.png")
    assert (tmp_path / "again.png").stat().st_size > 10_000


def test_without_a_record_there_is_no_picture():
    with pytest.raises(ValueError, match="no gradient record"):
        paint(gradients_picture([]))


@given(st.lists(st.floats(0, 100), min_size=1, max_size=12))
def test_labels_keep_their_order_and_distance_and_move_no_more_than_needed(wanted):
    wanted = sorted(wanted)
    places = spread(wanted, gap=8.0, height=100.0)
    assert all(low + 8 <= high + 1e-9 for low, high in pairwise(places))
    assert places[0] >= 0
    assert places[-1] <= 100
    if all(low + 8 <= high for low, high in pairwise(wanted)):
        assert places == pytest.approx(wanted)


def test_long_lines_are_smoothed_and_keep_their_gaps():
    noisy = np.where(np.arange(1000) % 7 == 0, 100.0, 1.0)
    noisy[400:420] = np.nan
    smooth = trend(noisy, window=11)
    assert np.isnan(smooth[400:420]).all()
    np.testing.assert_array_equal(np.delete(smooth, np.s_[400:420]), 1.0)
    np.testing.assert_array_equal(trend(noisy, window=1), noisy)


def test_crowded_labels_spread_to_both_sides():
    assert spread([50.0, 50.0, 50.0], gap=10.0, height=100.0) == pytest.approx([40.0, 50.0, 60.0])


@pytest.mark.parametrize(
    ("ends", "written"),
    [
        ((0.9, 4.1), ["1", "2"]),
        ((0.5, 20.0), ["0.5", "1", "2", "5", "10", "20"]),
        ((2e-3, 4.2e-3), ["0.002", "0.0025", "0.003", "0.0035", "0.004"]),
        ((2e-9, 2.0), ["10⁻⁸", "10⁻⁶", "10⁻⁴", "10⁻²", "10⁰"]),
        ((1e-300, 1e150), None),
        ((1.0, 1.2), None),
    ],
)
def test_a_logarithmic_axis_has_ticks_whatever_its_ends(ends, written):
    ticks = log_ticks(ends, most=7)
    assert 2 <= len(ticks) <= 7
    assert all(ends[0] <= place <= ends[1] for place, _ in ticks)
    assert len({words for _, words in ticks}) == len(ticks)
    assert written is None or [words for _, words in ticks] == written
