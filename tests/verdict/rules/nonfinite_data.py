"""A value of the data is NaN or infinite."""

from zoo.verdict.facts import BadValue, DataFacts

CASE = (
    {"data": DataFacts(rows=99, bad=(BadValue(name="x", count=2, row=17, step=3, column=1),))},
    "2 values are NaN or infinite, the first in x, column 1, step 3, row 17",
    "",
)
