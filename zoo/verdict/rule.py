"""What a rule of a verdict is, and what several of them look for alike."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, final, get_args

from zoo.diagnostics.parameter_paths import depth_of
from zoo.verdict.formatting import spoken
from zoo.verdict.measurements import Gate, Measurements

Severity = Literal["good", "warning", "problem"]
Cause = Literal["data", "start", "rate", "depth", "time", "gates", "answers"]
CAUSES: tuple[Cause, ...] = get_args(Cause)
"""Where something is wrong, causes first: what is wrong in one place shows in those after it."""
Sure = Literal["certain", "likely", "possible"]
KEEPING, LASTING = "fzu", 8.0
"""Gates that may keep the state, which is no fault: where it lasts for more than so many steps."""
SHUT = 0.1
"""A gate below this on average lets next to nothing through."""
FEW = 5
"""Norms below which there is no usual one."""
PASCANU = "Pascanu et al., 2013, https://arxiv.org/abs/1211.5063"

Told = tuple[str, tuple[str, ...]]
"""A sentence, and the advice that goes with it."""


@final
@dataclass(frozen=True, kw_only=True)
class Rule:
    """When something is worth saying.

    Attributes:
        name: In a word or two.
        place: Where it stands among the rules of its cause.
        threshold: Beyond it, or below it, as `look` has it.
        severity: How bad it is.
        cause: Where it is wrong.
        sure: How sure it is that something is.
        source: Where rule and threshold come from.
        look: What it says of measurements, with this threshold.
    """

    name: str
    place: int
    threshold: float
    severity: Severity
    cause: Cause
    sure: Sure
    source: str
    look: Callable[[Measurements, float], Iterator[Told]]


def stack_ends(m: Measurements) -> Iterator[tuple[str, str, str, float]]:
    """When, first and last layer of each stack, and the first's gradient over the last's."""
    for when, layers in ((" at first", m.early), ("", m.layers)):
        stacks: dict[str, list[str]] = {}
        for layer in layers:
            if depth_of(layer):
                stacks.setdefault(layer.rpartition(" ")[0], []).append(layer)
        for stack in stacks.values():
            first, last = stack[0], stack[-1]
            if len(stack) > 1 and layers[last] > 0 and math.isfinite(layers[first]):
                yield when, first, last, layers[first] / layers[last]


def is_of_rate(m: Measurements) -> bool:
    """Whether a smaller learning rate learns from the same start, which then is not to blame."""
    found = m.learning
    better = found.better_rate if found is not None else None
    return found is not None and better is not None and better < found.rate and found.is_learned_at(better)


def learns_as_it_is(m: Measurements) -> bool:
    """Whether a short training has shown that much is learned, and no more where advice is followed."""
    return m.learning is not None and m.learning.is_fast and not any(map(m.learning.helps, m.learning.trials))


def saturated_gates(m: Measurements, most: float, concerned: Callable[[Gate], bool]) -> Iterator[Told]:
    """Of each letter the gates at an end of their range in more than `most` of units and steps.

    Args:
        m: What was measured; a network that has learned is left alone, whose gates may be where they like.
        most: Share of activations.
        concerned: Which gates the rule is about.
    """
    if m.has_learned:
        return
    for letter in dict.fromkeys(letter for gates in m.gates.values() for letter in gates):
        gates = {way: gates[letter] for way, gates in m.gates.items() if letter in gates}
        hits = {
            way: gate.saturated
            for way, gate in gates.items()
            if gate.saturated > most
            and concerned(gate)
            and not (letter in KEEPING and m.horizons.get(way, 0.0) > LASTING)
        }
        for way, others in worst_way(hits, max):
            yield (
                f"In {spoken(way)}, gate {letter} is saturated in {hits[way]:.0%} of units and steps, at a "
                f"mean of {gates[way].mean:.2g}: no gradient passes it there.{others}",
                (),
            )


def worst_way(hits: Mapping[str, float], pick: Callable[..., str]) -> Iterator[tuple[str, str]]:
    """The worst of the directions that something is wrong with, and a sentence about the others."""
    if hits:
        worst = pick(hits, key=lambda way: hits[way])
        others = [spoken(way) for way in hits if way != worst]
        yield worst, f" The same holds for {', '.join(others)}." if others else ""
