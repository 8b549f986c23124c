"""Answers are empty, although something was asked for."""

CASE = (
    {"validated": {"empty_answers": [0.2, 0.97]}},
    "97% of the answers were empty",
    "",
)
