"""What a forecaster forecasts, and how, in plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, final

from zoo.registry import Spec, check_positive

SIZES = ("horizon", "targets", "known", "static", "season")
"""What the data knows best."""


@final
@dataclass(frozen=True, kw_only=True)
class ForecastSpec(Spec):
    """What a forecaster forecasts, and how."""

    head: Literal["point", "quantile", "gaussian", "student_t", "negative_binomial"] = "point"
    """What a forecast is: a number, quantiles, or a distribution; negative_binomial is for counts."""

    mode: Literal["direct", "autoregressive"] = "direct"
    """All steps at once from the pooled window, or step by step, each from the forecasts before it."""

    normalise: Literal["window", "none"] = "window"
    """Whether each window is shifted and scaled to level 0 and spread 1, and forecasts are shifted back."""

    residual: Literal["auto", "last", "seasonal", "none"] = "auto"
    """The naive forecast that the network corrects: the last value, or that of a season ago; "auto" takes the
    latter where there is a season."""

    quantiles: Sequence[float] = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
    """Levels of the head "quantile"."""

    interval: float = 0.8
    """The probability that intervals are to hold: from 0.1 to 0.9 is 0.8."""

    samples: int = 100
    """Paths of an autoregressive distribution, and members of the ensemble whose CRPS is taken."""

    horizon: int | None = None
    """H, steps to forecast. This and the fields below come from the data where they are not given."""

    targets: int | None = None
    """K, variables to forecast: the first columns of x."""

    known: int | None = None
    """Covariates that are known for the horizon, too."""

    static: int | None = None
    """Covariates that are the same at all steps."""

    season: int | None = None
    """Steps of a season."""

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "quantiles", tuple(self.quantiles))
        for name in ("horizon", "targets", "season"):
            value = vars(self)[name]
            if value is not None:
                check_positive(name, value)
        if self.samples < 2:
            raise ValueError(f"samples is {self.samples}; expected at least 2")
        levels = self.quantiles
        if not levels or list(levels) != sorted(set(levels)) or not 0 < levels[0] <= levels[-1] < 1:
            raise ValueError(f"quantiles is {list(levels)}; expected ascending levels between 0 and 1")
        if not 0 < self.interval < 1:
            raise ValueError(f"interval is {self.interval}; expected a probability between 0 and 1")
        if self.residual == "seasonal" and self.season is None and self.horizon is not None:
            raise ValueError("residual is 'seasonal' without a season; expected season, or residual 'last'")

    @classmethod
    def of(cls, value: "ForecastSpec | Mapping[str, object]") -> "ForecastSpec":
        """A spec as it is, or the one whose plain form this is."""
        return value if isinstance(value, ForecastSpec) else cls.from_plain(value)

    @property
    def lag(self) -> int | None:
        """How far before each step the value stands that is corrected; None where nothing is."""
        name = self.residual
        if name == "auto":
            name = "last" if self.season is None else "seasonal"
        return {"last": 1, "seasonal": self.season, "none": None}[name]

    @property
    def steps(self) -> int:
        """H, once it is known.

        Raises:
            ValueError: it is not.
        """
        if self.horizon is None:
            raise ValueError("a forecaster got no horizon; expected forecast.horizon, or data that has one")
        return self.horizon

    def resolved(self, sizes: Mapping[str, int]) -> "ForecastSpec":
        """This spec with the missing sizes taken from the data.

        Raises:
            ValueError: a size is given and the data has another.
        """
        own = {name: vars(self)[name] for name in SIZES}
        for name, given in own.items():
            if given is not None and sizes.get(name, given) != given:
                raise ValueError(f"{name} is {given}, but the data has {sizes[name]}; expected them to agree")
        found: dict[str, Any] = {name: sizes[name] for name in SIZES if own[name] is None and name in sizes}
        return replace(self, **found)
