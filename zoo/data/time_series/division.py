"""Series divided among training, validation and testing: by time, or as a whole."""

from collections.abc import Sequence
from typing import NamedTuple, final

import torch

from zoo.data.batches.splits import Chance, Split, stratified_split
from zoo.data.time_series.files import SeriesSource
from zoo.data.time_series.frame import OneSeries

DIVISIONS = ("time", "series")


@final
class SeriesPart(NamedTuple):
    """What a split has of a series: the steps from `first` up to, but not including, `end`.

    Attributes:
        number: Which of all series of the source it is.
        series: The series.
        first: The first step that is predicted; windows reach further back.
        end: The step after the last.
    """

    number: int
    series: OneSeries
    first: int
    end: int


def divided(
    found: Sequence[OneSeries], source: SeriesSource, by: str, chance: Chance
) -> dict[Split, list[SeriesPart]]:
    """What each split has of the series of a source.

    Args:
        found: All series.
        source: Where they are from.
        by: "time": the end of each series is tested on, what is before that validated, the rest trained on.
            "series": whole series, by chance, with the same mixture of labels.
        chance: Decides the latter.

    Raises:
        ValueError: there are too few series, or they cannot be folded.
    """
    home = source.split
    home.check(chance)
    whole = [SeriesPart(k, series, 0, series.end) for k, series in enumerate(found)]
    if len(home.splits) == 1:
        return {home.splits[0]: whole}
    if by == "time":
        return home.named(_by_time(whole, *home.cut))
    names = sorted({str(series.label) for series in found})
    strata = torch.tensor([names.index(str(series.label)) for series in found])
    try:
        parts = home.named(stratified_split(strata, *home.cut, chance, names))
    except ValueError as error:
        raise ValueError(f"{home.path}: {error}; series are divided whole, by split: series") from None
    return {split: [whole[k] for k in chosen.tolist()] for split, chosen in parts.items()}


def _by_time(whole: Sequence[SeriesPart], val: float, test: float) -> dict[Split, list[SeriesPart]]:
    parts: dict[Split, list[SeriesPart]] = {"train": [], "val": [], "test": []}
    for part in whole:
        last = part.end - round(part.end * test)
        middle = last - round(part.end * val)
        parts["train"].append(part._replace(end=middle))
        parts["val"].append(part._replace(first=middle, end=last))
        parts["test"].append(part._replace(first=last))
    return parts


def check_folds(folds: int | None, horizon: int | None, by: str) -> None:
    """Refuses folds of series that are divided by time.

    Raises:
        ValueError: these are such folds.
    """
    if folds is not None and horizon is not None and by == "time":
        raise ValueError(
            "the end of each series is tested (split: time), and folds would be trained on what comes after "
            "it; expected split: series, for folds of whole series, or no folds"
        )
