"""Numeric series: to be forecast, or with a label each."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple, final

import numpy as np

from zoo.data.series import Series
from zoo.data.time_series.times import TimeReader
from zoo.init.balance import balance
from zoo.init.check import check
from zoo.init.forms import FORMS
from zoo.init.found import Asked, Form, Found, counted
from zoo.init.series_read import WholeFile, about_size, is_class_of, text_options, whole_file
from zoo.init.series_roles import TIMES, Roles, roles_of
from zoo.init.sizes import STOPS, batch_for, classifier, epochs_for, regressor, trainer
from zoo.init.source import Source
from zoo.init.table import Table

DAY = 86_400.0
YEAR = 365
FORECASTER = {
    "class_path": "Forecaster",
    "init_args": {
        "network": {"encoder": {"cell": "gru", "hidden_size": 32}, "pooling": "last"},
        "optimizer": {"name": "Adam", "lr": 0.003},
    },
}


class Pace(NamedTuple):
    """How far steps are apart.

    Attributes:
        seconds: Between them.
        name: What one is called.
        season: Steps of a season; 0 for none.
        ahead: Steps to forecast; 0 goes by the length of a series.
    """

    seconds: float
    name: str
    season: int
    ahead: int


PACES = (
    Pace(1_800.0, "half hour", 48, 48),
    Pace(3_600.0, "hour", 24, 24),
    Pace(DAY, "day", 7, 14),
    Pace(7 * DAY, "week", 52, 13),
    Pace(30.4 * DAY, "month", 12, 12),
    Pace(91.3 * DAY, "quarter", 4, 4),
    Pace(365.2 * DAY, "year", 0, 0),
)
UNKNOWN = Pace(0.0, "step", 0, 0)
WORKDAY = Pace(DAY, "workday", 5, 10)


@final
@FORMS.register("series")
class SeriesForm(Form):
    """Numeric series."""

    rank = 40
    has_order = True
    expects = (
        "numeric series: CSV, TSV, Parquet or npz with a row for each step, a column for each variable, and "
        "names of columns in the first line"
    )

    def look(self, source: Source, asked: Asked) -> Found | None:
        table = Table.of(source)
        if table is None or _check_header(source, table):
            return None
        try:
            roles = roles_of(table, asked)
        except ValueError as error:
            raise ValueError(f"{source.file}, {error}") from None
        if roles is None:
            return None
        looked = _Looked(source, table, roles, whole_file(source, table, roles))
        found = looked.labelled() if roles.label is not None else looked.forecast()
        if found is not None:
            check(source, Series(**found.recipe["data"]["init_args"]))
        return found


class _Looked(NamedTuple):
    """What was seen of a file, from which a recipe is made."""

    source: Source
    table: Table
    roles: Roles
    whole: WholeFile

    def forecast(self) -> Found | None:
        """A recipe that forecasts one variable from its own past and that of the others."""
        roles, whole = self.roles, self.whole
        each, pace = whole.fewest(roles), self._pace()
        season = pace.season if each >= 8 * pace.season else 0
        ahead = max(1, min(pace.ahead or max(1, min(24, each // 40)), each // 20))
        window = max(2 * ahead, min(max(2 * season, 3 * ahead), each // 5))
        if each < 3 * (window + ahead):
            return None
        aim, windows = roles.targets[0], max(1, round(0.7 * whole.rows) - window)
        options = self._options() | {"targets": aim.name}
        options |= {"past": [column.name for column in roles.past]} if roles.past else {}
        options |= {"input_steps": window, "horizon": ahead} | ({"season": season} if season else {})
        batch = batch_for(windows)
        next_ones = f"{pace.name} is" if ahead == 1 else f"{ahead} {pace.name}s are"
        return Found(
            what=f"A series to forecast: {counted(whole.rows, 'row')} of {self.source.file.name}",
            facts=tuple(self._facts(pace, season)),
            guesses=(
                f"target: {aim.name} ({roles.told}; name another with --target). The next "
                f"{next_ones} forecast from the {window} before; the last 15 % of the rows are tested on.",
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

    def labelled(self) -> Found:
        """A recipe that gives each whole series a label."""
        roles, is_class = self.roles, is_class_of(self.roles)
        assert roles.id is not None
        assert roles.label is not None
        labels = [str(series.label) for series in self.whole.series] or list(
            dict(zip(roles.id.values, roles.label.values, strict=False)).values()
        )
        count, batch = len(labels), batch_for(len(labels))
        options = self._options() | {"targets": [column.name for column in roles.targets]}
        options["label" if is_class else "number"] = roles.label.name
        make = classifier if is_class else regressor
        kind, file = "label" if is_class else "number", self.source.file.name
        return Found(
            what=f"Series with a {kind} each: {counted(count, 'series', 'series')} of {file}",
            facts=(*(balance(Counter(labels)) if is_class else ()), *self._columns()),
            guesses=(
                f"Taken for the {kind} of a series: column {roles.label.name!r} (--target says otherwise).",
            ),
            recipe={
                "seed_everything": 1,
                "model": make(count, "mean"),
                "data": {"class_path": "Series", "init_args": {**options, "batch_size": batch}},
                "trainer": trainer(epochs_for(count, batch), patience=10),
            },
            comments={"model.init_args.network.pooling": "all steps count alike", "trainer.callbacks": STOPS},
        )

    def _options(self) -> dict[str, Any]:
        """What both kinds of recipe say of the data."""
        roles, fills = self.roles, self.roles.label is None and self.whole.about_gaps()[0]
        options = {"root": str(self.source.root), **text_options(self.source, self.table)}
        options |= {
            name: column.name
            for name, column in (("time", roles.time), ("id", roles.id))
            if column is not None
        }
        if fills or self.whole.missing:
            options["missing"] = "fill"
        return options | ({"gaps": "fill"} if fills else {})

    def _pace(self) -> Pace:
        """How far steps are apart, as far as dates say it."""
        if self.roles.time is None:
            return UNKNOWN
        reader = TimeReader()
        reader.add(self.roles.time.values)
        times = reader.ticks()
        if times.dtype.kind != "M":
            return UNKNOWN
        steps = np.diff(times.astype("datetime64[s]")).astype(float)
        usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
        pace = next((pace for pace in PACES if abs(usual / pace.seconds - 1) < 0.1), UNKNOWN)
        return WORKDAY if pace.name == "day" and self.whole.without_weekends else pace

    def _facts(self, pace: Pace, season: int) -> Iterator[str]:
        roles = self.roles
        if roles.id is not None:
            count = len(self.whole.series) or roles.id.distinct
            yield f"Series: {count} by column {roles.id.name!r}."
        if roles.time is not None:
            apart = "" if pace is UNKNOWN else f", one for each {pace.name}"
            yield f"Times: column {roles.time.name!r}, from {roles.time.values[0]}{apart}." + (
                f" A season has {season} of them." if season else ""
            )
            yield from _about_dates(roles.time.values)
        if pace.name == "day" and season and self.whole.fewest(roles) > 2 * YEAR:
            yield f"There are more than two years of days: season: {YEAR} takes the year for the season."
        called = [column for column in roles.ignored if column.name.lower() in TIMES]
        if called and roles.time is None:
            yield (
                f"Column {called[0].name!r} is called like a time, and {called[0].values[0]!r} is no date "
                f"that can be read: rows are taken for steps of equal length. If they have a season, give it "
                f"(season: 7 for days, 12 for months)."
            )
        said = self.whole.about_gaps()[1]
        if said is not None:
            yield said
        yield from self._columns()

    def _columns(self) -> Iterator[str]:
        roles, missing = self.roles, self.whole.missing
        numerals = self.table.numerals
        if not numerals.are_plain:
            between = "nothing" if numerals.thousands is None else repr(numerals.thousands)
            yield (
                f"Numbers have {numerals.decimal!r} before their fraction and {between} between thousands "
                f"(decimal, thousands)."
            )
        if roles.past:
            yield f"Read beside it: {', '.join(column.name for column in roles.past)}."
        if missing:
            said = ", ".join(f"{count} in {name!r}" for name, count in missing.items())
            yield f"Missing values: {said}; filled with the last one before (missing: fill)."
        if roles.ignored:
            yield f"Not read, as they are no numbers: {', '.join(column.name for column in roles.ignored)}."
        yield from about_size(self.whole, [*roles.targets, *roles.past])


def _check_header(source: Source, table: Table) -> bool:
    """Whether a table without names of columns is none of numbers, either.

    Raises:
        ValueError: it is one of numbers.
    """
    numeric = [column for column in table.columns if column.is_numeric or column.word]
    if not table.header and len(numeric) * 2 > len(table.columns):
        raise ValueError(
            f"{source.file}, line 1: {source.head[0][:60]!r} does not name {len(table.columns)} columns of "
            f"numbers; expected a first line with the name of each"
        )
    return not table.header


def _about_dates(words: tuple[str, ...]) -> Iterator[str]:
    """How dates are read that are not ISO's."""
    reader = TimeReader()
    reader.add(words)
    if reader.order is not None:
        why = " (all of them may be read otherwise: write ISO dates if so)" if reader.is_unclear else ""
        yield f"Dates such as {words[0]} are read as {reader.order}{why}."
