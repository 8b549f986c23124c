"""Series of a split, read once for all splits that share their files."""

from pathlib import Path
from typing import final

from zoo.data.batches.splits import Chance, Split
from zoo.data.time_series.columns import SeriesColumns
from zoo.data.time_series.date_order import Wanted, order_of, read_all
from zoo.data.time_series.division import SeriesPart, divided
from zoo.data.time_series.files import SeriesFiles
from zoo.data.time_series.formats import table_file
from zoo.data.time_series.frame import OneSeries, check_lengths
from zoo.data.time_series.grid import completed
from zoo.data.time_series.table import TextForm
from zoo.data.time_series.windows import Steps


@final
class SeriesReader:
    """Reads series and divides them.

    Args:
        files: Where they are.
        form: How text files are written.
        fills: Whether values may be missing, and whether steps that are lacking become such.
        division: "time" or "series"; None where each series is a whole, which is the latter.
        chance: Decides the latter.

    Attributes:
        cut: The steps of all series of some files, once they are tensors.
        order: How dates of the training data are written, which decides where those of other files do not.
    """

    def __init__(
        self,
        files: SeriesFiles,
        form: TextForm,
        fills: tuple[bool, bool],
        division: str | None,
        chance: Chance,
    ) -> None:
        self.files, self.form, self.fills = files, form, fills
        self.division, self.chance = division or "series", chance
        self.cut: dict[tuple[Path, ...], Steps] = {}
        self.order: str | None = None
        self._found: dict[tuple[Path, ...], list[OneSeries]] = {}

    def restart(self, order: str | None) -> None:
        """Forgets what was read and made in another way than training data, whose dates have this order."""
        self.cut.clear()
        if order not in (None, self.order):
            self.order = order
            self._found.clear()

    def found(self, split: Split, columns: SeriesColumns, least: int) -> list[OneSeries]:
        """All series of the files of a split.

        Args:
            split: The split.
            columns: What is read of them; what is read first counts for all splits of a file.
            least: The steps that each must have.

        Raises:
            FileNotFoundError: there is no file for it.
            ValueError: a file is malformed; names the line.
        """
        paths = self.files.find(split).paths
        if paths not in self._found:
            tables = [table_file(path, self.form) for path in paths]
            whole = columns.completed(tables[0].names, str(paths[0]))
            found = read_all([Wanted(table, whole) for table in tables], self.fills[0], self.order)
            found = completed(found) if self.fills[1] else found
            check_lengths(found, least, "a window with its horizon")
            self._found[paths] = found
        found = self._found[paths]
        if split == "train" and self.order is None and (order := order_of(found)) is not None:
            self.restart(order)
            self._found[paths] = found
        return found

    def parts(self, split: Split, columns: SeriesColumns, least: int) -> list[SeriesPart]:
        """What a split has of which series; for arguments and errors see `found`."""
        found = self.found(split, columns, least)
        return divided(found, self.files.find(split), self.division, self.chance)[split]
