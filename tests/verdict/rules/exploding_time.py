"""Errors grow on their way back in time."""

CASE = (
    {"errors": {"layer_1/forward": [1.5**lag for lag in range(40)]}},
    "errors that have travelled back 39 steps are 1e6 times as large",
    "",
)
