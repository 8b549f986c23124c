"""The gradient vanishes on its way through the layers."""

CASE = (
    {"layers": {"layer 1": 3e-6, "layer 2": 1.0}},
    "reaches layer 1 is 3e-6 of layer 2's",
    "wiring: residual",
)
