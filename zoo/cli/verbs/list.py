"""`zoo list` and `zoo show`: what there is. Neither imports Lightning."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

from zoo.callbacks import CALLBACKS
from zoo.catalogue import MODELS
from zoo.cells import CELLS
from zoo.cli.errors import UserError
from zoo.cli.recipes.imports import import_modules
from zoo.cli.recipes.listing import recipes, summary
from zoo.cli.verbs.show import show
from zoo.data import DATA
from zoo.registry import Registry, load_plugins, nearest
from zoo.tasks import TASKS
from zoo.wiring import WIRINGS

Rows = list[tuple[str, str]]
USAGE = {
    "list": "usage: zoo list [cells|wirings|models|tasks|data|callbacks|recipes]",
    "show": "usage: zoo show NAME    a cell, wiring, model, task, data module, callback or recipe",
}


def look(command: str, arguments: Sequence[str], allowed: Sequence[str]) -> int:
    """Runs list or show.

    Raises:
        UserError: it takes other arguments.
        UnknownNameError: nothing has that name.
    """
    if any(argument in ("-h", "--help") for argument in arguments):
        print(USAGE[command])
        return 0
    options = [argument for argument in arguments if argument.startswith("-")]
    if options or len(arguments) > 1 or (command == "show" and not arguments):
        raise UserError(f"{command} got {' '.join(arguments) or 'no name'}; {USAGE[command]}")
    import_modules(allowed)
    if command == "show":
        print(show(arguments[0]))
        return 0
    for kind in _kinds(arguments):
        _print_table(kind, KINDS[kind]())
    for name, reason in load_plugins().items():
        print(f"broken plug-in {name}: {reason}", file=sys.stderr)
    return 0


def _kinds(arguments: Sequence[str]) -> list[str]:
    for kind in arguments:
        if kind not in KINDS:
            raise UserError(f"unknown kind {kind!r}{nearest(kind, KINDS) or ';'} Known: {', '.join(KINDS)}")
    return list(arguments or KINDS)


def _registered(registry: Registry[Any]) -> Callable[[], Rows]:
    return lambda: [(name, registry.summary(name)) for name in registry.names()]


KINDS: dict[str, Callable[[], Rows]] = {
    "cells": _registered(CELLS),
    "wirings": _registered(WIRINGS),
    "models": lambda: [(name, model.summary) for name, model in sorted(MODELS.items())],
    "tasks": _registered(TASKS),
    "data": _registered(DATA),
    "callbacks": _registered(CALLBACKS),
    "recipes": lambda: [(name, summary(path)) for name, path in recipes().items()],
}


def _print_table(kind: str, rows: Rows) -> None:
    """A table on a terminal, plain columns in a file or a pipe."""
    if not sys.stdout.isatty():
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
