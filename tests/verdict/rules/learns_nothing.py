"""A short training learns no more than one whose targets are those of other sequences."""

from zoo.verdict.facts import Learning

CASE = (
    {"learning": Learning(steps=160, start=0.9, end=0.167, baseline=0.166, shuffled=0.168, one_batch=0.01)},
    "In 160 steps it learned nothing: the loss is 0.17",
    "pooling: max",
)
