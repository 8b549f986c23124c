"""A gate is at the lower end of its range, and lets next to nothing through."""

from zoo.verdict.measurements import Gate

CASE = (
    {"gates": {"layer_1/forward": {"i": Gate(0.6, 0.01)}}},
    "gate i is saturated in 60% of units and steps",
    "",
)
