"""The atlas: a page for each cell and each wiring, made from the code."""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from docs.site import measured
from docs.site.dataflow import dataflow
from docs.site.diagram import diagram
from docs.site.flow import Dataflow
from docs.site.markdown import code, docstring, facts, plain, prose, table
from docs.site.reach import BATCH, BESIDE, SEEDS, STEPS, WIDTH, chart, spark
from docs.site.traced import traced
from zoo.cells import CELLS, Cell
from zoo.cli.verbs.cell_table import FAMILIES
from zoo.cli.verbs.part_facts import cell_facts, spec_options, wiring_facts
from zoo.engines.program.ir import NotBlockwise
from zoo.registry import Spec
from zoo.wiring import WIRINGS

ROOT = Path(__file__).resolve().parents[2]
FAMILY_TITLES = {
    "gated": "Gated",
    "gradient": "Made for the gradient",
    "linear": "Linear in the state",
    "matrix": "With a matrix for a state",
    "continuous": "In continuous time",
    "wrapper": "Around other cells",
}

ABOUT_CELLS = """\
each with its equations, the data flow of its step, its card, and what was measured of it. The curves show
how much of an input reaches the output 0 to 99 steps later before anything is learned, from 10 at the top
to a millionth at the bottom; a flat line forgets nothing. Accuracy is that on the digits read row by row,
time that of a training step on a CPU in parts of torch's layer of the same shape."""
ABOUT_PROGRAM = """\
The program that the engines run, traced from `step`. W are input products, U recurrent ones, ⟨name⟩
products with another weight of that name, P further numbers made of the input, · what flows in; biases of
the input products are not drawn."""
ABOUT_DEPTH = """\
The norm of the gradient at layer 1 over that at the last of so many layers, before anything is learned;
near 1 all layers learn alike (`python recipes/results/gradient_by_depth.py`)."""
ABOUT_TESTS = """\
compares it with its equations written a second time, from the paper and in numpy, in value and gradient, in
every direction, with lengths and resets, under every engine."""


def cell_page(name: str, reaches: Mapping[str, Sequence[float]]) -> str:
    """The page of a cell.

    Args:
        name: Its registered name.
        reaches: What `docs.site.reach.reaches` measured, of this cell among others.
    """
    cls = CELLS[name]
    text = inspect.getdoc(cls) or ""
    parts = [
        f"# {cls.__name__}",
        f"*{prose(text.partition(chr(10))[0])}*",
        f"{code(f'cell: {name}')} in a recipe, {code(f'zoo.StackSpec(cell={name!r})')} in Python.",
        "## Equations",
        docstring(text),
        "## One step",
        _step(name, cls.spec_class().build(WIDTH, WIDTH)),
        "## Card",
        facts(cell_facts(cls)),
        "## Options",
        _options(cls.spec_class),
        "## What reaches back",
        _reach(name, reaches),
        *_measured(name),
        "## What holds it",
        *_tests(name, "cells", cls.card.claim),
    ]
    return "\n\n".join(parts) + "\n"


def wiring_page(name: str) -> str:
    """The page of a wiring."""
    cls = WIRINGS[name]
    text = inspect.getdoc(cls) or ""
    parts = [
        f"# {cls.__name__}",
        f"*{prose(text.partition(chr(10))[0])}*",
        f"{code(f'wiring: {name}')} in a recipe, "
        f"{code(f'zoo.StackSpec(cell={BESIDE!r}, wiring={name!r})')} in Python. "
        "x goes into a layer, y comes out of it, z goes on to the next one.",
        "## Equations",
        docstring(text),
        "## Card",
        facts(wiring_facts(cls)),
        "## Options",
        _options(cls.spec_class),
        *_depth(name),
        "## What holds it",
        *_tests(name, "wirings", ""),
    ]
    return "\n\n".join(parts) + "\n"


def cell_index(names: Iterable[str], reaches: Mapping[str, Sequence[float]]) -> str:
    """The page that leads to the cells, family by family."""
    names = list(names)
    parts = [
        "# Cells",
        f"{len(names)} recurrences, {ABOUT_CELLS}",
    ]
    for family in FAMILIES:
        mine = [name for name in names if CELLS[name].card.family == family]
        if not mine:
            continue
        rows = [_row(name, reaches[name]) for name in mine]
        header = ["cell", "", "year", "reaches back", "digits", "time"]
        parts += [f"## {FAMILY_TITLES[family]}", ":::{div} atlas", table(header, rows), ":::"]
        parts += ["```{toctree}\n:hidden:\n\n" + "\n".join(f"cells/{name}" for name in mine) + "\n```"]
    return "\n\n".join(parts) + "\n"


def wiring_index(names: Iterable[str]) -> str:
    """The page that leads to the wirings."""
    names = list(names)
    rows = [[f"[{name}](wirings/{name}.md)", prose(WIRINGS.summary(name))] for name in names]
    parts = [
        "# Wirings",
        "How what comes out of a layer joins what went into it.",
        table(["wiring", ""], rows),
        "```{toctree}\n:hidden:\n\n" + "\n".join(f"wirings/{name}" for name in names) + "\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _row(name: str, reach: Sequence[float]) -> list[str]:
    accuracy, time = measured.best_accuracy(name), measured.speed(name)
    return [
        f"[{name}](cells/{name}.md)",
        prose(CELLS.summary(name)),
        CELLS[name].card.year,
        spark(reach),
        "" if accuracy is None else f"{accuracy:.1%}",
        "" if time is None else f"{time:.2f}",
    ]


def _step(name: str, cell: Cell) -> str:
    """The drawing of a step, and what it leaves out."""
    try:
        flow = dataflow(cell)
        about = ABOUT_PROGRAM
    except NotBlockwise as reason:
        flow = traced(cell)
        about = (
            f"What torch runs, tensor by tensor; it is no program of blocks of units: {plain(str(reason))}."
        )
    return "\n\n".join(
        [diagram(flow, f"Data flow of one step of {name}"), *_constants(flow), f"{{.about}}\n{about}"]
    )


def _constants(flow: Dataflow) -> list[str]:
    """What the letters of long formulas of parameters stand for, in a list that one opens."""
    if not flow.constants:
        return []
    lines = [
        f"- {code(letter.replace('_', ''))} = {code(_cut(text))}" for text, letter in flow.constants.items()
    ]
    return [":::{dropdown} Constants, computed once", *lines, ":::"]


def _cut(text: str) -> str:
    return text if len(text) <= 160 else text[:159] + "…"


def _options(spec: type[Spec]) -> str:
    rows = [[code(option.text), prose(option.about)] for option in spec_options(spec)]
    parts = [table(["option", ""], rows)] if rows else ["None."]
    return "\n\n".join([*parts, f"In Python: {{py:class}}`zoo.{spec.__name__}`."])


def _reach(name: str, reaches: Mapping[str, Sequence[float]]) -> str:
    beside = "" if name == BESIDE else f", beside the {BESIDE.upper()}'s"
    return (
        f"{chart(name, reaches)}\n\n{{.about}}\nThe gradient of the last output with respect to the input "
        f"k steps before it, in parts of that at k = 0{beside}, with weights and options as they are at the "
        f"start: {WIDTH} units, random inputs of {STEPS} steps, the root of the mean square over {BATCH} "
        f"sequences and {SEEDS} seeds."
    )


def _measured(name: str) -> list[str]:
    accuracies, speeds = measured.accuracies(name), measured.speeds(name)
    parts = ["## Measured"] if accuracies or speeds else []
    if accuracies:
        parts.append(accuracies)
    if speeds:
        parts += [
            speeds,
            f"{{.about}}\nA training step: {measured.machine()}. More: [measured](../../docs/measured.md).",
        ]
    return parts


def _depth(name: str) -> list[str]:
    """What the wiring leaves of the gradient in deep stacks, where that was measured."""
    found = measured.by_depth(name)
    if not found:
        return []
    return ["## What depth leaves of the gradient", found, f"{{.about}}\n{ABOUT_DEPTH}"]


def _tests(name: str, kind: str, claim: str) -> list[str]:
    """The claim, and the tests that would fail."""
    oracle, test = Path(f"tests/oracles/{kind}/{name}.py"), Path(f"tests/conformance/claims/test_{name}.py")
    parts = [f"**Its paper's claim:** {prose(claim)}"] if claim else []
    parts.append(f"{code(f'pytest tests/conformance -k {name}')} {ABOUT_TESTS}")
    parts += _source(oracle, "The oracle")
    parts += _source(test, "The test of the claim" if claim else "Its own test")
    return parts


def _source(path: Path, title: str) -> list[str]:
    if not (ROOT / path).exists():
        return []
    text = (ROOT / path).read_text(encoding="utf-8")
    return [f":::{{dropdown}} {title}: `{path.as_posix()}`\n```python\n{text}```\n:::"]
