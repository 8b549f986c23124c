"""The gradient grows on its way through the layers."""

CASE = (
    {"layers": {"layer 1": 500.0, "layer 2": 1.0}},
    "reaches layer 1 is 500 times layer 2's",
    "",
)
