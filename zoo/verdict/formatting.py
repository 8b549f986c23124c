"""Numbers and places as a person says them."""

import math


def spoken(path: str) -> str:
    """A path such as "layer_1/forward" for people."""
    layer, _, direction = path.replace("_", " ").partition("/")
    return f"{layer} ({direction})" if direction else layer


def brief(value: float) -> str:
    """Two digits, as a person writes them."""
    if 0.01 <= abs(value) < 1e4:
        return f"{value:.2g}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


def rounded(value: float) -> str:
    """One digit: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    nearest = min((1, 2, 5, 10), key=lambda step: abs(math.log(step * power / value)))
    return f"{nearest * power:g}"
