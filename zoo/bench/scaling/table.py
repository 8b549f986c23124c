"""What `zoo bench --scaling` prints and writes."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from zoo.bench.scaling.estimate import Estimate
from zoo.bench.scaling.exponents import Exponent
from zoo.bench.scaling.sweep import AXES, Point
from zoo.bench.table import MIB, say

YEAR, DAY, HOUR, MINUTE = 365 * 86400, 86400, 3600, 60


def print_exponents(found: Sequence[Exponent]) -> None:
    """A row for each contender and each of time and memory."""
    table = Table(box=None, pad_edge=False)
    table.add_column("exponent of", no_wrap=True)
    table.add_column("", no_wrap=True)
    for axis in AXES:
        table.add_column(axis, justify="right", no_wrap=True)
    for line in dict.fromkeys(each.line for each in found):
        mine = [each for each in found if each.line == line]
        times = [_with_error(each.time, each.time_error) for each in mine]
        table.add_row(line.replace(", products only", " floor"), "time", *times)
        memory = [_with_error(each.memory, each.memory_error) for each in mine]
        if any(memory):
            table.add_row("", "memory", *memory)
    print()
    Console(highlight=False).print(table)
    print()
    say("Exponents: slope on logarithmic axes over the upper half of each range, with its standard error.")


def print_estimates(found: Sequence[Estimate]) -> None:
    """A row for each job and machine, and every assumption."""
    table = Table(box=None, pad_edge=False)
    for name in ("estimated, not measured", "arithmetic", "weights", "waiting", "whole job"):
        table.add_column(name, justify="left" if name.startswith("est") else "right", no_wrap=True)
    for job in dict.fromkeys(each.job for each in found):
        table.add_row(job.name, style="cyan")
        for each in found:
            if each.job == job:
                parts = (each.arithmetic, each.reading, each.waiting, each.seconds)
                table.add_row(f"  {each.machine.name}", *map(spelled, parts))
    print()
    Console(highlight=False).print(table)
    print()
    say("Estimate = multiply-adds / (peak x efficiency) + weights / bandwidth + sequential steps x latency.")


def spelled(seconds: float) -> str:
    """A duration in its largest unit: 3.2 h."""
    for size, unit in ((YEAR, "years"), (DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.2g} s"


def point_rows(points: Sequence[Point], facts: Mapping[str, str]) -> list[dict[str, str]]:
    """The points as text, with what they were taken on."""
    return [
        {
            "axis": each.axis,
            "value": str(each.value),
            "line": each.line,
            "composition": each.composition,
            "engine": each.contender.label,
            "kind": each.contender.kind,
            "shape": str(each.contender.shape),
            "layers": str(each.contender.spec.num_layers),
            "ms": f"{each.seconds * 1e3:.4f}",
            "memory_mib": "" if each.memory is None else f"{each.memory / MIB:.2f}",
            **facts,
        }
        for each in points
    ]


def exponent_rows(found: Sequence[Exponent]) -> list[dict[str, str]]:
    """A row for each contender, time and memory apart, an axis in each column."""
    rows = []
    for line in dict.fromkeys(each.line for each in found):
        mine = [each for each in found if each.line == line]
        times = {each.axis: _with_error(each.time, each.time_error) for each in mine}
        memory = {each.axis: _with_error(each.memory, each.memory_error) for each in mine}
        rows.append({"contender": line, "exponent of": "time", **times})
        rows += [{"contender": line, "exponent of": "memory", **memory}] if any(memory.values()) else []
    return rows


def estimate_rows(found: Sequence[Estimate]) -> list[dict[str, str]]:
    """A row for each job and machine."""
    return [
        {
            "job": each.job.name,
            "machine": each.machine.name,
            "arithmetic": spelled(each.arithmetic),
            "weights read": spelled(each.reading),
            "waiting": spelled(each.waiting),
            "estimated whole": spelled(each.seconds),
        }
        for each in found
    ]


def _with_error(value: float | None, error: float | None) -> str:
    return "" if value is None or error is None else f"{value:.2f} ± {error:.2f}"
