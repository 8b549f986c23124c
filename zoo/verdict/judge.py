"""A verdict in words: what a good teacher would say of a network, the cause first, and what to try."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import final

from zoo.verdict.advice import past_the_layers
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import CAUSES, Rule, Severity, Sure
from zoo.verdict.rules import RULES

DEEP = 6
"""So many layers may be too many without connections past them, whatever else is measured."""


@final
@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a verdict says.

    Attributes:
        severity: How bad it is; "good" only where nothing is wrong.
        text: A sentence.
        advice: What to try, as lines of a recipe.
        rule: The name of the rule.
        sure: How sure it is.
        explains: Names of rules that would have spoken, too, of what follows from this.
        source: Where the rule comes from.
    """

    severity: Severity
    text: str
    advice: tuple[str, ...] = ()
    rule: str = ""
    sure: Sure = "certain"
    explains: tuple[str, ...] = ()
    source: str = ""


def judge(measured: Measurements) -> list[Finding]:
    """What is wrong with a network, causes before what follows from them; one good finding where nothing is.

    Problems come before warnings. What the first problem may be the reason of is named with it, and not told.

    Args:
        measured: By `zoo inspect`, or read from the files of a run by `zoo.verdict.measured`.
    """
    found = sorted(_told(measured), key=lambda pair: pair[0].severity != "problem")
    if found:
        return _once(_folded(found))
    if not (measured.layers or measured.gradients or measured.norms or measured.dead):
        return [Finding(severity="warning", text="Nothing was measured, so there is nothing to say.")]
    return [Finding(severity="good", text=f"The gradients look healthy; {_rest(measured)}.")]


def _rest(m: Measurements) -> str:
    """What is known beside gradients where nothing is wrong."""
    if m.learning is None or not m.learning.is_cut:
        return "there is nothing to repair"
    steps = f"{m.learning.taken} of {m.learning.wanted} steps"
    return f"how it learns is not known: short trainings were cut short after {steps}"


def _once(findings: Sequence[Finding]) -> list[Finding]:
    """The findings, each line of advice with the first of them that gives it."""
    before = [{line for earlier in findings[:at] for line in earlier.advice} for at in range(len(findings))]
    return [
        replace(finding, advice=tuple(line for line in finding.advice if line not in given))
        for finding, given in zip(findings, before, strict=True)
    ]


def to_try(measured: Measurements) -> list[str]:
    """Lines of advice that a short training should try before they are given."""
    first = past_the_layers(measured) if measured.network.num_layers >= DEEP else ()
    lines = [line for finding in judge(measured) for line in finding.advice]
    return list(dict.fromkeys((*first, *lines)))


def _told(m: Measurements) -> Iterator[tuple[Rule, Finding]]:
    """What each rule says; of its advice only what was of use, where it was tried."""
    for rule in RULES:
        for text, advice in rule.look(m, rule.threshold):
            kept = tuple(line for line in advice if m.learning is None or m.learning.allows(line))
            yield (
                rule,
                Finding(
                    severity=rule.severity,
                    text=text,
                    advice=kept,
                    rule=rule.name,
                    sure=rule.sure,
                    source=rule.source,
                ),
            )


def _folded(found: Sequence[tuple[Rule, Finding]]) -> list[Finding]:
    """The findings; what comes of a later cause than the first problem is only named with that."""
    (first, cause), *others = found
    if cause.severity != "problem":
        return [finding for _, finding in found]
    later = [finding for rule, finding in others if CAUSES.index(rule.cause) > CAUSES.index(first.cause)]
    named = tuple(dict.fromkeys(finding.rule for finding in later))
    return [replace(cause, explains=named), *(finding for _, finding in others if finding not in later)]
