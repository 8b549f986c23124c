"""`zoo show`: what there is to say about one part. It does not import Lightning."""

import argparse
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, final

import torch

from zoo.callbacks import CALLBACKS
from zoo.catalogue import MODELS, named_model
from zoo.cells import CELLS, Cell
from zoo.cli.recipes.listing import recipes
from zoo.cli.verbs.base import Arguments, OwnVerb, register_verb
from zoo.cli.verbs.cell_table import WIDTH, multiply_adds, parameter_count
from zoo.cli.verbs.model_table import model_facts
from zoo.data import DATA
from zoo.engines import pick
from zoo.names import is_stack_name
from zoo.registry import PartCard, Registry, UnknownNameError, nearest
from zoo.registry.source import Argument, Source
from zoo.switches import SWITCHES, Switch
from zoo.tasks import TASKS
from zoo.wiring import WIRINGS, Wiring

TERMS: dict[str, Callable[[int, int], int]] = {
    "H I": lambda i, h: h * i,
    "H²": lambda i, h: h * h,
    "H": lambda i, h: h,
    "I": lambda i, h: i,
    "": lambda i, h: 1,
}
TYPICAL = "lstm"
"""The cell around which a switch is shown."""
START = {
    "yes": "the identity, where widths agree",
    "nearly": "nearly the identity, where widths agree",
    "no": "",
}
"""What `WiringCard.identity` says, in words."""
SIZES = ((1, 2), (2, 3), (3, 5), (5, 4), (7, 11))


@final
@register_verb("show")
class Show(OwnVerb):
    """Show one part: equations, options, parameters, paper."""

    usage = "NAME    a cell, wiring, switch, model, task, data module, callback or recipe"

    def add_arguments(self, parser: Arguments) -> None:
        parser.add_argument("name", metavar="NAME", help="its registered name or the name of its class")

    def act(self, given: argparse.Namespace) -> None:
        """Prints it.

        Raises:
            UnknownNameError: nothing has that name.
        """
        print(show(given.name))


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


def cell_facts(cls: type[Cell]) -> dict[str, str]:
    """What there is to say of a cell beside its docstring and its options, by what it is."""
    cell = cls.spec_class().build(WIDTH, WIDTH)
    shapes = ", ".join(f"{name} {tuple(each.shape)}" for name, each in cell.named_parameters())
    facts = {
        "family": ", ".join(_kind(cls)),
        "gates": _gates(cell),
        "state": ", ".join(f"{part} (B, {size})" for part, size in _state(cell)) + f" at H = {WIDTH}",
        "parameters": f"{_formula(cls)}{parameter_count(cell):,} at I = H = {WIDTH}: {shapes}",
        "multiply-adds": f"{multiply_adds(cell):,} in the products of a step, at I = H = {WIDTH}",
        "paper": _paper(cls.card),
        "claim": cls.card.claim,
        "constraint": cls.card.constraint,
        "recommended": cls.card.recommended,
        "no decay": ", ".join(cls.card.no_decay),
        "torch equivalent": cls.card.torch_equivalent or "none",
    }
    return {name: text for name, text in facts.items() if text}


def _kind(cls: type[Cell]) -> Iterator[str]:
    """What a cell is: its family, and what that does not say by itself."""
    yield cls.card.family
    if cls.card.linear and cls.card.family != "linear":
        yield "linear in its state"
    if cls.reads_deltas:
        yield "reads the time between steps"


def _paper(card: PartCard) -> str:
    return f"{card.paper} eq. {card.equations}" if card.equations else card.paper


def _gates(cell: Cell) -> str:
    """The gates, and which of them are recurrent where not all are."""
    recurrence = cell.recurrence()
    recurrent = ", ".join(recurrence.recurrent_gates) or "none"
    gates = ", ".join(recurrence.gates)
    return gates if not gates or recurrent == gates else f"{gates}; with recurrent weights: {recurrent}"


def _state(cell: Cell) -> list[tuple[str, int]]:
    return list(zip(cell.state_type._fields, cell.state_sizes, strict=True))


def _formula(cls: type[Cell]) -> str:
    """The number of parameters as a formula in I and H, or nothing where it is no such polynomial."""
    with torch.device("meta"):
        counts = {(i, h): parameter_count(cls.spec_class().build(i, h)) for i, h in (*SIZES, (WIDTH, WIDTH))}
    rows = torch.tensor([[term(i, h) for term in TERMS.values()] for i, h in SIZES], dtype=torch.float64)
    wanted = torch.tensor([counts[size] for size in SIZES], dtype=torch.float64)
    factors = [round(factor) for factor in torch.linalg.solve(rows, wanted).tolist()]
    terms = dict(zip(TERMS, factors, strict=True))
    if any(sum(terms[term] * TERMS[term](i, h) for term in TERMS) != counts[i, h] for i, h in counts):
        return ""
    spelled = [
        f"{factor if factor != 1 or not term else ''} {term}" for term, factor in terms.items() if factor
    ]
    return " + ".join(text.strip() for text in spelled) + " = "


def _wiring(registry: Registry[Any], key: str) -> str:
    cls: type[Wiring] = registry[key]
    return _page(f"{key} (wiring)", registry, key, wiring_facts(cls), spec_options(cls.spec_class))


def wiring_facts(cls: type[Wiring]) -> dict[str, str]:
    """What there is to say of a wiring beside its docstring and its options, by what it is."""
    wiring = cls.spec_class().build(WIDTH, WIDTH)
    shapes = ", ".join(f"{name} {tuple(each.shape)}" for name, each in wiring.named_parameters())
    facts = {
        "parameters": f"{shapes or 'none'}, at I = H = {WIDTH}",
        "at the start": START[cls.card.identity],
        "no decay": ", ".join(cls.card.no_decay),
        "paper": _paper(cls.card),
    }
    return {name: text for name, text in facts.items() if text}


def _switch(registry: Registry[Any], key: str) -> str:
    cls: type[Switch] = registry[key]
    switch = cls.spec_class().build(CELLS[TYPICAL].spec_class().build(WIDTH, WIDTH).recurrence())
    shapes = ", ".join(f"{name} {tuple(each.shape)}" for name, each in switch.named_parameters())
    facts = {
        "parameters": f"{shapes}, in an {TYPICAL} at I = H = {WIDTH}" if shapes else "none",
        "no decay": ", ".join(cls.card.no_decay),
        "paper": _paper(cls.card),
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


def spec_options(spec: type) -> list[Argument]:
    """The fields of a spec, also where it derives from a spec of another package or declares one anew."""
    targets = [f"{cls.__module__}:{cls.__qualname__}" for cls in spec.__mro__ if is_dataclass(cls)]
    sources = [Source.of(target) for target in targets]
    if all(source.lineage for source in sources):
        return Source([source.lineage[0] for source in sources]).arguments() or []
    return [_typed(field) for field in fields(spec)]


def _typed(field: Field[Any]) -> Argument:
    """A field of a class that is in no file, such as one of a notebook."""
    kind = field.type.__name__ if isinstance(field.type, type) else field.type
    default = "" if field.default is MISSING else f" = {field.default!r}"
    return Argument(field.name, f"{field.name}: {kind}{default}", "", ())


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
