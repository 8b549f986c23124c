"""The reference: every public name, in groups, from docstrings."""

import inspect
from collections.abc import Collection, Iterator, Mapping

import zoo
from zoo import diagnostics

CONTRACTS = (
    *("zoo.cells", "zoo.cells.base", "zoo.data.base", "zoo.registry"),
    *("zoo.switches", "zoo.tasks.base", "zoo.wiring"),
)
"""Modules whose names one derives one's own parts from; what a file of theirs holds is a part."""
GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "stacks": (
        "Stacks and models",
        ("zoo.stack", "zoo.model", "zoo.embedding", "zoo.seq2seq", "zoo.names", "zoo.catalogue"),
    ),
    "trained": (
        "Trained models and weights",
        ("zoo.trained", "zoo.generation", "zoo.layouts", "zoo.tracking"),
    ),
    "contracts": ("Contracts of your own parts", ()),
    "tasks": ("Tasks", ("zoo.tasks",)),
    "data": ("Data", ("zoo.data",)),
    "callbacks": ("Callbacks", ("zoo.callbacks",)),
    "wirings": ("Options of wirings", ("zoo.wiring",)),
    "switches": ("Options of switches", ("zoo.switches",)),
    "cells": ("Options of cells", ("zoo.cells",)),
}
"""Page -> its title, and where the names on it come from; the first that fits counts."""
DIAGNOSTICS = "diagnostics"


def pages(only: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """Name and text of each page, of which the first leads to the others.

    Args:
        only: The pages that there are to be; all where it is empty.
    """
    groups = {key: names for key, names in grouped().items() if not only or key in only}
    titles = {key: title for key, (title, _) in GROUPS.items() if key in groups}
    if not only or DIAGNOSTICS in only:
        titles[DIAGNOSTICS] = "Diagnostics"
    lines = [
        "# Every public name",
        "",
        "What `import zoo` gives, and the measurements of `zoo.diagnostics`.",
        "",
    ]
    lines += ["```{toctree}", ":maxdepth: 1", "", *titles, "```", ""]
    for key, names in groups.items():
        listed = ", ".join(f"{{py:obj}}`{name} <zoo.{name}>`" for name in names)
        lines += [f"**{titles[key]}:** {listed}", ""]
    yield "index", "\n".join(lines)
    for key, names in groups.items():
        yield key, _page(titles[key], [f"zoo.{name}" for name in names])
    if DIAGNOSTICS in titles:
        yield (
            DIAGNOSTICS,
            _page(titles[DIAGNOSTICS], [f"zoo.diagnostics.{name}" for name in diagnostics.__all__]),
        )


def grouped() -> dict[str, list[str]]:
    """Page -> the public names on it."""
    found: dict[str, list[str]] = {key: [] for key in GROUPS}
    for name, module in sorted(zoo._home().items()):
        found[_group(module)].append(name)
    return {key: names for key, names in found.items() if names}


def _group(module: str) -> str:
    if module in CONTRACTS:
        return "contracts"
    fits = (
        key
        for key, (_, homes) in GROUPS.items()
        if f"{module}.".startswith(tuple(f"{home}." for home in homes))
    )
    return next(fits)


def _page(title: str, names: list[str]) -> str:
    lines = [f"# {title}", "", "```{eval-rst}"]
    for name in names:
        module, _, own = name.rpartition(".")
        part = getattr(diagnostics if module.endswith(DIAGNOSTICS) else zoo, own)
        if inspect.isclass(part):
            lines += [f".. autoclass:: {name}", "   :members:", "   :show-inheritance:", ""]
        elif inspect.isfunction(part):
            lines += [f".. autofunction:: {name}", ""]
        else:
            lines += [f".. autodata:: {name}", ""]
    return "\n".join([*lines, "```", ""])
