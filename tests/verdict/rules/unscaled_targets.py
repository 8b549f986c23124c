"""The numbers to be predicted are far from those that a network begins with."""

from zoo.verdict.facts import DataFacts

CASE = (
    {"data": DataFacts(rows=99, target_mean=1000.0, target_deviation=3.0)},
    "targets y have a mean of 1,000 and a deviation of 3",
    "",
)
