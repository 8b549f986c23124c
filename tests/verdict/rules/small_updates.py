"""An update is next to nothing beside the weights that it changes."""

CASE = (
    {"updates": {"layer_1": 1e-8}},
    "by 1e-8 of their norm",
    "",
)
