"""An update is large beside the weights that it changes."""

CASE = (
    {"updates": {"layer_1": 0.5}},
    "by 50% of their norm",
    "",
)
