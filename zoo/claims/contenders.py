"""Cells from the starts that decide how far back they remember, as several claims compare them."""

from collections.abc import Mapping
from typing import Any

STARTS: Mapping[str, str | dict[str, Any]] = {
    "elman": "elman",
    "elman, orthogonal": "elman",
    "lstm": "lstm",
    "lstm, open": {"name": "lstm", "forget_bias": 4.0},
    "gru": "gru",
}
"""Name -> cell; "elman" starts as torch's does, from uniformly drawn weights, the others as in the zoo."""


def init_range(name: str, units: int) -> float | None:
    """What `ModelSpec.init_range` is for one of them."""
    return units**-0.5 if name == "elman" else None
