"""Numbers and names as pictures and pages write them."""

import math

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float | None) -> str:
    """A number as a person writes it: 0.05, 1,234, 3.2·10⁻⁶; a dash where there is none."""
    if value is None or value != value:
        return "–"
    if value in (float("inf"), float("-inf")):
        return "infinity" if value > 0 else "−infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:,.4g}" if abs(value) < 1e3 else f"{value:,.0f}"
    factor, _, exponent = f"{value:.2e}".partition("e")
    return f"{float(factor):g}·{power(int(exponent))}"


def power(exponent: int) -> str:
    """A power of ten: 10⁻⁶."""
    return "10" + str(exponent).translate(SUPERSCRIPTS)


def times(decades: float) -> str:
    """How many times so many decades are: 3.8×, 12,000×, 10⁸×."""
    if decades < 6:
        factor = float(f"{10**decades:.2g}")
        return f"{factor:,.0f}×" if factor >= 10 else f"{factor:g}×"
    return f"{power(math.floor(decades + 1e-9))}×"


def shorten(name: str, letters: int) -> str:
    """The name, or as much of its end as fits."""
    return name if len(name) <= letters else "…" + name[-(letters - 1) :]
