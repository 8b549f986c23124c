"""The rules of a verdict, each with its threshold and its source, and what it says."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from zoo.diagnostics.lag_record import shares_beyond
from zoo.diagnostics.parameter_paths import depth_of
from zoo.verdict.advice import (
    GUARD,
    learning_rate,
    longer_memory,
    open_gate,
    past_the_layers,
    slower,
    smaller_steps,
)
from zoo.verdict.formatting import brief, rounded, spoken, which_steps
from zoo.verdict.measurements import Gate, Measurements

Severity = Literal["good", "warning", "problem"]
LONG, SHORT = 16, 0.25
"""Sequences of so many steps are long; a signal that fades in this share of them fades early."""
KEEPING, LASTING = "fzu", 8.0
"""Gates that may keep the state, which is no fault: where it lasts for more than so many steps."""
SHUT = 0.1
"""A gate below this on average lets next to nothing through."""
FEW, TIGHT = 5, 5.0
"""Norms below which there is no usual one; how far below the usual norm a limit may be."""

Told = tuple[str, tuple[str, ...]]
"""A sentence, and the advice that goes with it."""


@final
@dataclass(frozen=True)
class Rule:
    """When something is worth saying.

    Attributes:
        name: In a word or two.
        threshold: Beyond it, or below it, as `look` has it.
        severity: How bad it is.
        source: Where rule and threshold come from.
        look: What it says of measurements, with this threshold.
    """

    name: str
    threshold: float
    severity: Severity
    source: str
    look: Callable[[Measurements, float], Iterator[Told]]


def span(by_lag: Sequence[float], rest: float, share: float) -> int | None:
    """The lag beyond which less than `share` of a sum over lags lies; None where it is beyond them all.

    Args:
        by_lag: The parts of the sum.
        rest: What comes from beyond the last of them.
        share: Of the sum.
    """
    shares = shares_beyond(by_lag, rest)
    return next((lag for lag, beyond in enumerate(shares) if beyond < share), None)


def _nonfinite(m: Measurements, most: float) -> Iterator[Told]:
    told = _broken(m, most)
    if told:
        advice = (*smaller_steps(m), *(() if m.network.guarded else (GUARD,)))
        yield f"The {told}.{f' {m.events[0]}' if m.events else ''}", advice


def _broken(m: Measurements, most: float) -> str:
    """What was not finite and when, as far as it is known; "" where nothing was."""
    if m.nonfinite > most and (m.measured is None or m.nonfinite >= m.measured.count):
        return f"gradient was NaN or infinite in {m.nonfinite} step{'' if m.nonfinite == 1 else 's'}"
    if m.measured is not None:
        return f"gradient was NaN or infinite in {which_steps(m.measured, 'measured')}"
    return f"loss was NaN or infinite in {which_steps(m.losses, 'logged')}" if m.losses is not None else ""


def _vanishing_depth(m: Measurements, least: float) -> Iterator[Told]:
    for when, first, last, ratio in _ends(m):
        if ratio < least:
            yield (
                f"The gradient that reaches {first}{when} is {brief(ratio)} of {last}'s: it vanishes with "
                f"depth.",
                past_the_layers(m),
            )


def _exploding_depth(m: Measurements, most: float) -> Iterator[Told]:
    for when, first, last, ratio in _ends(m):
        if ratio > most:
            yield (
                f"The gradient that reaches {first}{when} is {brief(ratio)} times {last}'s: it grows with "
                f"depth.",
                (*past_the_layers(m), *smaller_steps(m)),
            )


def _vanishing_time(m: Measurements, share: float) -> Iterator[Told]:
    hits = {}
    for way, by_lag in m.weights.items():
        steps, far = len(m.gradients.get(way, by_lag)), span(by_lag, m.rests.get(way, 0.0), share)
        if far is not None and steps >= LONG and far < steps * SHORT:
            hits[way] = far / steps
    for way, others in _worst(hits, min):
        steps = len(m.gradients.get(way, m.weights[way]))
        lags = round(hits[way] * steps)
        yield (
            f"In {spoken(way)}, signal older than {lags} step{'' if lags == 1 else 's'} contributes under "
            f"{share:.0%} to the gradient of the recurrent weights; the sequences have {steps}.{others}",
            longer_memory(m),
        )


def _exploding_time(m: Measurements, most: float) -> Iterator[Told]:
    growth = {}
    for way, by_lag in m.errors.items():
        usual = float(np.median(by_lag[: max(len(by_lag) // 4, 1)])) if by_lag else 0.0
        if usual > 0 and max(by_lag) > most * usual:
            growth[way] = max(by_lag) / usual
    for way, others in _worst(growth, max):
        lag = list(m.errors[way]).index(max(m.errors[way]))
        yield (
            f"In {spoken(way)}, errors that have travelled back {lag} steps are {brief(growth[way])} times "
            f"as large as after the first quarter of the way: the gradient explodes through time.{others}",
            (*(() if m.network.recurrent_clip else ("recurrent_gradient_clip: 1.0",)), *smaller_steps(m)),
        )


def _saturated(m: Measurements, most: float) -> Iterator[Told]:
    yield from _of_gates(m, most, lambda gate: gate.mean >= SHUT)


def _shut(m: Measurements, most: float) -> Iterator[Told]:
    yield from _of_gates(m, most, lambda gate: gate.mean < SHUT)


def _of_gates(m: Measurements, most: float, concerned: Callable[[Gate], bool]) -> Iterator[Told]:
    for letter in dict.fromkeys(letter for gates in m.gates.values() for letter in gates):
        gates = {way: gates[letter] for way, gates in m.gates.items() if letter in gates}
        hits = {
            way: gate.saturated
            for way, gate in gates.items()
            if gate.saturated > most
            and concerned(gate)
            and not (letter in KEEPING and m.horizons.get(way, 0.0) > LASTING)
        }
        for way, others in _worst(hits, max):
            yield (
                f"In {spoken(way)}, gate {letter} is saturated in {hits[way]:.0%} of units and steps, at a "
                f"mean of {gates[way].mean:.2g}: no gradient passes it there.{others}",
                open_gate(m, letter),
            )


def _dead(m: Measurements, most: float) -> Iterator[Told]:
    for way, others in _worst({way: share for way, share in m.dead.items() if share > most}, max):
        yield (
            f"In {spoken(way)}, {m.dead[way]:.0%} of the units never change, whatever the input.{others}",
            slower(m),
        )


def _spikes(m: Measurements, most: float) -> Iterator[Told]:
    norms = [norm for norm in m.norms if math.isfinite(norm) and norm > 0]
    if len(norms) < FEW or m.network.clips or m.clipped:
        return
    usual, highest = float(np.median(norms)), max(norms)
    if highest > most * usual:
        yield (
            f"The norm of the gradient rises to {brief(highest)}, {brief(highest / usual)} times its "
            f"median of {brief(usual)}, and nothing clips it.",
            (f"max_norm: {rounded(5 * usual)}",),
        )


def _always_clipped(m: Measurements, most: float) -> Iterator[Told]:
    norms = [norm for norm in m.norms if math.isfinite(norm)]
    if m.clipped is None or m.clipped <= most or len(norms) < FEW or m.network.limit is None:
        return
    usual = float(np.median(norms))
    if usual > TIGHT * m.network.limit:
        yield (
            f"{m.clipped:.0%} of the steps were clipped, the median from a norm of {brief(usual)} to "
            f"{brief(m.network.limit)}: the limit, not the gradient, sets the size of the steps.",
            (f"max_norm: {rounded(5 * usual)}",),
        )


def _large_updates(m: Measurements, most: float) -> Iterator[Told]:
    high = {layer: ratio for layer, ratio in m.updates.items() if ratio > most}
    if high:
        layer = max(high, key=lambda key: high[key])
        yield (
            f"An update changes the weights of {spoken(layer)} by {high[layer]:.0%} of their norm: the "
            "steps are too large.",
            slower(m),
        )


def _small_updates(m: Measurements, least: float) -> Iterator[Told]:
    low = {layer: ratio for layer, ratio in m.updates.items() if ratio < least}
    if low:
        layer = min(low, key=lambda key: low[key])
        yield (
            f"An update changes the weights of {spoken(layer)} by {brief(low[layer])} of their norm: it "
            "hardly learns.",
            learning_rate(m, 3.0),
        )


def _ends(m: Measurements) -> Iterator[tuple[str, str, str, float]]:
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


def _worst(hits: Mapping[str, float], pick: Callable[..., str]) -> Iterator[tuple[str, str]]:
    """The worst of the directions that something is wrong with, and a sentence about the others."""
    if hits:
        worst = pick(hits, key=lambda way: hits[way])
        others = [spoken(way) for way in hits if way != worst]
        yield worst, f" The same holds for {', '.join(others)}." if others else ""


PASCANU = "Pascanu et al., 2013, https://arxiv.org/abs/1211.5063"
RULES = (
    Rule("non-finite", 0.0, "problem", f"{PASCANU}, section 2", _nonfinite),
    Rule(
        "vanishes with depth",
        0.1,
        "problem",
        "Srivastava et al., 2015, https://arxiv.org/abs/1505.00387; at the start plain LSTMs of 4 layers "
        "stay above it, and those of 8, which learn slowly (recipes/results/depth.csv), do not",
        _vanishing_depth,
    ),
    Rule(
        "explodes with depth",
        1e2,
        "problem",
        "He et al., 2016, https://arxiv.org/abs/1512.03385",
        _exploding_depth,
    ),
    Rule(
        "vanishes through time",
        1e-2,
        "warning",
        "Bengio et al., 1994, https://doi.org/10.1109/72.279181",
        _vanishing_time,
    ),
    Rule("explodes through time", 1e2, "problem", f"{PASCANU}, section 2.1", _exploding_time),
    Rule("shut gate", 0.5, "warning", "Hochreiter & Schmidhuber, 1997; Jozefowicz et al., 2015", _shut),
    Rule(
        "saturated gate",
        0.8,
        "warning",
        "Karpathy et al., 2015, https://arxiv.org/abs/1506.02078: well-trained gates are often at their ends",
        _saturated,
    ),
    Rule("dead units", 0.3, "warning", "Maas et al., 2013 (rectifiers that are never active)", _dead),
    Rule(
        "unclipped spikes",
        1e2,
        "warning",
        f"{PASCANU}, section 3.2: thresholds of half to ten times the usual norm",
        _spikes,
    ),
    Rule("always clipped", 0.95, "warning", f"{PASCANU}, section 3.2", _always_clipped),
    Rule(
        "large updates",
        0.3,
        "warning",
        "the usual ratio is 1e-3: Karpathy, https://cs231n.github.io/neural-networks-3",
        _large_updates,
    ),
    Rule("small updates", 1e-6, "warning", "the same", _small_updates),
)
"""Every rule, its threshold and its source."""
