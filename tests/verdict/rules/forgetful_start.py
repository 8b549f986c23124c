"""The forget gate starts shut, so that nothing is kept."""

from dataclasses import replace

from verdict.healthy import HEALTHY
from zoo.verdict.measurements import Gate

CASE = (
    {
        "gates": {"layer_1/forward": {"f": Gate(0.1, 0.007)}},
        "network": replace(HEALTHY.network, forget_bias=-5.0),
    },
    "starts at -5: 0.7% of the state is kept",
    "cell: {class_path: LSTMSpec, init_args: {forget_bias: 1.0}}",
)
