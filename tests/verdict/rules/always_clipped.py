"""Next to every step is clipped, and far below the usual norm."""

from zoo.verdict.measurements import Network

CASE = (
    {"clipped": 0.99, "norms": [50.0] * 6, "network": Network(limit=1.0, clips=True)},
    "99% of the steps were clipped",
    "max_norm: 200",
)
