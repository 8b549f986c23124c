"""No feature of the data ever changes, or next to none does."""

from zoo.verdict.facts import DataFacts

CASE = (
    {"data": DataFacts(rows=99, means=(0.0, 1.0, 1.0), deviations=(1.0, 0.0, 0.0))},
    "2 of the 3 columns of x never change: 1, 2",
    "",
)
