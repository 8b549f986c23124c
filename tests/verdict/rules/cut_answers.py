"""Answers do not end by themselves."""

CASE = (
    {"validated": {"cut_answers": [0.4]}},
    "40% of the answers went on to the limit",
    "",
)
