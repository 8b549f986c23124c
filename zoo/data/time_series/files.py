"""Which files the series of a split are read from: one, one for each split, or all of a folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, final

from zoo.data.batches.splits import Chance, Split
from zoo.data.reading.faults import listed
from zoo.data.reading.split_files import SPLIT_NAMES, SplitFiles, SplitSource
from zoo.data.time_series.table import ENDINGS

ALL: tuple[Split, ...] = ("train", "val", "test")
PREDICT: Split = "predict"


@final
class SeriesSource(NamedTuple):
    """The files of a split.

    Attributes:
        paths: The files.
        split: Which splits they are divided among, and the shares cut off for them.
    """

    paths: tuple[Path, ...]
    split: SplitSource


@final
class SeriesFiles:
    """Where series are: as in `SplitFiles`, or in a folder whose files are a series each.

    Args:
        root: A file, a folder with files called like train, val and test, or a folder of series.
        given: Files named for train, val, test and predict.
        val_fraction: Share for validation of what is divided.
        test_fraction: Share for testing of what is divided.
        by: Decides how whole series are divided; with a fold, test_fraction says nothing.

    Raises:
        ValueError: no file is named at all, or the fractions leave nothing to train on.
    """

    def __init__(
        self,
        root: str | Path | None,
        given: Sequence[str | Path | None],
        val_fraction: float,
        test_fraction: float,
        by: Chance = 0,
    ) -> None:
        named = dict(zip((*ALL, PREDICT), given, strict=True))
        self._files = SplitFiles(root, named, val_fraction, test_fraction, by=by)
        self.given = self._files.given

    def find(self, split: Split) -> SeriesSource:
        """The files of a split.

        Raises:
            FileNotFoundError: there are none.
            ValueError: several could be meant, nothing in a folder can be read, or a needed share is 0.
        """
        root = self._files.root
        if split != "predict" and not self.given and root is not None and root.is_dir():
            readable = self._readable(root)
            words = {name for names in SPLIT_NAMES.values() for name in names}
            if not any(words & set(path.stem.lower().replace("-", "_").split("_")) for path in readable):
                return SeriesSource(tuple(readable), SplitSource(root, ALL, self._files.cut(ALL)))
        source = self._files.find(split)
        return SeriesSource((source.path,), source)

    @staticmethod
    def _readable(root: Path) -> list[Path]:
        """The tables in a folder.

        Raises:
            ValueError: there are none.
        """
        files = sorted(path for path in root.iterdir() if path.is_file() and path.name[0] != ".")
        readable = [path for path in files if path.suffix.lower() in ENDINGS]
        if not readable:
            raise ValueError(
                f"{root} has nothing that can be read; expected files ending in {', '.join(ENDINGS)} (files: "
                f"{listed([path.name for path in files]) or 'none'})"
            )
        return readable
