"""All answers are the same class, and the truth is not."""

CASE = (
    {"validated": {"accuracy": [0.5, 0.5], "said_most": [0.6, 1.0], "majority": [0.5, 0.5]}},
    "100% of the answers were the same class",
    "",
)
