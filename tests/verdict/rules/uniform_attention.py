"""Attention looks everywhere alike."""

CASE = (
    {"validated": {"attention_spread": [0.5, 0.99]}},
    "had 99.0% of the entropy of even ones",
    "",
)
