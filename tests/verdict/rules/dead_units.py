"""Units never change, whatever the input."""

CASE = (
    {"dead": {"layer_1/forward": 0.5}},
    "50% of the units never change",
    "",
)
