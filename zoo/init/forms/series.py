"""Numeric series: to be forecast, or with a label each."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, final

import numpy as np

from zoo.data.time_series.times import read_times
from zoo.init.balance import balance
from zoo.init.forms import FORMS
from zoo.init.found import Form, Found, counted
from zoo.init.series_roles import TIMES, Roles, roles_of
from zoo.init.sizes import STOPS, batch_for, classifier, epochs_for, regressor, trainer
from zoo.init.source import Source
from zoo.init.table import Table

DAY = 86_400.0
PACES: tuple[tuple[float, str, int, int], ...] = (
    (3_600.0, "hour", 24, 24),
    (DAY, "day", 7, 14),
    (7 * DAY, "week", 52, 13),
    (30.4 * DAY, "month", 12, 12),
    (91.3 * DAY, "quarter", 4, 4),
)
"""Seconds between steps, their name, steps of a season, steps to forecast."""
FORECASTER = {
    "class_path": "Forecaster",
    "init_args": {
        "network": {"encoder": {"cell": "gru", "hidden_size": 32}, "pooling": "last"},
        "optimizer": {"name": "Adam", "lr": 0.003},
    },
}


@final
@FORMS.register("series")
class SeriesForm(Form):
    """Numeric series."""

    rank = 40
    expects = "numeric series: CSV, TSV or Parquet with a row for each step, a column for each variable"

    def look(self, source: Source, target: str | None) -> Found | None:
        table = Table.of(source)
        if table is None or not table.header:
            return None
        try:
            roles = roles_of(table, target)
        except ValueError as error:
            raise ValueError(f"{source.file}, {error}") from None
        if roles is None:
            return None
        return _labelled(source, table, roles) if roles.label is not None else _forecast(source, table, roles)


def _rows(source: Source) -> int:
    """How many rows there are, without the names of columns."""
    if source.file.suffix.lower() == ".parquet":
        from pyarrow.parquet import ParquetFile  # a large library that only Parquet needs

        return int(ParquetFile(source.file).metadata.num_rows)
    return sum(1 for line in source.lines() if line.strip()) - 1


def _options(source: Source, table: Table, roles: Roles) -> dict[str, Any]:
    """What both kinds of recipe say of the data."""
    options: dict[str, Any] = {"root": str(source.root)}
    if source.encoding not in (None, "utf-8"):
        options["encoding"] = source.encoding
    if table.separator != "," and source.encoding is not None:
        options["separator"] = table.separator
    options |= {
        name: column.name for name, column in (("time", roles.time), ("id", roles.id)) if column is not None
    }
    if any(column.missing for column in (*roles.targets, *roles.past)):
        options["missing"] = "fill"
    return options


def _pace(roles: Roles) -> tuple[str, int, int] | None:
    """What a step is called, how many a season has, and how many to forecast; None where no date says it."""
    if roles.time is None:
        return None
    times = read_times(roles.time.values)
    if times.dtype.kind != "M":
        return None
    gaps = np.diff(times.astype("datetime64[s]")).astype(float)
    usual = float(np.median(gaps[gaps > 0])) if (gaps > 0).any() else 0.0
    fitting = (pace for pace in PACES if abs(usual / pace[0] - 1) < 0.1)
    return next(((name, season, ahead) for _, name, season, ahead in fitting), None)


def _forecast(source: Source, table: Table, roles: Roles) -> Found | None:
    """A recipe that forecasts one variable from its own past and that of the others."""
    rows = _rows(source)
    each = rows // (1 if roles.id is None else roles.id.distinct)
    pace = _pace(roles)
    name, season, ahead = pace or ("step", 0, max(1, min(24, each // 40)))
    if each < 8 * season:
        season = 0
    ahead = max(1, min(ahead, each // 20))
    window = max(2 * ahead, min(max(2 * season, 3 * ahead), each // 5))
    if each < 3 * (window + ahead):
        return None
    aim, windows = roles.targets[0], max(1, round(0.7 * rows) - window)
    options = _options(source, table, roles) | {"targets": aim.name}
    options |= {"past": [column.name for column in roles.past]} if roles.past else {}
    options |= {"input_steps": window, "horizon": ahead} | ({"season": season} if season else {})
    batch = batch_for(windows)
    return Found(
        what=f"A series to forecast: {counted(rows, 'row')} of {source.file.name}",
        facts=tuple(_facts(roles, name, season)),
        guesses=(
            f"Forecast: column {aim.name!r} (--target says otherwise), the next {counted(ahead, name)} from "
            f"the {window} before; the last 15 % of the rows are tested on.",
        ),
        recipe={
            "seed_everything": 1,
            "model": FORECASTER,
            "data": {"class_path": "Series", "init_args": {**options, "batch_size": batch}},
            "trainer": trainer(epochs_for(windows, batch)),
        },
        comments={
            "model": "corrects the naive forecast: the value of a season ago, or the last one",
            "trainer.callbacks": STOPS,
        },
    )


def _facts(roles: Roles, name: str, season: int) -> Iterator[str]:
    if roles.id is not None:
        yield f"Series: {roles.id.distinct} by column {roles.id.name!r}."
    if roles.time is not None:
        times = roles.time.values
        apart = "" if name == "step" else f", one for each {name}"
        yield f"Times: column {roles.time.name!r}, from {times[0]}{apart}." + (
            f" A season has {season} of them." if season else ""
        )
    called = [column for column in roles.ignored if column.name.lower() in TIMES]
    if called and roles.time is None:
        yield (
            f"Column {called[0].name!r} is called like a time, and {called[0].values[0]!r} is no ISO date: "
            f"rows are taken for steps of equal length. If they have a season, give it (season: 12)."
        )
    yield from _columns(roles)


def _columns(roles: Roles) -> Iterator[str]:
    lacking = [column for column in (*roles.targets, *roles.past) if column.missing]
    if roles.past:
        yield f"Read beside it: {', '.join(column.name for column in roles.past)}."
    if lacking:
        missing = ", ".join(f"{column.missing} in {column.name!r}" for column in lacking)
        yield f"Missing values in the first rows: {missing}; filled with the last one before (missing: fill)."
    if roles.ignored:
        yield f"Not read, as they are no numbers: {', '.join(column.name for column in roles.ignored)}."


def _labelled(source: Source, table: Table, roles: Roles) -> Found:
    """A recipe that gives each whole series a label."""
    assert roles.id is not None
    assert roles.label is not None
    of_series = dict(zip(roles.id.values, roles.label.values, strict=False))
    count, batch = len(of_series), batch_for(len(of_series))
    options = _options(source, table, roles) | {"targets": [column.name for column in roles.targets]}
    is_class = not roles.label.is_numeric or roles.label.is_label
    make = classifier if is_class else regressor
    return Found(
        what=f"Series with a label each: {counted(count, 'series', 'series')} of {source.file.name}",
        facts=(*balance(Counter(of_series.values())), *_columns(roles)),
        guesses=(f"Taken for the label of a series: column {roles.label.name!r} (--target says otherwise).",),
        recipe={
            "seed_everything": 1,
            "model": make(count, "mean"),
            "data": {
                "class_path": "Series",
                "init_args": {
                    **options,
                    "label" if is_class else "number": roles.label.name,
                    "batch_size": batch,
                },
            },
            "trainer": trainer(epochs_for(count, batch), patience=10),
        },
        comments={"model.init_args.network.pooling": "all steps count alike", "trainer.callbacks": STOPS},
    )
