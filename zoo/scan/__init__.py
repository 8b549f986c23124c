"""Engines that run a recurrence over time. They know nothing of cells.

The reference loop is the definition. Every other engine computes the same values and gradients, faster.
"""

from collections.abc import Callable
from dataclasses import dataclass

from zoo.scan import native, reference
from zoo.scan.recurrence import Map, Product, Recurrence, Run, Sequences, State, Step, Twin

__all__ = [
    "ENGINES",
    "Engine",
    "Map",
    "Product",
    "Recurrence",
    "Run",
    "Sequences",
    "State",
    "Step",
    "Twin",
    "pick",
]


@dataclass(frozen=True)
class Engine:
    """A way to run a recurrence.

    Attributes:
        run: Runs it.
        refusal: Says why this engine cannot run a given recurrence, or None where it can.
        reason: Why `auto` prefers it, where it can run.
    """

    run: Run
    refusal: Callable[[Recurrence], str | None]
    reason: str


ENGINES = {
    "native": Engine(native.run, native.refusal, "the equations are exactly those of a torch kernel"),
    "reference": Engine(reference.run, lambda recurrence: None, "the step loop runs every cell"),
}
"""From the one `auto` likes best to the one that always works."""


def pick(name: str, recurrence: Recurrence) -> tuple[str, str]:
    """The engine to use and why.

    Args:
        name: "auto" or the name of an engine.
        recurrence: What is to be run.

    Returns:
        The engine's name, and the reason in words.

    Raises:
        ValueError: the named engine cannot run this recurrence.
    """
    if name != "auto":
        refusal = ENGINES[name].refusal(recurrence)
        if refusal is not None:
            raise ValueError(f"engine {name!r} cannot run this: {refusal}; use engine 'auto' or 'reference'")
        return name, "asked for"
    chosen = next(key for key, engine in ENGINES.items() if engine.refusal(recurrence) is None)
    return chosen, ENGINES[chosen].reason
