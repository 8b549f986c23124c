"""The grammar of model names: `bi-lstm-4x256-residual`, and any stack there is.

A name is `[direction-]cell-LAYERSxWIDTH[-wiring]`, then options after commas, written as in a recipe:
`gru-2x64,cell.reset=before,dropout=0.1`. Directions are fwd (left out), back, bi and alt; wiring plain is
left out. Where layers differ, their values are joined by +: `bi+fwd-lstm-2x256+128-plain+residual`, and
options of one layer's cell or wiring carry its number: `cell.0.forget_bias=2.0`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from zoo.cells import CELLS, cell_spec
from zoo.registry import Spec, nearest
from zoo.stack import StackSpec
from zoo.wiring import WIRINGS, wiring_spec

DIRECTIONS = {"forward": "fwd", "backward": "back", "bidirectional": "bi", "alternating": "alt"}
OWN = ("cell", "hidden_size", "num_layers", "direction", "wiring")
"""Fields of a stack that the core of a name spells out; all others are options."""
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
    wiring = "+".join(_key(each) for each in _listed(spec.wiring))
    width = "+".join(str(each) for each in _listed(spec.hidden_size))
    core = "-".join(
        [
            *([] if direction == "fwd" else [direction]),
            "+".join(_key(each) for each in _listed(spec.cell)),
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
    }
    for part, registry in (("cell", CELLS), ("wiring", WIRINGS)):
        for each in values[part]:
            registry[each["name"]]  # an unknown name is an error here, before its options are looked at
    for option in options:
        _take(option, values)
    values["cell"] = [cell_spec(_known(each, CELLS[each["name"]].spec_class)) for each in values["cell"]]
    values["wiring"] = [
        wiring_spec(_known(each, WIRINGS[each["name"]].spec_class)) for each in values["wiring"]
    ]
    return StackSpec(**{key: value[0] if _single(value) else value for key, value in values.items()})


def _take(option: str, values: dict[str, Any]) -> None:
    """Enters one `key=value` into the values of a stack."""
    key, equals, text = option.partition("=")
    known = [field.name for field in fields(StackSpec) if field.name not in OWN]
    part, _, rest = key.partition(".")
    if not equals or not (key in known or (part in ("cell", "wiring") and rest)):
        hint = nearest(key, known) or ";"
        raise ValueError(
            f"a model name has no option {option!r}{hint} expected {', '.join(known)}, cell.* or wiring.*"
        )
    value = _read(text)
    if key in known:
        values[key] = value
        return
    number, _, field = rest.partition(".")
    targets = values[part][int(number) : int(number) + 1] if field and number.isdigit() else values[part]
    for target in targets:
        target[field or number] = value


def _known(options: Mapping[str, Any], spec: type[Spec]) -> dict[str, Any]:
    """The options as they are, if the spec has them all."""
    known = [field.name for field in fields(spec)]  # type: ignore[arg-type]  # every spec is a dataclass
    for key in options:
        if key != "name" and key not in known:
            hint = nearest(key, known) or ";"
            raise ValueError(
                f"{options['name']} has no option {key!r}{hint} expected one of {', '.join(known)}"
            )
    return dict(options)


def _part_options(part: str, specs: Any) -> dict[str, Any]:
    """Options of the cells or wirings that differ from their defaults."""
    listed = _listed(specs)
    return {
        f"{part}.{field.name}" if len(listed) == 1 else f"{part}.{k}.{field.name}": getattr(spec, field.name)
        for k, spec in enumerate(listed)
        for field in fields(spec)
        if getattr(spec, field.name) != getattr(type(spec)(), field.name)
    }


def _key(spec: Spec) -> str:
    assert spec.key is not None
    return spec.key


def _listed(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _single(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 1


def _spell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
