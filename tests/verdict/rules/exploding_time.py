"""Errors grow on their way back in time."""

from zoo.verdict.facts import Learning

CASE = (
    {
        "errors": {"layer_1/forward": [1.5**lag for lag in range(40)]},
        "learning": Learning(
            steps=160, start=9.0, end=2.0, baseline=1.0, trials={"recurrent_gradient_clip: 1.0": 0.6}
        ),
    },
    "errors that have travelled back 39 steps are 1e6 times as large",
    "recurrent_gradient_clip: 1.0",
)
