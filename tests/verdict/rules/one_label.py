"""Next to all targets are of the same class."""

from zoo.verdict.facts import DataFacts

CASE = ({"data": DataFacts(rows=99, majority=0.98, classes=3)}, "98.0% of the targets are of one class", "")
