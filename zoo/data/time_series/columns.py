"""Which columns of a table are what to a series."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from zoo.data.base import check_counts
from zoo.data.reading.faults import listed

Columns = str | list[str] | None
"""What an option names: one column, several or none."""


@final
@dataclass(frozen=True, kw_only=True)
class SeriesColumns:
    """The columns that are read, by what they are."""

    targets: tuple[str, ...]
    """What is forecast or, for a label of the whole series, read; by default all that are nothing else."""
    past: tuple[str, ...] = ()
    """Covariates that are known up to the present."""
    known: tuple[str, ...] = ()
    """Covariates that are known for the future, too."""
    static: tuple[str, ...] = ()
    """Covariates that are the same at all times of a series."""
    id: str | None = None
    """Which series a row is of."""
    time: str | None = None
    """When a row is of."""
    label: str | None = None
    """The class of a series, in words."""
    number: str | None = None
    """The number that belongs to a series."""
    weight: str | None = None
    """What a series counts in training."""

    def __post_init__(self) -> None:
        if self.weight is not None and self.label is None and self.number is None:
            raise ValueError(
                f"weight is column {self.weight!r}, and says what a series with a label or a number counts; "
                f"expected one of these, or no weight"
            )
        named = [*self.numbers, *self.words]
        twice = [name for name in dict.fromkeys(named) if named.count(name) > 1]
        if twice:
            raise ValueError(f"column {twice[0]!r} is named for two things; expected one for each column")

    @classmethod
    def named(
        cls,
        targets: Columns,
        past: Columns,
        known: Columns,
        static: Columns,
        single: Sequence[str | None],
    ) -> "SeriesColumns":
        """Those that options name.

        Args:
            targets: See the fields, as for the next three.
            past: One column, several or none.
            known: One column, several or none.
            static: One column, several or none.
            single: id, time, label, number and weight.
        """
        several: dict[str, Columns] = {"targets": targets, "past": past, "known": known, "static": static}
        named: dict[str, Any] = {name: column_names(name, value) for name, value in several.items()}
        named |= zip(("id", "time", "label", "number", "weight"), single, strict=True)
        return cls(**named)

    @property
    def inputs(self) -> tuple[str, ...]:
        """What varies in time and is known up to the present."""
        return (*self.targets, *self.past)

    @property
    def constant(self) -> tuple[str, ...]:
        """Numbers of which a series has one: those that are scaled, then the weight."""
        return (*self.static, *(name for name in (self.number, self.weight) if name is not None))

    @property
    def scaled(self) -> int:
        """How many of the constant columns are scaled."""
        return len(self.static) + (self.number is not None)

    @property
    def numbers(self) -> tuple[str, ...]:
        """All columns of numbers."""
        return (*self.inputs, *self.known, *self.constant)

    @property
    def words(self) -> tuple[str, ...]:
        """All columns that are read as they are written."""
        return tuple(name for name in (self.id, self.time, self.label) if name is not None)

    def unlabelled(self) -> "SeriesColumns":
        """These columns without what is to be found out."""
        return replace(self, label=None, number=None, weight=None)

    def unweighted(self) -> "SeriesColumns":
        """These columns without the weight, which only training needs."""
        return replace(self, weight=None)

    def completed(self, names: list[str], place: str) -> "SeriesColumns":
        """These columns with all that a table has and that are nothing else as targets, if none is named.

        Raises:
            ValueError: there are no others.
        """
        if self.targets:
            return self
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(f"{place}: two columns are called {twice[0]!r}; is the first line a header?")
        taken = {*self.numbers, *self.words}
        others = [name for name in names if name not in taken]
        if not others:
            raise ValueError(f"{place}: there is no column to read; columns: {listed(names, 10)}")
        return replace(self, targets=tuple(others))


def column_names(name: str, value: Columns) -> tuple[str, ...]:
    """The columns that an option names: one, several or none.

    Raises:
        ValueError: it is nothing of the kind.
    """
    names = (value,) if isinstance(value, str) else tuple(value or ())
    if not all(isinstance(each, str) and each for each in names):
        raise ValueError(f"{name} is {value!r}; expected the name of a column, or a list of names")
    return names


def check_aims(
    horizon: int | None,
    input_steps: int | None,
    label: str | None,
    number: str | None,
    season: int | None,
    stride: int,
) -> None:
    """Refuses options that name no aim, or two.

    Raises:
        ValueError: says which are missing or too many.
    """
    aims = [
        name
        for name, value in (("horizon", horizon), ("label", label), ("number", number))
        if value is not None
    ]
    if len(aims) != 1:
        raise ValueError(
            f"series are to be forecast (horizon), or have a class (label) or a number; got "
            f"{' and '.join(aims) or 'none of these'}, expected one"
        )
    if (horizon is None) != (input_steps is None):
        missing = "input_steps, the steps of a window" if input_steps is None else "horizon, for windows"
        raise ValueError(f"horizon is {horizon} and input_steps is {input_steps}; expected {missing}")
    given = {"horizon": horizon, "input_steps": input_steps, "season": season, "stride": stride}
    check_counts(**{name: value for name, value in given.items() if value is not None})
    if season == 1:
        raise ValueError("season is 1, which is none; expected 2 or more, or no season")
