"""What there is to say of a cell or a wiring beside its docstring. It does not import Lightning."""

from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

import torch

from zoo.cells import Cell
from zoo.cli.verbs.cell_table import WIDTH, multiply_adds, parameter_count
from zoo.registry import PartCard
from zoo.registry.source import Argument, Source
from zoo.wiring import Wiring

TERMS: dict[str, Callable[[int, int], int]] = {
    "H I": lambda i, h: h * i,
    "H²": lambda i, h: h * h,
    "H": lambda i, h: h,
    "I": lambda i, h: i,
    "": lambda i, h: 1,
}
START = {
    "yes": "the identity, where widths agree",
    "nearly": "nearly the identity, where widths agree",
    "no": "",
}
"""What `WiringCard.identity` says, in words."""
SIZES = ((1, 2), (2, 3), (3, 5), (5, 4), (7, 11))


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
        "paper": cited(cls.card),
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


def cited(card: PartCard) -> str:
    """The paper, and where in it the equations stand."""
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


def wiring_facts(cls: type[Wiring]) -> dict[str, str]:
    """What there is to say of a wiring beside its docstring and its options, by what it is."""
    wiring = cls.spec_class().build(WIDTH, WIDTH)
    shapes = ", ".join(f"{name} {tuple(each.shape)}" for name, each in wiring.named_parameters())
    facts = {
        "parameters": f"{shapes or 'none'}, at I = H = {WIDTH}",
        "at the start": START[cls.card.identity],
        "no decay": ", ".join(cls.card.no_decay),
        "paper": cited(cls.card),
    }
    return {name: text for name, text in facts.items() if text}


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
