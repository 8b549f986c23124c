"""Whether the data of a recipe can be read, found out before the recipe is written."""

from zoo.data.base import SequenceData
from zoo.data.time_series.frame import LARGE
from zoo.init.source import Source


def check(source: Source, data: SequenceData) -> None:
    """Reads what training and testing will read, unless it is large.

    Args:
        source: What the user named.
        data: The data module of the recipe.

    Raises:
        ValueError: a row is not as it should be, or a label occurs in test only; names file and line.
    """
    paths = [source.file, *(path for _, path in source.others)]
    if sum(path.stat().st_size for path in paths) < LARGE:
        data.setup("fit")
        if not source.others or any(split == "test" for split, _ in source.others):
            data.setup("test")
