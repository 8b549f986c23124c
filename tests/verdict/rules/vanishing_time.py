"""What lies far back contributes nothing to the recurrent weights' gradient."""

from verdict.healthy import FADING

CASE = (
    {"weights": {"layer_1/forward": FADING}},
    "older than 6 steps contributes under 1%",
    "pooling: max",
)
