"""Forecasting and classification of a user's own numeric series."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, final

from torch import Tensor
from torch.utils.data import Dataset, Sampler

from zoo.data import DATA
from zoo.data.base import Record, SequenceData
from zoo.data.batches.datasets import Batch, SequenceDataset
from zoo.data.batches.orders import Bucketed, InOrder, Shuffled
from zoo.data.batches.splits import Split, chance
from zoo.data.time_series.columns import Columns, SeriesColumns, check_aims
from zoo.data.time_series.division import SeriesPart, check_folds
from zoo.data.time_series.files import SeriesFiles
from zoo.data.time_series.grid import completed
from zoo.data.time_series.numerals import Numerals
from zoo.data.time_series.options import check_future, check_options
from zoo.data.time_series.own_frames import is_frame, series_of
from zoo.data.time_series.reader import SeriesReader
from zoo.data.time_series.sets import labels_of, last_windows, series_targets, whole_series
from zoo.data.time_series.steps import SeriesTensors, two_axes
from zoo.data.time_series.table import TextForm
from zoo.data.time_series.weights import weights_of
from zoo.data.time_series.windows import WholeSeries, Windows, WindowsOf, forecast_steps


@final
@DATA.register("series")
class Series(SequenceData):
    """Numeric series from CSV, TSV, Parquet or npz files, wide or long: for forecasts, or for one label each.

    Each row is a step, and each column a variable; with `id` a file holds many series. With `horizon`,
    windows of `input_steps` are cut out with what comes after them. Batches: `x` (B, T, I), targets, then
    past covariates, then for each of these whether it was missing (missing: fill); `y` (B, H, K); `center`
    and `spread` (B, K), which turn both into the data's own units; `known` (B, T + H, F), known covariates,
    then sine and cosine of the time of the season; `static` (B, S). With `label` or `number`, whole series:
    `x` (B, T, I), which has known and static covariates, too; `y`, the class (B,) or the scaled number
    (B, 1); `lengths` (B,) if they differ. `deltas` (B, T) if asked for: the time since the step before, 1 for
    the usual one.

    Scaling, labels and the usual gap between steps are learned from the training part only. A missing
    value is filled with the last one before it, or with the training mean where there is none. Numbers
    and dates are times; whether 01/02/2020 begins with a day is told from all training data. To predict, a
    file given as predict is forecast beyond its end; else the test windows are; where columns are known
    ahead, rows without targets at the end of a series say what is known. Seasons are counted from the
    first training row, by times; without regular times, from the first row of each series.

    Args:
        root: A file, a folder with files called like train.csv, val.csv and test.csv, or a folder of files
            that are a series each. What has no file of its own is divided among train, val and test.
        train: Training file, instead of the one in root.
        val: Validation file, instead of the one in root.
        test: Test file, instead of the one in root.
        predict: File whose series are forecast beyond their end, or labelled; the test set if not given.
        targets: Columns to forecast or, for labels, to read; by default all that are nothing else.
        horizon: Steps H to forecast.
        input_steps: Steps T of a window.
        stride: Steps from one window to the next.
        season: Steps of a season, such as 12 for months.
        label: Column of the class of a series.
        number: Column of the number that belongs to a series.
        id: Column that says which series a row is of; by default each file is one.
        time: Column of the times, which must ascend; by default rows are steps of equal length.
        past: Columns that are known up to the present.
        known: Columns that are known for the future, too.
        static: Columns that are the same at all times of a series.
        deltas: Whether batches hold the time since the step before, for cells that read it.
        missing: Whether to refuse or to fill missing values; windows with a missing target are left out.
        gaps: What becomes of steps that a regular series lacks, such as a day: "keep" takes rows for steps,
            "fill" makes steps of them, of missing values (with missing: fill), known ones as a step before.
        scale: standard (mean and standard deviation), robust (median and quartiles) or none.
        split: Whether a file is divided by time (the end of each series is tested on) or by series, as it
            always is for labels and numbers.
        val_fraction: Share of a divided file for validation.
        test_fraction: Share of a divided file for testing.
        separator: Between columns; by default a tab in .tsv and .tab, else a comma.
        encoding: Encoding of CSV and TSV files.
        decimal: What numbers in CSV and TSV files have before their fraction: a point or a comma.
        thousands: What they have between thousands: ",", ".", " ", "'" or "_"; by default nothing.
        batch_size: Windows or series of one batch.
        seed: Decides shuffles, and the division by series.
        num_workers: Processes that load batches; 0 loads in the training process.
        folds: Folds of series in a cross-validation, of which one is tested; of the others val_fraction is
            held out for validation, and test_fraction says nothing. Needs one file, given as root.
        fold: The fold that is tested, from 0.
        weight: Column of what a series with a label or number counts in training, at least 0; by default all
            count alike. Nothing that is logged of validation and test data is weighed.
    """

    labels: Sequence[str] = ()
    _tensors: SeriesTensors | None = None

    def __init__(
        self,
        root: str | Path | None = None,
        train: str | Path | None = None,
        val: str | Path | None = None,
        test: str | Path | None = None,
        predict: str | Path | None = None,
        targets: Columns = None,
        horizon: int | None = None,
        input_steps: int | None = None,
        stride: int = 1,
        season: int | None = None,
        label: str | None = None,
        number: str | None = None,
        id: str | None = None,
        time: str | None = None,
        past: Columns = None,
        known: Columns = None,
        static: Columns = None,
        deltas: bool = False,
        missing: str = "refuse",
        gaps: str = "keep",
        scale: str = "standard",
        split: str = "time",
        val_fraction: float = 0.15,
        test_fraction: float = 0.15,
        separator: str | None = None,
        encoding: str = "utf-8",
        decimal: str = ".",
        thousands: str | None = None,
        batch_size: int = 32,
        seed: int = 0,
        num_workers: int = 0,
        folds: int | None = None,
        fold: int = 0,
        weight: str | None = None,
    ) -> None:
        super().__init__(batch_size, seed, num_workers)
        check_options({"missing": missing, "gaps": gaps, "scale": scale, "split": split})
        check_aims(horizon, input_steps, label, number, season, stride)
        check_folds(folds, horizon, split)
        self.columns = SeriesColumns.named(targets, past, known, static, (id, time, label, number, weight))
        by, way = split if horizon else None, chance(seed, folds, fold)
        self.files = SeriesFiles(root, (train, val, test, predict), val_fraction, test_fraction, way)
        self.horizon, self.input_steps, self.stride, self.season = horizon, input_steps or 0, stride, season
        self.deltas, self.fills, self.scale = deltas, missing == "fill", scale
        numerals = Numerals(decimal=decimal, thousands=thousands)
        form = TextForm(separator=separator, encoding=encoding, numerals=numerals)
        self.reader = SeriesReader(self.files, form, (self.fills, gaps == "fill"), by, way)

    @property
    def tensors(self) -> SeriesTensors:
        """How series become tensors, learned from the training part unless a checkpoint brought it.

        Raises:
            FileNotFoundError: there is neither a checkpoint nor a training file.
            ValueError: a file is malformed, or all labels are the same.
        """
        if self._tensors is None:
            parts = self.parts("train")
            if self.columns.label is not None:
                self.labels = labels_of(parts)
            table = parts[0].series.table
            columns = self.columns.completed(table.names, str(table.path))
            self._tensors = SeriesTensors.learned(
                parts, columns, self.scale, self.fills, self.season, self.deltas
            )
        return self._tensors

    @property
    def tests_early(self) -> bool:
        return self.columns.label is not None

    @property
    def sizes(self) -> dict[str, int]:
        tensors, columns = self.tensors, self.tensors.columns
        known = len(columns.known) + (0 if self.season is None else 2)
        if self.horizon is not None:
            sizes = {"input_size": tensors.width, "targets": len(columns.targets), "horizon": self.horizon}
            sizes |= {"known": known, "static": len(columns.static)}
            return sizes if self.season is None else sizes | {"season": self.season}
        sizes = {"input_size": tensors.width + known + len(columns.static)}
        return sizes | (
            {"num_classes": len(self.labels)} if columns.label is not None else {"output_size": 1}
        )

    @property
    def legend(self) -> dict[str, Any]:
        named = {"labels": list(self.labels)} if self.labels else {}
        return named if self.horizon is None else {"targets": list(self.tensors.columns.targets)}

    def parts(self, split: Split) -> list[SeriesPart]:
        """What a split has of which series.

        Raises:
            FileNotFoundError: there is no file for it.
            ValueError: a file is malformed; names the line.
        """
        columns = self.columns if self._tensors is None else self._tensors.columns
        if split == "predict":
            columns = columns.unlabelled()
        elif "train" not in self.files.find(split).split.splits:
            columns = columns.unweighted()
        ahead = 0 if split == "predict" else self.horizon or 0
        return self.reader.parts(split, columns, self.input_steps + ahead)

    def load(self, split: Split) -> SequenceDataset:
        tensors, parts = self.tensors, self.parts(split)
        if self.horizon is not None:
            return self._windows(split, parts)
        targets = None if split == "predict" else series_targets(parts, tensors, self.labels)
        weights = weights_of(parts) if split == "train" and tensors.columns.weight is not None else None
        return whole_series([part.series for part in parts], tensors, targets, weights)

    def load_predict(self) -> Dataset[Batch]:
        return self.load("predict") if "predict" in self.files.given else self.dataset("test")

    def in_units(self, numbers: Tensor) -> Tensor:
        return self.tensors.in_units(numbers)

    def rows(self, records: Iterable[Record]) -> Iterator[Record]:
        """Each series by its id, with the times that are forecast; numbers in their own units."""
        split: Split = "predict" if "predict" in self.files.given else "test"
        parts = self.parts(split)
        if self.horizon is None:
            for part, record in zip(parts, records, strict=False):
                yield {"series": part.series.id, **self.said(record)}
            return
        windows = self.dataset("predict")
        assert isinstance(windows, Windows)
        own = {part.number: part.series for part in parts}
        places = zip(windows.series.tolist(), windows.firsts.tolist(), strict=True)
        for (number, first), record in zip(places, records, strict=False):
            yield {"series": own[number].id, "time": own[number].times_from(first, self.horizon), **record}

    def by_step(self, row: Record) -> Iterator[Record]:
        """A row for each step and variable that is forecast."""
        yield from [row] if self.horizon is None else forecast_steps(row, self.tensors.columns.targets)

    def given(self, items: Sequence[Any]) -> SequenceDataset:
        """Series in their own units, as windows after which to forecast, or as whole series.

        Args:
            items: Frames, or columns by name, with all that the training file has but the label; or arrays
                (T, C) of targets and past covariates where there is nothing else.

        Raises:
            ValueError: they are of another width or too short, lack a column, or are arrays where the data
                has covariates or a season, whose values for these are not known.
        """
        tensors, columns = self.tensors, self.tensors.columns
        if any(map(is_frame, items)):
            series = series_of(items, columns.unlabelled(), self.fills, tensors.order)
            series = completed(series) if self.reader.fills[1] else series
            if self.horizon is None:
                return whole_series(series, tensors, None)
            return last_windows(series, tensors, self.input_steps, self.horizon)
        if self.season is not None or columns.known or columns.static or self.deltas:
            raise ValueError(
                "arrays say nothing of season, known and static covariates or times, which this data has; "
                "expected frames or columns by name (a dict), or a file given as predict"
            )
        found = [
            tensors.raw(two_axes(number, item, columns.inputs, max(1, self.input_steps), self.fills))
            for number, item in enumerate(items)
        ]
        if self.horizon is None:
            return WholeSeries(found, None, None)
        return tensors.windows([x[-self.input_steps :] for x in found], self.horizon)

    def order(self, split: Split, data: SequenceDataset) -> Sampler[int]:
        if split != "train":
            return InOrder(data)
        if isinstance(data, WholeSeries):
            return Bucketed(data.lengths, self.whole_batch, self.seed)
        return Shuffled(len(data), self.seed)

    def state_dict(self) -> dict[str, Any]:
        """What was learned from the training part, as plain values, for the checkpoint."""
        return {} if self._tensors is None else {"labels": list(self.labels), **self._tensors.plain()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what a checkpoint's model was trained with."""
        if not state_dict or state_dict == self.state_dict():
            return
        self.labels = list(state_dict["labels"])
        self._tensors = SeriesTensors.restored(state_dict, self.columns, self.fills, self.season)
        self._datasets.clear()
        self.reader.restart(self._tensors.order)

    def _windows(self, split: Split, parts: Sequence[SeriesPart]) -> Windows:
        assert self.horizon is not None
        columns, home = self.tensors.columns, self.files.find(split)
        found = self.reader.found(split, columns, 0)
        if home.paths not in self.reader.cut:
            self.reader.cut[home.paths] = self.tensors.steps(found, self.horizon)
        cut = WindowsOf(self.input_steps, self.horizon, self.stride, len(columns.targets))
        if split == "predict" and columns.known:
            check_future(found, columns.known, self.horizon)
        return cut.of(
            self.reader.cut[home.paths],
            found,
            None if split == "predict" else parts,
            f"{home.split.path}: the {split} part",
        )
