"""When what happened in a run: what came first where it went wrong, since when it overfits."""

import math

import numpy as np
import pytest

from zoo.report.curves import curves
from zoo.report.run import read_run
from zoo.runs.metrics_file import Curve
from zoo.verdict.history import History
from zoo.verdict.judge import judge
from zoo.verdict.measured import measurements_of

STEPS = np.arange(0, 400, 10, dtype=float)
FALLING = 2.0 * 0.8 ** (STEPS / 10) + 0.1
SATURATED = "layer_1/forward/g/saturated"


def curve(values):
    return Curve(STEPS, np.array(values, dtype=float))


def history(**metrics):
    """Of metrics by names in which __ stands for a stroke."""
    known = {name.replace("__", "/"): curve(values) for name, values in metrics.items()}
    return History.of(known, {int(step): place + 1 for place, step in enumerate(STEPS)})


def test_a_run_that_goes_well_has_no_onsets():
    noise = 1 + 0.3 * np.sin(STEPS)
    found = history(train__loss=FALLING * noise, val__loss=FALLING, gradient__clipped=STEPS / 400)
    assert (found.onsets, found.overfit, found.marks, found.told) == ((), None, [], "")
    assert found.floor == pytest.approx(100, abs=30)


def test_where_a_loss_rises_for_good_what_came_first_is_told_first():
    loss = np.where(STEPS < 250, FALLING, 2.3)
    norms = np.where(STEPS < 230, 1.0, 40.0)
    found = history(train__loss=loss, gradient__norm_before=norms, gradient__clipped=STEPS >= 240)
    assert [onset.step for onset in found.onsets] == [230, 240, 250]
    assert found.onsets[0].words == "the norm of the gradient jumps to 40 times its median"
    assert found.onsets[2].words == "the loss rises, from 0.11 to 2.3"
    assert found.turned == [230]


def test_what_began_long_before_has_nothing_to_do_with_it():
    loss, norms = np.where(STEPS < 250, FALLING, 2.3), np.where(STEPS == 60, 40.0, 1.0)
    found = history(train__loss=loss, gradient__norm_before=norms, gradient__clipped=STEPS >= 100)
    assert [onset.step for onset in found.onsets] == [250]


def test_a_spike_that_is_over_is_no_turn():
    assert history(train__loss=np.where(STEPS == 250, 9.0, FALLING)).onsets == ()


def test_a_loss_that_is_finite_no_more_has_turned():
    found = history(train__loss=np.where(STEPS < 300, FALLING, math.nan))
    assert [(onset.step, onset.words) for onset in found.onsets] == [(300, "the loss is NaN or infinite")]
    assert history(train__loss=np.where(STEPS == 300, math.nan, FALLING)).onsets == ()


def test_overfitting_is_told_with_the_best_epoch():
    validation = np.abs(STEPS - 150) / 1000 + 0.4
    found = history(train__loss=FALLING, val__loss=validation).overfit
    assert found is not None
    assert (found.step, found.epoch, found.best) == (150, 16, 0.4)
    assert found.last > 0.55


@pytest.mark.parametrize(
    "validation",
    [FALLING, np.where(STEPS == 150, 0.39, 0.4), np.where(STEPS < 390, FALLING, 9.0)],
    ids=["falls", "is flat", "ends with one that is worse"],
)
def test_no_other_validation_is_called_overfitting(validation):
    assert history(train__loss=FALLING, val__loss=validation).overfit is None


def write(folder, loss, saturated, validation=FALLING):
    """The metrics of a run."""
    rows = [f"epoch,step,train/loss,val/loss,{SATURATED},layer_1/forward/g/mean,gradient/norm_before"]
    values = zip(STEPS, loss, validation, saturated, strict=True)
    rows += [
        f"{place},{step:.0f},{train},{val},{gate},0.7,1.0"
        for place, (step, train, val, gate) in enumerate(values, 1)
    ]
    (folder / "metrics.csv").write_text("\n".join(rows) + "\n")


def test_gates_that_saturate_only_after_the_floor_are_left_alone(tmp_path):
    late = np.where(STEPS < 150, 0.1, 0.95)
    slow = FALLING + 2.5  # it comes to 0.57 of what it was
    write(tmp_path, slow, late)
    assert [finding.severity for finding in judge(measurements_of(tmp_path))] == ["good"]
    write(tmp_path, slow, np.full(len(STEPS), 0.95))
    assert [finding.rule for finding in judge(measurements_of(tmp_path))] == ["saturated gate"]


def test_the_page_says_and_marks_since_when_it_overfits(tmp_path):
    write(tmp_path, FALLING, np.full(len(STEPS), 0.1), np.abs(STEPS - 150) / 1000 + 0.4)
    section = curves([read_run(tmp_path, "run", 0)])
    assert section.said == ["Look at the upright line: it overfits since epoch 16."]
    (line,) = section.panels[0].views[0].layout["shapes"]
    assert (line["x0"], line["x1"]) == (150, 150)
