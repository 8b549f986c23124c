"""`zoo bench --scaling`: how a training step grows, what cells cost, and what larger machines would take."""

import argparse
import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from zoo.bench import Plan, Setting, Shape, load, machine
from zoo.bench.scaling import (
    BASE,
    COSTS,
    HUNDRED_CORES,
    JOBS,
    MACHINES,
    Estimate,
    Job,
    Point,
    costs,
    estimated,
    exponents,
    sweep,
)
from zoo.bench.scaling.estimate import arithmetic, efficiency_of, peak_here
from zoo.bench.scaling.jobs import demand
from zoo.bench.scaling.sweep import checked, taking_part
from zoo.bench.scaling.table import (
    estimate_rows,
    exponent_rows,
    point_rows,
    print_estimates,
    print_exponents,
    spelled,
)
from zoo.bench.table import say
from zoo.bench.work import threads
from zoo.cli.errors import UserError
from zoo.cli.verbs.progress import progress

FIRST = ("lstm", "mingru")
FEWER = 3
"""Samples of each at each size, unless told."""
LONGEST_CHECK = 5.0
"""Seconds up to which a step of a job is run here, too."""


def check_alone(given: argparse.Namespace) -> None:
    """Refuses what --scaling does not take.

    Raises:
        UserError: such an option is given, or a file's folder is not there.
    """
    others = {
        "--all": given.all,
        "--forward-only": given.forward_only,
        "--streaming": given.streaming,
        "--lengths": given.lengths,
        "--against": given.against,
        "--beside-busy": given.beside_busy,
    }
    for option, value in others.items():
        if value:
            raise UserError(f"{option} does nothing with --scaling, which times training steps of all sizes")
    if len(given.shape) > 1:
        raise UserError(f"--scaling varies one shape, got {len(given.shape)}; expected one --shape or none")
    if not given.picture.absolute().parent.is_dir():
        raise UserError(f"--picture {given.picture}: there is no folder {given.picture.parent}")


def run_scaling(given: argparse.Namespace, setting: Setting, plan: Plan) -> None:
    """Times, prints, and writes the picture and the files."""
    base = Shape.parse(given.shape[0]) if given.shape else BASE
    names = tuple(given.compositions) or FIRST
    checked(names, base, setting, plan)
    facts, start = machine(), load()
    say(", ".join(f"{key} {value}" for key, value in facts.items()))
    points: list[Point] = []
    for name in names:
        for found in sweep(name, base, setting, plan):
            points += found
            progress(f"{name}, {found[0].axis} {found[0].value}")
    for found in costs(COSTS, base, setting, plan):
        points += found
        progress(f"cost of {found[0].composition}")
    slopes, ends = exponents(points), f"{start} to {load()}"
    progress("")
    print_exponents(slopes)
    estimates = _estimates(points, setting, plan) if setting.device == "cpu" else []
    from zoo.bench.scaling.picture import draw  # imports matplotlib, which takes a second

    draw(points, slopes, base, ends, given.picture)
    print(f"drawn: {given.picture}")
    if given.csv is not None:
        _write(given.csv, point_rows(points, {**facts, "load": ends}))
        _write(_beside(given.csv, "exponents"), exponent_rows(slopes))
        if estimates:
            _write(_beside(given.csv, "estimates"), estimate_rows(estimates))
    say(f"Load average {ends}, from the start to the end.")


def _estimates(points: Sequence[Point], setting: Setting, plan: Plan) -> list[Estimate]:
    """Estimates of the named jobs whose cell was timed, printed with all that they assume."""
    here = peak_here()
    with threads(1):
        hundred = replace(HUNDRED_CORES, peak=100 * peak_here())
    machines, found, notes = (*MACHINES, hundred), [], []
    for job in JOBS:
        efficiency = efficiency_of(job.cell, points, here)
        if efficiency is not None:
            found += [estimated(job, each, efficiency) for each in machines]
            notes.append(
                f"{job.name} ({job.source}): T {job.steps}, B {job.batch_size}, {job.updates:,} updates, "
                f"{job.symbols:,} symbols; {job.cell} reaches {efficiency:.0%} of the peak here."
            )
            notes += _check(job, here * efficiency, setting, plan)
    if found:
        print_estimates(found)
        for text in (*notes, *(f"{each.name}: {each.source}." for each in machines)):
            say(text)
    return found


def _check(job: Job, rate: float, setting: Setting, plan: Plan) -> list[str]:
    """Whether the model holds here for one training step of the job's stack, where that takes seconds."""
    predicted = arithmetic(demand(job.spec, job.shape), rate, 1.0)
    if predicted > LONGEST_CHECK:
        return []
    engine = next(iter(taking_part(job.spec, job.shape, setting, plan)))
    seconds = plan.timer({"": engine.work()}, 1, setting.settle)[""].seconds
    return [
        f"  One step of its stack on this machine: {spelled(predicted)} by arithmetic alone, "
        f"{spelled(seconds)} measured."
    ]


def _beside(path: Path, what: str) -> Path:
    return path.with_name(f"{path.stem}_{what}{path.suffix}")


def _write(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"written: {path}")
