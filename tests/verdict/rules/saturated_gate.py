"""A gate is at the ends of its range, and not shut."""

from zoo.verdict.measurements import Gate

CASE = (
    {"gates": {"layer_1/forward": {"o": Gate(0.9, 0.99)}}},
    "gate o is saturated in 90% of units and steps",
    "",
)
