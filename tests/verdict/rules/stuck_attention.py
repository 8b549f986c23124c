"""Attention looks at one place of the source, whatever is written."""

CASE = (
    {"validated": {"attention_on_one_place": [0.96]}},
    "96% of the weight of attention lay on one place",
    "",
)
