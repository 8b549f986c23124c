"""All that looks for faults, and what it has found together."""

from collections.abc import Sequence

from zoo.data.base import SequenceData
from zoo.evaluation.classes import Classes, Labels
from zoo.evaluation.drawn import Lines, Maps
from zoo.evaluation.finder import Finder
from zoo.evaluation.horizons import Horizons
from zoo.evaluation.next_tokens import Texts
from zoo.evaluation.numbers import Numbers
from zoo.evaluation.sequences import Sequences
from zoo.runs.evaluation import Evaluation

FINDERS: tuple[type[Finder], ...] = (Classes, Labels, Numbers, Horizons, Texts, Sequences, Lines, Maps)
"""In the order in which they speak."""


def together(finders: Sequence[Finder], data: SequenceData) -> Evaluation:
    """What each has found, one after the other."""
    found = [finder.found(data) for finder in finders]
    return Evaluation(
        [sheet for each in found for sheet in each.sheets],
        [drawing for each in found for drawing in each.drawings],
        [gallery for each in found for gallery in each.galleries],
    )
