"""A classifier is no better than the most frequent class."""

CASE = (
    {"validated": {"accuracy": [0.6, 0.7], "said_most": [0.8, 0.8], "majority": [0.7, 0.7]}},
    "70.0% right at best, against 70.0%",
    "",
)
