"""Sequences held out stand in the training data, too."""

from zoo.verdict.facts import DataFacts

CASE = ({"data": DataFacts(rows=99, held_out=50, leaked=10)}, "10 of 50 sequences of validation (20%)", "")
