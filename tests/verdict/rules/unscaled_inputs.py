"""A feature of the data is far larger, far smaller or far more shifted than a network's weights expect."""

from zoo.verdict.facts import DataFacts

CASE = (
    {"data": DataFacts(rows=99, means=(0.0, 50.0), deviations=(1.0, 300.0))},
    "1 of the 2 columns of x are not scaled: column 1 has a mean of 50 and a deviation of 300",
    "",
)
