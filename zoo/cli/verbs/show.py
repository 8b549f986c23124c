"""`zoo show`: what there is to say about one part. It does not import Lightning."""

import argparse
import inspect
import textwrap
from collections.abc import Callable
from typing import Any, final

from zoo.callbacks import CALLBACKS
from zoo.catalogue import MODELS, named_model
from zoo.cells import CELLS, Cell
from zoo.cli.recipes.listing import recipes
from zoo.cli.verbs.base import Arguments, OwnVerb, register_verb
from zoo.cli.verbs.cell_table import WIDTH
from zoo.cli.verbs.machine_facts import engine_facts, machine_facts
from zoo.cli.verbs.model_table import model_facts
from zoo.cli.verbs.part_facts import cell_facts, cited, spec_options, wiring_facts
from zoo.data import DATA
from zoo.engines import pick
from zoo.names import is_stack_name
from zoo.registry import Registry, UnknownNameError, nearest
from zoo.registry.source import Argument, Source
from zoo.switches import SWITCHES, Switch
from zoo.tasks import TASKS
from zoo.wiring import WIRINGS, Wiring

TYPICAL = "lstm"
"""The cell around which a switch is shown."""


@final
@register_verb("show")
class Show(OwnVerb):
    """Show one part: equations, options, parameters, paper; or what this machine has."""

    usage = "[NAME]    a cell, wiring, switch, model, task, data module, callback or recipe; or none"

    def add_arguments(self, parser: Arguments) -> None:
        parser.add_argument(
            "name",
            metavar="NAME",
            nargs="?",
            help="its registered name or the name of its class; without one, what this machine has",
        )

    def act(self, given: argparse.Namespace) -> None:
        """Prints it.

        Raises:
            UnknownNameError: nothing has that name.
        """
        print(this_machine() if given.name is None else show(given.name))


def this_machine() -> str:
    """What this machine has, and which engines can be used on it."""
    lines = ["this machine", "", *_columns(machine_facts()), "", "engines", "", *_columns(engine_facts())]
    return "\n".join([*lines, "", "more    docs/engines.md, zoo bench"])


def show(name: str) -> str:
    """Everything about the parts called `name`, by registered name or class name.

    Raises:
        UnknownNameError: nothing has that name.
    """
    found = [
        text
        for registry, describe in DESCRIBED
        for key in registry.names()
        if name in (key, registry.target(key).partition(":")[2])
        for text in [describe(registry, key)]
    ]
    if name in MODELS or is_stack_name(name):
        found.append(_model(name))
    if name in recipes():
        found.append(_recipe(name))
    if not found:
        known = [key for registry, _ in DESCRIBED for key in registry.names()]
        hint = nearest(name, [*known, *MODELS, *recipes()]) or "; expected a name that `zoo list` shows."
        raise UnknownNameError(f"nothing is called {name!r}{hint} Your own parts: --allow-import MODULE")
    return "\n\n".join(found)


def _cell(registry: Registry[Any], key: str) -> str:
    cls: type[Cell] = registry[key]
    choice = pick("auto", cls.spec_class().build(WIDTH, WIDTH).recurrence())
    facts = cell_facts(cls) | {"engine": f"auto picks {choice.name}: {choice.reason}"}
    return _page(f"{key} (cell)", registry, key, facts, spec_options(cls.spec_class))


def _wiring(registry: Registry[Any], key: str) -> str:
    cls: type[Wiring] = registry[key]
    return _page(f"{key} (wiring)", registry, key, wiring_facts(cls), spec_options(cls.spec_class))


def _switch(registry: Registry[Any], key: str) -> str:
    cls: type[Switch] = registry[key]
    switch = cls.spec_class().build(CELLS[TYPICAL].spec_class().build(WIDTH, WIDTH).recurrence())
    shapes = ", ".join(f"{name} {tuple(each.shape)}" for name, each in switch.named_parameters())
    facts = {
        "parameters": f"{shapes}, in an {TYPICAL} at I = H = {WIDTH}" if shapes else "none",
        "no decay": ", ".join(cls.card.no_decay),
        "paper": cited(cls.card),
    }
    facts = {name: text for name, text in facts.items() if text}
    return _page(f"{key} (switch)", registry, key, facts, spec_options(cls.spec_class))


def _declared(noun: str) -> Callable[[Registry[Any], str], str]:
    """How a part with arguments of its own is described, from its source."""
    return lambda registry, key: _page(
        f"{key} ({noun})", registry, key, {}, Source.of(registry.target(key)).arguments() or []
    )


def _model(name: str) -> str:
    summary = textwrap.fill(named_model(name).summary, 100)
    return "\n".join([f"{name} (model)", "", summary, "", *_columns(model_facts(name))])


def _recipe(name: str) -> str:
    path = recipes()[name]
    text = path.read_text(encoding="utf-8").rstrip()
    return f"{name} (recipe)\n\n{text}\n\nfile    {path}\nrun     zoo fit --config {name}"


def _page(
    title: str, registry: Registry[Any], key: str, facts: dict[str, str], arguments: list[Argument]
) -> str:
    """Title, docstring, facts, options."""
    source = Source.of(registry.target(key))
    lines = [title, "", source.doc if source.lineage else inspect.getdoc(registry[key]) or ""]
    if facts:
        lines += ["", *_columns(facts)]
    if arguments:
        lines += ["", "options:"]
    for argument in arguments:
        lines.append(f"  {argument.text}")
        lines += textwrap.wrap(argument.about, 100, initial_indent="      ", subsequent_indent="      ")
    return "\n".join(lines).rstrip()


def _columns(facts: dict[str, str]) -> list[str]:
    wide = max(map(len, facts)) + 2
    return [
        textwrap.fill(f"{key:<{wide}}{value}", 110, subsequent_indent=" " * wide, break_on_hyphens=False)
        for key, value in facts.items()
    ]


DESCRIBED: list[tuple[Registry[Any], Callable[[Registry[Any], str], str]]] = [
    (CELLS, _cell),
    (WIRINGS, _wiring),
    (SWITCHES, _switch),
    (TASKS, _declared("task")),
    (DATA, _declared("data module")),
    (CALLBACKS, _declared("callback")),
]
