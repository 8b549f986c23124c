"""`zoo list`: what there is. It does not import Lightning."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any, final

from zoo.callbacks import CALLBACKS
from zoo.catalogue import MODELS
from zoo.cells import CELLS
from zoo.claims import CLAIMS
from zoo.cli.errors import UserError
from zoo.cli.recipes.listing import recipes, summary
from zoo.cli.verbs.base import Arguments, OwnVerb, register_verb
from zoo.data import DATA
from zoo.layouts import LAYOUTS
from zoo.registry import Registry, load_plugins, nearest
from zoo.switches import SWITCHES
from zoo.tasks import TASKS
from zoo.wiring import WIRINGS

Rows = list[tuple[str, str]]


def _registered(registry: Registry[Any]) -> Callable[[], Rows]:
    return lambda: [(name, registry.summary(name)) for name in registry.names()]


KINDS: dict[str, Callable[[], Rows]] = {
    "cells": _registered(CELLS),
    "wirings": _registered(WIRINGS),
    "switches": _registered(SWITCHES),
    "models": lambda: [(name, model.summary) for name, model in sorted(MODELS.items())],
    "tasks": _registered(TASKS),
    "data": _registered(DATA),
    "callbacks": _registered(CALLBACKS),
    "layouts": _registered(LAYOUTS),
    "claims": _registered(CLAIMS),
    "recipes": lambda: [(name, summary(path)) for name, path in recipes().items()],
}


@final
@register_verb("list")
class List(OwnVerb):
    """List cells, wirings, switches, models, tasks, data, callbacks, layouts of weights, claims, recipes."""

    usage = f"[{'|'.join(KINDS)}] [--bench FILE]"

    def add_arguments(self, parser: Arguments) -> None:
        parser.add_argument(
            "kind", nargs="?", metavar="KIND", help="by default all kinds, one after the other"
        )
        parser.add_argument(
            "--bench", metavar="FILE", help="with cells: show ratios that `zoo bench --csv FILE` measured"
        )

    def act(self, given: argparse.Namespace) -> None:
        """Prints tables.

        Raises:
            UserError: there is no such kind.
        """
        kind = given.kind
        if kind is not None and kind not in KINDS:
            raise UserError(f"unknown kind {kind!r}{nearest(kind, KINDS) or ';'} Known: {', '.join(KINDS)}")
        if given.bench is not None and kind != "cells":
            raise UserError(f"--bench is for cells, got {kind}; expected `zoo list cells --bench FILE`")
        if kind == "cells":
            from zoo.cli.verbs.cell_table import cell_rows  # builds every cell, which a summary need not

            _print_columns(list(cell_rows(given.bench)))
        elif kind == "models":
            from zoo.cli.verbs.model_table import model_rows  # builds every model

            _print_columns(list(model_rows()))
        else:
            for each in KINDS if kind is None else [kind]:
                _print_table(each, KINDS[each]())
        for name, reason in load_plugins().items():
            print(f"broken plug-in {name}: {reason}", file=sys.stderr)


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _print_table(kind: str, rows: Rows) -> None:
    """A table on a terminal, plain columns in a file or a pipe."""
    if not _is_terminal():
        print(f"{kind}:")
        for name, text in rows:
            print(f"  {name:<26} {text}")
        return
    from rich.console import Console  # only a terminal needs it
    from rich.table import Table

    table = Table(title=kind, title_justify="left", show_header=False, box=None)
    table.add_column(style="bold cyan", no_wrap=True)
    table.add_column()
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _print_columns(rows: Sequence[tuple[str, ...]]) -> None:
    """Rows whose first is the header; numbers stand to the right.

    On a terminal words are wrapped; in a file or a pipe columns are as wide as they need to be.
    """
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    right = [all(row[k][:1].isdigit() or not row[k] for row in rows[1:]) for k in range(len(widths))]
    if _is_terminal():
        _print_wrapped(rows, right)
        return
    for row in rows:
        cells = (
            text.rjust(width) if is_number else text.ljust(width)
            for text, width, is_number in zip(row, widths, right, strict=True)
        )
        print("  ".join(cells).rstrip())


def _print_wrapped(rows: Sequence[tuple[str, ...]], right: Sequence[bool]) -> None:
    """Rows on a terminal, with words wrapped where it is narrow."""
    from rich.console import Console  # only a terminal needs it
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for k, (heading, is_number) in enumerate(zip(rows[0], right, strict=True)):
        table.add_column(
            heading,
            style="bold cyan" if k == 0 else "",
            justify="right" if is_number else "left",
            no_wrap=k == 0 or is_number,
        )
    for row in rows[1:]:
        table.add_row(*row)
    Console().print(table)
