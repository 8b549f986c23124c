"""The same wrong answer is given to most."""

CASE = (
    {"validated": {"empty_answers": [0.0], "alike_answers": [0.6]}},
    "one wrong answer was given to 60% of the sources",
    "",
)
