"""`zoo bench`: how fast compositions are on this machine. It does not import Lightning."""

import argparse
import csv
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, final

from zoo.bench import (
    DTYPES,
    PEERS,
    Mode,
    Plan,
    Row,
    Setting,
    Shape,
    check,
    compare,
    composition,
    load,
    machine,
    peer_refusal,
)
from zoo.bench.busy import busy
from zoo.bench.table import csv_rows, print_legend, print_table, say
from zoo.bench.timing import interleaved
from zoo.bench.work import threads
from zoo.catalogue import MODELS, named_model
from zoo.cells import CELLS
from zoo.cli.errors import UserError
from zoo.cli.verbs.base import Arguments, OwnVerb, register_verb
from zoo.cli.verbs.bench_scaling import FEWER, check_alone, run_scaling
from zoo.cli.verbs.progress import progress
from zoo.registry import check_positive
from zoo.stack import StackSpec

CELLS_FIRST = ("lstm", "gru", "elman")
SHAPES = ("256x32x64", "128x32x256", "64x64x512")
QUICK = 2
"""Shapes that are timed unless all are asked for."""
REPEATS = 10
"""Samples of each, unless told."""
STREAMS = ("256x1x64", "256x1x256")
_BESIDE: Mapping[str, Any] = {"one_thread": True, "timer": partial(interleaved, counts=median)}
"""How a plan differs beside busy processes: the best sample would be one in which they slept."""
Case = tuple[str, StackSpec, Shape]


@final
@register_verb("bench")
class Bench(OwnVerb):
    """Time compositions on this machine: each engine, torch's layer, the products alone."""

    usage = "[COMPOSITION ...] [options]"

    def add_arguments(self, parser: Arguments) -> None:
        parser.description = (
            "Times compositions on this machine: a training step under each engine, beside torch's "
            "layer of the same shape and the matrix products alone."
        )
        parser.epilog = "zoo bench lstm gru 'bi-mgu-2x128-residual' --engine auto,reference --shape 256x32x64"
        add = parser.add_argument
        add(
            "compositions",
            nargs="*",
            metavar="COMPOSITION",
            help="a cell, a whole name (bi-lstm-4x256-residual) or a "
            f"named model; by default {', '.join(CELLS_FIRST)}",
        )
        add("--all", action="store_true", help="every registered cell, at all shapes")
        add("--engine", default="", metavar="A,B", help="by default auto and every engine that can")
        add(
            "--shape",
            action="append",
            default=[],
            metavar="TxBxH",
            help=f"or TxBxIxH; repeatable; by default {', '.join(SHAPES[:QUICK])}, "
            f"with --all {SHAPES[-1]} too",
        )
        kind = parser.add_mutually_exclusive_group()
        kind.add_argument("--forward-only", action="store_true", help="time forward without backward")
        kind.add_argument(
            "--streaming", action="store_true", help="time one moment of a stream (stack.stream)"
        )
        add("--lengths", action="store_true", help="also over sequences of random lengths")
        add("--against", action="append", default=[], metavar="LIBRARY", help=f"also {', '.join(PEERS)}")
        _add_place(add)
        add("--repeats", type=int, metavar="N", help=f"samples of each; the best one counts ({REPEATS})")
        add(
            "--no-memory",
            action="store_true",
            help="skip the peak memory, which starts a process per row",
        )
        add("--csv", type=Path, metavar="FILE", help="also write every number to a file")
        _add_scaling(parser)

    def act(self, given: argparse.Namespace) -> None:
        """Times and prints.

        Raises:
            UserError: an argument is wrong.
            ValueError: a composition, an engine, a shape or a peer is.
            UnknownNameError: there is no such cell or wiring.
        """
        _check_together(given)
        repeats = given.repeats
        if repeats is None:
            repeats = FEWER if given.scaling else REPEATS
        mode: Mode = "streaming" if given.streaming else "forward" if given.forward_only else "training"
        setting = Setting(mode=mode, dtype=given.dtype, device=given.device)
        plan = Plan(
            engines=tuple(name for name in given.engine.split(",") if name),
            against=tuple(given.against),
            lengths=given.lengths,
            memory=not (given.no_memory or given.streaming),
            repeats=repeats,
            **(_BESIDE if given.beside_busy else {}),
        )
        if given.scaling:
            with threads(given.threads):
                run_scaling(given, setting, plan)
            return
        with threads(given.threads), busy(given.beside_busy or 0):
            cases = _cases(given, setting, plan)
            _run(cases, setting, plan, given.csv)


def _add_place(add: Callable[..., Any]) -> None:
    """Adds what says where and beside what a composition runs."""
    add("--dtype", default="float32", metavar="TYPE", help=", ".join(DTYPES))
    add("--device", default="cpu", help="cpu or cuda")
    add("--threads", type=int, metavar="N", help="threads of torch")
    add(
        "--beside-busy",
        type=int,
        metavar="N",
        help="time beside so many busy processes, each also on one thread; the median counts",
    )


def _add_scaling(parser: Arguments) -> None:
    """Adds what asks how a training step grows."""
    group = parser.add_argument_group("how it grows")
    group.add_argument(
        "--scaling",
        action="store_true",
        help="time and memory of a training step against T, B, H and layers, with exponents, the cost of "
        "cells, and an estimate of larger machines; by default of lstm and mingru, in under 5 minutes",
    )
    group.add_argument(
        "--picture", type=Path, default=Path("scaling.png"), metavar="FILE", help="scaling.png by default"
    )


def _check_together(given: argparse.Namespace) -> None:
    """Refuses what cannot be asked for together, as far as that takes no stack."""
    if given.scaling:
        check_alone(given)
    if given.all and given.compositions:
        raise UserError(
            f"--all takes every cell, and {given.compositions[0]!r} is named too; expected one of them"
        )
    idle = {"--engine": given.engine, "--lengths": given.lengths, "--against": given.against}
    for option, value in idle.items():
        if given.streaming and value:
            raise UserError(
                f"{option} does nothing with --streaming, which calls stack.stream; expected one of them"
            )
    if given.csv is not None and not given.csv.absolute().parent.is_dir():
        raise UserError(f"--csv {given.csv}: there is no folder {given.csv.parent}; expected one that exists")
    for option, count in {"--threads": given.threads, "--beside-busy": given.beside_busy}.items():
        if count is not None:
            check_positive(option, count)


def _cases(given: argparse.Namespace, setting: Setting, plan: Plan) -> list[Case]:
    """What is compared, shape by shape, all of it checked before the first is timed."""
    usual = STREAMS if given.streaming else SHAPES if given.all else SHAPES[:QUICK]
    names = CELLS.names() if given.all else given.compositions or CELLS_FIRST
    shapes = [Shape.parse(text) for text in given.shape or usual]
    cases = [(name, _spec(name, shape), shape) for shape in shapes for name in names]
    for _, spec, shape in cases:
        check(spec, shape, setting, plan)
    return cases


def _spec(name: str, shape: Shape) -> StackSpec:
    return named_model(name).network.encoder if name in MODELS else composition(name, shape)


def _run(cases: list[Case], setting: Setting, plan: Plan, path: Path | None) -> None:
    """Compares, prints the table of a shape as soon as it is complete, and keeps the file up to date."""
    facts, start = machine(), load()
    say(", ".join(f"{key} {value}" for key, value in facts.items()))
    tables: dict[Shape, list[Row]] = {}
    written: list[dict[str, str]] = []
    for k, (name, spec, shape) in enumerate(cases):
        progress(f"{name} at {shape}, {k + 1} of {len(cases)}")
        before = load()
        rows = compare(name, spec, shape, setting, plan)
        tables.setdefault(shape, []).extend(rows)
        written += csv_rows(rows, {**facts, "load_start": before, "load_end": load()}, plan.repeats)
        if path is not None:
            _write(path, written)
        progress("")
        if k + 1 == len(cases) or cases[k + 1][2] != shape:
            print_table(tables[shape])
    ends = f"Load average {start} at the start, {load()} at the end."
    print_legend([row for rows in tables.values() for row in rows], [*_missing(cases, plan), ends])
    if path is not None:
        print(f"written: {path}")


def _missing(cases: list[Case], plan: Plan) -> list[str]:
    """Why a library has no row, once for each composition."""
    reasons = {
        f"{peer} has no row for {name}: {reason}.": None
        for peer in plan.against
        for name, spec, _ in cases
        if (reason := peer_refusal(peer, spec)) is not None
    }
    return list(reasons)


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
