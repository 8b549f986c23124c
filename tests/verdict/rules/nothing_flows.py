"""No gradient reaches the recurrent layers."""

CASE = (
    {"layers": {"layer 1": 0.0, "layer 2": 0.0, "head": 1e-2}},
    "No gradient at all reaches the recurrent layers",
    "",
)
