"""From the options that a user gave to a way of clipping, or to the sentence that says why not."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from zoo.callbacks.clipping.modes import MODES, Mode
from zoo.registry import check_choice

IMPLIED = {"max_norm": "norm", "max_value": "value", "max_ratio": "unit", "percentile": "percentile"}
"""The mode that a limit stands for where none is named."""


def build_mode(mode: str | None, options: Mapping[str, Any]) -> Mode:
    """The way of clipping called `mode`, or that which the limit implies.

    Args:
        mode: A key of `MODES`, or None.
        options: What the user gave; None stands for "not given".

    Raises:
        ValueError: the mode is unknown or cannot be told, an option does not belong to it, is missing, or has
            a value that makes no sense.
    """
    given = {name: value for name, value in options.items() if value is not None}
    name = _implied(given) if mode is None else mode
    check_choice("mode", name, MODES)
    known = {field.name: field for field in fields(MODES[name])}  # type: ignore[arg-type]  # each is a dataclass
    for option in given:
        if option not in known:
            raise ValueError(
                f"{option} does not belong to mode {name!r} of GradientClipping, whose options are "
                f"{', '.join(known)}"
            )
    for option, field in known.items():
        if option not in given and field.default is MISSING:
            raise ValueError(f"mode {name!r} of GradientClipping got no {option}; expected a number above 0")
    return MODES[name](**given)


def _implied(given: Mapping[str, Any]) -> str:
    limits = [limit for limit in IMPLIED if limit in given]
    if len(limits) == 1:
        return IMPLIED[limits[0]]
    got = f"both {' and '.join(limits)}" if limits else "neither a mode nor a limit"
    raise ValueError(f"GradientClipping got {got}; expected a mode, or one of {', '.join(IMPLIED)}")
