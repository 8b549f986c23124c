"""The gradient, or the loss, was NaN or infinite."""

from collections.abc import Iterator

from zoo.verdict.measurements import Measurements, Nonfinite
from zoo.verdict.rule import PASCANU, Rule, Told


def _look(m: Measurements, most: float) -> Iterator[Told]:
    told = _broken(m, most)
    if told:
        yield f"The {told}.{f' {m.events[0]}' if m.events else ''}{_hopeless(m)}", ()


def _never_finite(m: Measurements) -> bool:
    """Whether no step that was measured was finite, the first of them included."""
    return m.measured is not None and m.measured.count == m.measured.looked


def _hopeless(m: Measurements) -> str:
    if not _never_finite(m):
        return ""
    return " So it is from the first step on, where no limit helps and there is nothing to roll back to."


def _broken(m: Measurements, most: float) -> str:
    """What was not finite and when, as far as it is known; "" where nothing was."""
    if m.nonfinite > most and (m.measured is None or m.nonfinite >= m.measured.count):
        return f"gradient was NaN or infinite in {m.nonfinite} step{'' if m.nonfinite == 1 else 's'}"
    if m.measured is not None:
        return f"gradient was NaN or infinite in {_which_steps(m.measured, 'measured')}"
    return f"loss was NaN or infinite in {_which_steps(m.losses, 'logged')}" if m.losses is not None else ""


def _which_steps(found: Nonfinite, how: str) -> str:
    """In which steps something was not finite, of those that were "measured" or "logged"."""
    if found.lasting and found.count > 1:
        return f"each of the {found.count} {how} steps from step {found.first:,} on"
    return f"{found.count} of {found.looked} {how} steps, first in step {found.first:,}"


RULE = Rule(
    name="non-finite",
    place=11,
    threshold=0.0,
    severity="problem",
    cause="rate",
    sure="certain",
    source=f"{PASCANU}, section 2",
    look=_look,
)
