"""The grammar of model names: `bi-lstm-4x256-residual`, and any stack there is.

A name is `[direction-]cell-LAYERSxWIDTH[-wiring]`, then options after commas, written as in a recipe:
`gru-2x64,cell.reset=before,dropout=0.1`. Directions are fwd (left out), back, bi and alt; wiring plain is
left out. Where layers differ, their values are joined by +: `bi+fwd-lstm-2x256+128-plain+residual`, and
options of one layer's cell or wiring carry its number: `cell.0.forget_bias=2.0`. Those of a cell within a
cell come behind its own: `reservoir-1x64,cell.cell=gru,cell.cell.reset=before`. Switches are an option, and
theirs come behind it: `lstm-2x64,switches=zoneout+weight_drop,switches.0.c=0.5,switches.1.layers=0+1`.
"""

import json
import re
from dataclasses import fields
from typing import Any

from zoo.cells import CELLS, cell_spec
from zoo.registry import Registry, Spec, nearest
from zoo.stack import StackSpec
from zoo.switches import SWITCHES, switch_spec
from zoo.wiring import WIRINGS, wiring_spec

DIRECTIONS = {"forward": "fwd", "backward": "back", "bidirectional": "bi", "alternating": "alt"}
OWN = ("cell", "hidden_size", "num_layers", "direction", "wiring", "switches")
"""Fields of a stack that the core of a name spells out; all others are options."""
PARTS: dict[str, Registry[Any]] = {"cell": CELLS, "wiring": WIRINGS, "switches": SWITCHES}
NUMBERS = re.compile(r"\d+(?:\+\d+)+")
CORE = re.compile(
    r"(?:(?P<direction>(?:fwd|back|bi|alt)(?:\+(?:fwd|back|bi|alt))*)-)?"
    r"(?P<cell>[a-z0-9_+]+)-(?P<layers>\d+)x(?P<width>\d+(?:\+\d+)*)(?:-(?P<wiring>[a-z0-9_+]+))?"
)


def is_stack_name(name: str) -> bool:
    """Whether a name follows the grammar, whatever cells and wirings it mentions."""
    return CORE.fullmatch(name.partition(",")[0]) is not None


def name_stack(spec: StackSpec) -> str:
    """The name of a stack; `parse_stack` gives the stack back."""
    direction = "+".join(DIRECTIONS[name] for name in _listed(spec.direction))
    wiring = _joined(spec.wiring)
    width = "+".join(str(each) for each in _listed(spec.hidden_size))
    core = "-".join(
        [
            *([] if direction == "fwd" else [direction]),
            _joined(spec.cell),
            f"{spec.num_layers}x{width}",
            *([] if wiring == "plain" else [wiring]),
        ]
    )
    default = StackSpec()
    options = {
        field.name: getattr(spec, field.name)
        for field in fields(spec)
        if field.name not in OWN and getattr(spec, field.name) != getattr(default, field.name)
    }
    options |= _part_options("cell", spec.cell) | _part_options("wiring", spec.wiring)
    if spec.switches:
        options["switches"] = "+".join(switch.key for switch in _listed(spec.switches))
        options |= _part_options("switches", spec.switches)
    return ",".join([core, *(f"{key}={_spell(value)}" for key, value in options.items())])


def parse_stack(name: str) -> StackSpec:
    """The stack that a name describes.

    Raises:
        ValueError: the name does not follow the grammar, or an option is unknown.
        UnknownNameError: there is no such cell or wiring.
    """
    core, *options = name.split(",")
    match = CORE.fullmatch(core)
    if match is None:
        raise ValueError(f"{name!r} is no model name; expected one such as 'bi-lstm-4x256-residual'")
    tokens = {token: direction for direction, token in DIRECTIONS.items()}
    values: dict[str, Any] = {
        "cell": [{"name": cell} for cell in match["cell"].split("+")],
        "wiring": [{"name": wiring} for wiring in (match["wiring"] or "plain").split("+")],
        "direction": [tokens[token] for token in (match["direction"] or "fwd").split("+")],
        "hidden_size": [int(width) for width in match["width"].split("+")],
        "num_layers": int(match["layers"]),
        "switches": [],
    }
    _check_names(values)
    if len({option.partition("=")[0] for option in options}) < len(options):
        raise ValueError(f"{name!r} gives an option twice; expected each once")
    for option in options:
        _take(option, values)
    values["cell"] = [cell_spec(cell) for cell in values["cell"]]
    values["wiring"] = [wiring_spec(wiring) for wiring in values["wiring"]]
    values["switches"] = [switch_spec(switch) for switch in values["switches"]]
    return StackSpec.from_plain({key: value[0] if _single(value) else value for key, value in values.items()})


def _check_names(values: dict[str, Any]) -> None:
    """Refuses names that no part has, before options of theirs are looked at."""
    for part, registry in PARTS.items():
        for each in values[part]:
            registry[each["name"]]


def _take(option: str, values: dict[str, Any]) -> None:
    """Enters one `key=value` into the values of a stack."""
    key, equals, text = option.partition("=")
    known = [field.name for field in fields(StackSpec) if field.name not in OWN]
    part, _, rest = key.partition(".")
    if equals and key in known:
        values[key] = _read(text)
    elif equals and key == "switches":
        values[key] = [{"name": switch} for switch in text.split("+")]
        _check_names(values)
    elif equals and part in PARTS and rest not in ("", "name") and values[part]:
        for target, field in _targets(part, rest, values):
            target[field] = _read(text)
    else:
        hint = nearest(key, known) or ";"
        raise ValueError(
            f"a model name has no option {option!r}{hint} expected {', '.join(known)}, switches, or "
            f"cell.*, wiring.*, switches.*"
        )


def _targets(part: str, rest: str, values: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """The cells or wirings that `cell.FIELD` or `cell.LAYER.FIELD` means, and the field."""
    number, _, field = rest.partition(".")
    if not field or (not number.isdigit() and all(_holds_spec(each, number) for each in values[part])):
        return [_within(each, rest) for each in values[part]]
    if len(values[part]) == 1 and part != "switches":
        values[part] = [dict(values[part][0]) for _ in range(values["num_layers"])]
    if not number.isdigit() or int(number) >= len(values[part]):
        what = "switch" if part == "switches" else "layer"
        raise ValueError(f"{part}.{rest} names {what} {number!r}; expected 0 to {len(values[part]) - 1}")
    return [_within(values[part][int(number)], field)]


def _holds_spec(cell: dict[str, Any], field: str) -> bool:
    """Whether a cell has another one in this field."""
    registry = next(each for each in PARTS.values() if cell["name"] in each)
    return isinstance(vars(registry[cell["name"]].spec_class()).get(field), Spec)


def _within(cell: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """The cell within a cell that a path leads to, and the field at its end."""
    first, _, rest = path.partition(".")
    if not rest or not _holds_spec(cell, first):
        return cell, path
    inner = cell.get(first, getattr(CELLS[cell["name"]].spec_class(), first).key)
    cell[first] = {"name": inner} if isinstance(inner, str) else inner
    return _within(cell[first], rest)


def _part_options(part: str, specs: Any) -> dict[str, Any]:
    """Options of the cells or wirings that differ from their defaults: once where all have the same."""
    own = [_spec_options(spec) for spec in _listed(specs)]
    shared = {
        key: value for key, value in own[0].items() if all((key, value) in each.items() for each in own)
    }
    found = {f"{part}.{key}": value for key, value in shared.items()}
    for k, options in enumerate(own):
        found |= {f"{part}.{k}.{key}": value for key, value in options.items() if key not in shared}
    return found


def _spec_options(spec: Any, path: str = "") -> dict[str, Any]:
    """Options of a cell or wiring that differ from their defaults, and of the cells within it."""
    found: dict[str, Any] = {}
    for field in fields(spec):
        value, default = getattr(spec, field.name), getattr(type(spec)(), field.name)
        if isinstance(value, Spec):
            found |= {f"{path}{field.name}": value.key} if value.key != default.key else {}
            found |= _spec_options(value, f"{path}{field.name}.")
        elif value != default:
            found[f"{path}{field.name}"] = value
    return found


def _joined(specs: Any) -> str:
    """The names of the cells or wirings of all layers, once where it is the same."""
    keys = [spec.key for spec in _listed(specs)]
    return keys[0] if len(set(keys)) == 1 else "+".join(keys)


def _listed(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _single(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 1


def _spell(value: Any) -> str:
    if isinstance(value, tuple):
        return "+".join(map(_spell, value))
    return value if isinstance(value, str) else json.dumps(value)


def _read(text: str) -> Any:
    if NUMBERS.fullmatch(text):
        return [int(number) for number in text.split("+")]
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
