"""What a forecast is at each step: a number, quantiles, or a distribution; one class for each."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, final

import torch
from torch import Tensor
from torch.distributions import Distribution, NegativeBinomial, Normal, StudentT
from torch.nn import functional as F

LEAST_SCALE = 1e-4
"""Scales of distributions are above this, or a value that is hit exactly has an endless likelihood."""
LEAST_SHARE = 1e-2
"""Counts are expected to be above this share of a window's level: a naive forecast of 0 can be left."""


class Head(ABC):
    """What the P numbers of a network say about one value.

    Values are those of a window that has been shifted and scaled to level 0 and spread 1, unless
    `in_units` says that they are the data's own.
    """

    size: int
    """P, the numbers for each value."""
    in_units: ClassVar[bool] = False
    """Whether it forecasts in the data's own units, which are counts."""
    is_random: ClassVar[bool] = True
    """Whether it says how sure it is."""

    @abstractmethod
    def place(self, raw: Tensor, naive: Tensor, spread: Tensor) -> Tensor:
        """The numbers (..., P) that the other methods read.

        Args:
            raw: (..., P), the network's.
            naive: (...), the forecast to begin from; it is corrected.
            spread: (...), the window's; what heads in own units are scaled by.
        """

    @abstractmethod
    def loss(self, placed: Tensor, y: Tensor) -> Tensor:
        """What y (...) costs."""

    @abstractmethod
    def mean(self, placed: Tensor) -> Tensor:
        """The best single value (...)."""

    @abstractmethod
    def quantiles(self, placed: Tensor, levels: Sequence[float]) -> Tensor:
        """The values (..., Q) below which y is with these probabilities."""

    @abstractmethod
    def samples(self, placed: Tensor, count: int) -> Tensor:
        """Values (..., count) drawn by chance."""


@final
class Point(Head):
    """One number, trained by its squared error."""

    size = 1
    is_random = False

    def place(self, raw: Tensor, naive: Tensor, spread: Tensor) -> Tensor:
        return raw + naive[..., None]

    def loss(self, placed: Tensor, y: Tensor) -> Tensor:
        return (placed[..., 0] - y).square()

    def mean(self, placed: Tensor) -> Tensor:
        return placed[..., 0]

    def quantiles(self, placed: Tensor, levels: Sequence[float]) -> Tensor:
        """The number itself at every level."""
        return placed.expand(*placed.shape[:-1], len(levels))

    def samples(self, placed: Tensor, count: int) -> Tensor:
        """The number itself, so often."""
        return placed.expand(*placed.shape[:-1], count)


@final
class Quantile(Head):
    r"""Quantiles, trained by twice the mean pinball loss, whose limit for many levels is the CRPS.

    .. math:: \rho_q(y, z) = \max(q (y - z), (q - 1) (y - z))

    They are sorted, so that they cannot cross. Between levels they are joined by lines, and beyond the
    outermost they end: intervals are no wider than these. The single value is the median.
    Reference: Koenker and Bassett, 1978, https://doi.org/10.2307/1913643.

    Args:
        levels: In ascending order.
    """

    def __init__(self, levels: Sequence[float]) -> None:
        self.levels = tuple(levels)
        self.size = len(self.levels)

    def place(self, raw: Tensor, naive: Tensor, spread: Tensor) -> Tensor:
        return (raw + naive[..., None]).sort(-1).values

    def loss(self, placed: Tensor, y: Tensor) -> Tensor:
        levels, above = placed.new_tensor(self.levels), y[..., None] - placed
        return 2 * torch.maximum(levels * above, (levels - 1) * above).mean(-1)

    def mean(self, placed: Tensor) -> Tensor:
        return self.quantiles(placed, (0.5,))[..., 0]

    def quantiles(self, placed: Tensor, levels: Sequence[float]) -> Tensor:
        return self._at(placed, placed.new_tensor(levels).expand(*placed.shape[:-1], len(levels)))

    def samples(self, placed: Tensor, count: int) -> Tensor:
        return self._at(placed, torch.rand(*placed.shape[:-1], count, device=placed.device).to(placed))

    def _at(self, placed: Tensor, wanted: Tensor) -> Tensor:
        """The quantiles at the levels (..., Q), joined by lines."""
        if self.size == 1:
            return placed.expand(wanted.shape)
        own = placed.new_tensor(self.levels)
        right = torch.searchsorted(own, wanted.contiguous()).clamp(1, self.size - 1)
        low, high = own[right - 1], own[right]
        share = ((wanted - low) / (high - low)).clamp(0, 1)
        return placed.gather(-1, right - 1).lerp(placed.gather(-1, right), share)


@final
class Gaussian(Head):
    """Mean and standard deviation, trained by the negative log-likelihood."""

    size = 2

    def place(self, raw: Tensor, naive: Tensor, spread: Tensor) -> Tensor:
        return torch.stack([raw[..., 0] + naive, _positive(raw[..., 1])], -1)

    def loss(self, placed: Tensor, y: Tensor) -> Tensor:
        return -_log_prob(_normal(placed), y)

    def mean(self, placed: Tensor) -> Tensor:
        return placed[..., 0]

    def quantiles(self, placed: Tensor, levels: Sequence[float]) -> Tensor:
        standard: Tensor = torch.special.ndtri(placed.new_tensor(levels))
        return placed[..., :1] + placed[..., 1:] * standard

    def samples(self, placed: Tensor, count: int) -> Tensor:
        return _drawn(_normal(placed), count)


@final
class StudentsT(Head):
    """Location, scale and more than two degrees of freedom, for values that are far off now and then."""

    size = 3

    def place(self, raw: Tensor, naive: Tensor, spread: Tensor) -> Tensor:
        return torch.stack([raw[..., 0] + naive, _positive(raw[..., 1]), 2 + _positive(raw[..., 2])], -1)

    def loss(self, placed: Tensor, y: Tensor) -> Tensor:
        return -_log_prob(_student(placed), y)

    def mean(self, placed: Tensor) -> Tensor:
        return placed[..., 0]

    def quantiles(self, placed: Tensor, levels: Sequence[float]) -> Tensor:
        from scipy.special import stdtrit  # torch has no such function, and few forecasts need it

        loc, scale, df = placed.detach().cpu().double()[..., None].unbind(-2)
        standard = torch.as_tensor(stdtrit(df.numpy(), torch.tensor(levels, dtype=torch.double).numpy()))
        return (loc + scale * standard).to(placed)

    def samples(self, placed: Tensor, count: int) -> Tensor:
        return _drawn(_student(placed), count)


@final
class Counts(Head):
    """A negative binomial distribution of counts: mean mu and dispersion a, of variance mu + a mu².

    The mean is a window's level times a positive number; the naive forecast is corrected before it is made
    positive, by softplus. Reference: Salinas et al., 2020 (DeepAR), https://arxiv.org/abs/1704.04110, whose
    dispersion is divided by the root of the level; here it is learned as it is.
    """

    size = 2
    in_units = True

    def place(self, raw: Tensor, naive: Tensor, spread: Tensor) -> Tensor:
        start = naive.clamp(min=LEAST_SHARE)
        before = start + torch.log(-torch.expm1(-start))  # softplus of it is the start
        return torch.stack([spread * F.softplus(raw[..., 0] + before), _positive(raw[..., 1])], -1)

    def loss(self, placed: Tensor, y: Tensor) -> Tensor:
        return -_log_prob(_counts(placed), y)

    def mean(self, placed: Tensor) -> Tensor:
        return placed[..., 0]

    def quantiles(self, placed: Tensor, levels: Sequence[float]) -> Tensor:
        from scipy.stats import nbinom  # takes a second to import, and only counts need it

        mu, dispersion = placed.detach().cpu().double()[..., None].unbind(-2)
        values = nbinom.ppf(list(levels), (1 / dispersion).numpy(), (1 / (1 + dispersion * mu)).numpy())
        return torch.as_tensor(values).to(placed)

    def samples(self, placed: Tensor, count: int) -> Tensor:
        return _drawn(_counts(placed), count)


def head_of(name: str, levels: Sequence[float]) -> Head:
    """The head of this name; `levels` are for quantiles."""
    if name == "quantile":
        return Quantile(levels)
    makers: dict[str, Callable[[], Head]] = {
        "point": Point,
        "gaussian": Gaussian,
        "student_t": StudentsT,
        "negative_binomial": Counts,
    }
    return makers[name]()


def _positive(raw: Tensor) -> Tensor:
    return F.softplus(raw) + LEAST_SCALE


def _log_prob(distribution: Distribution, y: Tensor) -> Tensor:
    found: Tensor = distribution.log_prob(y)
    return found


def _drawn(distribution: Distribution, count: int) -> Tensor:
    drawn: Tensor = distribution.sample(torch.Size((count,)))
    return drawn.movedim(0, -1)


def _normal(placed: Tensor) -> Normal:
    return Normal(placed[..., 0], placed[..., 1], validate_args=False)


def _student(placed: Tensor) -> StudentT:
    return StudentT(placed[..., 2], placed[..., 0], placed[..., 1], validate_args=False)


def _counts(placed: Tensor) -> NegativeBinomial:
    mu, dispersion = placed.unbind(-1)
    return NegativeBinomial(1 / dispersion, logits=(mu * dispersion).log(), validate_args=False)
