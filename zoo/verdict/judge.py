"""A verdict in words: what a good teacher would say of the gradients of a network, and what to try."""

from dataclasses import dataclass
from typing import final

from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Severity
from zoo.verdict.rules import RULES


@final
@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a verdict says.

    Attributes:
        severity: How bad it is; "good" only where nothing is wrong.
        text: A sentence.
        advice: What to try, as lines of a recipe.
        rule: The name of the rule.
        source: Where the rule comes from.
    """

    severity: Severity
    text: str
    advice: tuple[str, ...] = ()
    rule: str = ""
    source: str = ""


def judge(measured: Measurements) -> list[Finding]:
    """What is wrong with a network's gradients, the worst first; one good finding where nothing is.

    Args:
        measured: By `zoo inspect`, or read from the files of a run by `zoo.verdict.measured`.
    """
    found = [
        Finding(severity=rule.severity, text=text, advice=advice, rule=rule.name, source=rule.source)
        for rule in RULES
        for text, advice in rule.look(measured, rule.threshold)
    ]
    if found:
        return sorted(found, key=lambda finding: finding.severity != "problem")
    if not (measured.layers or measured.gradients or measured.norms or measured.dead):
        return [Finding(severity="warning", text="Nothing was measured, so there is nothing to say.")]
    return [Finding(severity="good", text="The gradients look healthy; there is nothing to repair.")]
