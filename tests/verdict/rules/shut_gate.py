"""A gate is at the lower end of its range, and lets next to nothing through."""

from dataclasses import replace

from verdict.healthy import HEALTHY
from zoo.verdict.measurements import Gate

CASE = (
    {
        "gates": {"layer_1/forward": {"f": Gate(0.61, 0.02)}},
        "network": replace(HEALTHY.network, forget_bias=-3.0),
    },
    "gate f is saturated in 61% of units and steps, at a mean of 0.02",
    "cell: {class_path: LSTMSpec, init_args: {forget_bias: 1.0}}",
)
