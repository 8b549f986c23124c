"""`zoo bench --scaling`: sizes, exponents, the model of larger machines, and what is printed and refused."""

import csv
import math
import shlex
import sys

import numpy as np
import pytest

import zoo.cli.verbs.bench as command
from zoo.bench import Plan, Setting, Shape, Timing
from zoo.bench.scaling import AXES, JOBS, MACHINES, Point, estimated, exponents
from zoo.bench.scaling.estimate import efficiency_of
from zoo.bench.scaling.exponents import slope
from zoo.bench.scaling.jobs import demand
from zoo.bench.scaling.picture import scaling_picture
from zoo.bench.scaling.sweep import grown, sizes, sweep, taking_part
from zoo.cli import main
from zoo.names import parse_stack

BASE, SETTING = Shape.parse("4x3x8"), Setting()


class Grower:
    """A timer that runs nothing: a training step takes a µs for each T B H² L, and its memory T B H bytes."""

    def timer(self, works, repeats, settle):
        return {label: Timing(seconds=1e-6 * self.work, first=1.0) for label in works}

    def meter(self, contender):
        shape, spec = contender.shape, contender.spec
        return shape.tokens * shape.width * spec.num_layers

    def plan(self, **options):
        return Plan(timer=self.timer, meter=self.meter, **options)


def law(contender):
    shape = contender.shape
    return shape.tokens * shape.width**2 * contender.spec.num_layers


@pytest.fixture
def grower(monkeypatch):
    """Times follow the law exactly."""
    found = Grower()

    def noted(spec, shape, setting, plan):
        contenders = taking_part(spec, shape, setting, plan)
        found.work = law(contenders[0])
        return contenders

    # the module, not the function of its name
    monkeypatch.setattr(sys.modules["zoo.bench.scaling.sweep"], "taking_part", noted)
    monkeypatch.setattr("zoo.bench.contender.Contender.work", lambda contender: lambda: None)
    return found


@pytest.fixture
def bench(grower, monkeypatch, capsys, tmp_path):
    """Runs `zoo bench --scaling` without timing anything."""
    monkeypatch.setattr(command, "Plan", grower.plan)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        code = main(["bench", "--scaling", *arguments])
        return code, capsys.readouterr()

    return run


def test_a_slope_and_its_error_are_those_of_least_squares():
    x = [1, 2, 4, 8, 16]
    assert slope(x, [3 * each**1.5 for each in x]) == (pytest.approx(1.5), pytest.approx(0.0, abs=1e-12))
    draw = np.random.default_rng(0)
    y = [each**2 * math.exp(draw.normal(0, 0.1)) for each in x]
    _, covariance = np.polyfit(np.log(x), np.log(y), 1, cov=True)
    assert slope(x, y) == (
        pytest.approx(np.polyfit(np.log(x), np.log(y), 1)[0]),
        pytest.approx(covariance[0, 0] ** 0.5),
    )
    with pytest.raises(ValueError, match="from 2 points; expected at least 3"):
        slope(x[:2], y[:2])


def test_each_size_grows_alone():
    assert {axis: (str(sizes(axis, 64, BASE)[0]), sizes(axis, 64, BASE)[1]) for axis in AXES} == {
        "T": ("64x3x8", 1),
        "B": ("4x64x8", 1),
        "H": ("4x3x64", 1),
        "L": ("4x3x8", 64),
    }
    assert grown("bi-gru,cell.reset=before", BASE, 2) == parse_stack("bi-gru-2x8,cell.reset=before")


def test_exponents_are_those_by_which_times_were_made(grower):
    points = [point for found in sweep("gru", BASE, SETTING, grower.plan()) for point in found]
    found = {each.axis: each for each in exponents(points) if each.line == "gru"}
    for axis, time, memory in (("T", 1, 1), ("B", 1, 1), ("H", 2, 1), ("L", 1, 1)):
        assert found[axis].time == pytest.approx(time)
        assert found[axis].memory == pytest.approx(memory)


def test_the_work_of_a_job_is_that_of_its_products():
    spec, shape = parse_stack("lstm-2x6"), Shape.parse("5x3x4x6")
    # four gates, each of input and state, three products of a step for each of the forward run
    first, second = 4 * 6 * (4 + 6), 4 * 6 * (6 + 6)
    found = demand(spec, shape, head=10)
    assert found.multiply_adds == 3 * 15 * (first + second + 10)
    assert found.read == 2 * 2 * 5 * 4 * 6 * 6 * 4  # both layers, both ways, each step, bytes
    assert found.sequential == 2 * 2 * 5
    assert demand(parse_stack("mingru-1x6"), Shape.parse("16x3x6")).sequential == 2 * 2 * 4


def test_an_estimate_adds_up_its_terms():
    job, machine = JOBS[0], MACHINES[0]
    found = estimated(job, machine, 0.5)
    step = demand(job.spec, job.shape, job.head)
    assert job.updates == 929_589 * 55 // (35 * 20)
    assert found.arithmetic == pytest.approx(job.updates * 2 * step.multiply_adds / (67e12 * 0.5))
    assert found.reading == pytest.approx(job.updates * step.read / 3.35e12)
    assert found.waiting == pytest.approx(job.updates * 2 * 2 * 35 * 5e-6)
    assert found.seconds == found.arithmetic + found.reading + found.waiting


def test_the_efficiency_is_that_at_the_largest_width():
    (contender, *_) = taking_part(grown("gru", BASE, 1), BASE, SETTING, Plan())
    points = [
        Point(axis="H", value=value, composition="gru", contender=contender, seconds=seconds, memory=None)
        for value, seconds in ((8, 4.0), (16, 2.0))
    ]
    work = 2 * demand(contender.spec, contender.shape).multiply_adds
    assert efficiency_of("gru", points, peak=work) == pytest.approx(0.5)
    assert efficiency_of("lstm", points, peak=work) is None


def test_it_prints_draws_and_writes(bench, tmp_path):
    code, said = bench("gru", "--shape", "4x3x8", "--csv", "grown.csv", "--picture", "grown.png")
    assert (code, said.err) == (0, "")
    (row,) = [line for line in said.out.splitlines() if line.startswith("gru  ")]
    assert row.split()[:2] == ["gru", "time"]
    assert row.count("±") == len(AXES)
    assert max(map(len, said.out.splitlines())) <= 80
    assert (tmp_path / "grown.png").read_bytes().startswith(b"\x89PNG")
    rows = list(csv.DictReader((tmp_path / "grown.csv").read_text().splitlines()))
    assert {(row["axis"], row["value"]) for row in rows if row["line"] == "gru"} >= {
        (axis, str(value)) for axis, values in AXES.items() for value in values
    }
    assert (tmp_path / "grown_exponents.csv").is_file()


def test_the_picture_begins_with_what_was_found(grower):
    points = [point for found in sweep("gru", BASE, SETTING, grower.plan()) for point in found]
    picture = scaling_picture(points, exponents(points), BASE)
    assert picture.title == "gru: a training step takes longer as T^1.00, B^1.00, H^2.00, L^1.00"
    assert {line.name for plot in picture.rows[0].plots for line in plot.lines} == {
        "gru",
        "nn.GRU",
        "gru floor",
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--streaming", "--streaming does nothing with --scaling"),
        ("--all", "--all does nothing with --scaling"),
        ("--shape 3x2x4 --shape 3x2x8", "--scaling varies one shape, got 2"),
        ("lstm-2x64", "--scaling varies width and depth of 'lstm-2x64'; expected a cell"),
        ("lstn", "did you mean 'lstm'"),
        ("--picture missing/a.png", "there is no folder missing"),
        ("mgu --engine native", "engine 'native' cannot run mgu"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_timed(bench, arguments, said):
    code, captured = bench(*shlex.split(arguments))
    assert code == 2
    assert captured.err.startswith("zoo: error: ")
    assert said in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
