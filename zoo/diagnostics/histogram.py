"""Histograms of gradient magnitudes on a logarithmic axis, and gradient norms that do not overflow."""

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from zoo.private.torch_names import norms_of

CHUNK = 2**22
"""Elements measured at once, so that a large model costs a bounded amount of extra memory."""

SMALL = 2**20
"""Entries up to which a sum of squares is exact to six digits in float32."""

MAX_BINS = 512
"""The most bins that W&B draws."""

OUTSIDE = ("under", "over", "zero", "nonfinite")
"""The entries of a `Summary` that are in no bin."""


@final
@dataclass(frozen=True, kw_only=True)
class LogBins:
    """Fixed bins of equal width in log10, from 10^min_exponent up to 10^max_exponent."""

    min_exponent: int = -12
    """Magnitudes below ten to this power are counted as `under`."""

    max_exponent: int = 3
    """Magnitudes from ten to this power on are counted as `over`."""

    bins_per_decade: int = 4
    """Bins between one power of ten and the next."""

    def __post_init__(self) -> None:
        """Checks the fields.

        Raises:
            ValueError: the bins are none, or too many to be drawn.
        """
        if self.max_exponent <= self.min_exponent:
            raise ValueError(
                f"max_exponent is {self.max_exponent}; expected more than min_exponent, {self.min_exponent}"
            )
        most = MAX_BINS // (self.max_exponent - self.min_exponent)
        if not 1 <= self.bins_per_decade <= most:
            raise ValueError(
                f"bins_per_decade is {self.bins_per_decade}; expected 1 to {most}, for {MAX_BINS} bins in all"
            )

    @property
    def count(self) -> int:
        """The number of bins."""
        return (self.max_exponent - self.min_exponent) * self.bins_per_decade

    @property
    def edges(self) -> list[float]:
        """The `count + 1` edges, as exponents of ten; a bin holds its lower edge and not its upper one."""
        return [self.min_exponent + index / self.bins_per_decade for index in range(self.count + 1)]


@final
@dataclass(frozen=True, kw_only=True)
class Summary:
    """What is kept of one gradient. Every entry is counted exactly once.

    Attributes:
        norm: L2 norm of the finite entries.
        counts: Entries per bin of the `LogBins` it was measured with.
        under: Entries that are not zero and lie below the first bin.
        over: Finite entries above the last bin.
        zero: Entries that are exactly 0.
        nonfinite: Entries that are NaN or infinite.
    """

    norm: float
    counts: tuple[int, ...]
    under: int
    over: int
    zero: int
    nonfinite: int

    @property
    def finite(self) -> int:
        """The number of finite entries."""
        return sum(self.counts) + self.under + self.over + self.zero

    @property
    def rms(self) -> float | None:
        """Root mean square of the finite entries, or None where there are none."""
        return self.norm / self.finite**0.5 if self.finite else None

    def __add__(self, other: "Summary") -> "Summary":
        """The summary of both gradients taken as one, measured with the same bins."""
        return Summary(
            norm=math.hypot(self.norm, other.norm),
            counts=tuple(mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)),
            under=self.under + other.under,
            over=self.over + other.over,
            zero=self.zero + other.zero,
            nonfinite=self.nonfinite + other.nonfinite,
        )


def total_norm(tensors: list[Tensor]) -> Float[Tensor, ""]:
    """The L2 norm over all entries of all tensors, without waiting for the device.

    It is accumulated in float64 (float32 on Apple's GPUs, which have no other), so that it neither loses
    digits in bfloat16 nor overflows for gradients that are huge and still finite.
    """
    if not tensors:
        return torch.zeros(())
    device = tensors[0].device
    if device.type == "cpu" and all(_is_small(tensor) for tensor in tensors):
        # Half the time; and on a CPU it costs nothing to ask whether it overflowed.
        quick = _norm_of(norms_of(tensors))
        if quick.isfinite():
            return quick
    wide = norms_of(tensors, _wide(device))
    return _norm_of([norm.to(device) for norm in wide])


@final
@dataclass(frozen=True)
class Measured:
    """Gradients measured, on the device on which they were.

    Attributes:
        names: Of the gradients.
        tables: Rows for them, in order; per row zero, under, the counts, over, nonfinite, norm.
    """

    names: tuple[str, ...]
    tables: tuple[Float[Tensor, "_ columns"], ...]


def measure(
    gradients: Mapping[str, Tensor], bins: LogBins, loss_scale: Float[Tensor, ""] | float = 1.0
) -> Measured:
    """Measures gradients without waiting for the device; `collect` makes summaries of it.

    Args:
        gradients: Dense tensors of any shape, floating type and, empty ones included, size.
        bins: The bins to count in.
        loss_scale: What the gradients are to be divided by first, where they are still scaled.
    """
    tables = tuple(_table(chunk, bins, loss_scale) for chunk in _chunks(list(gradients.values())))
    return Measured(tuple(gradients), tables)


def collect(*measured: Measured) -> list[dict[str, Summary]]:
    """One summary per gradient, for each of the measurements, in one transfer from the device for all."""
    tables = [table for one in measured for table in one.tables]
    if not tables:
        return [{} for _ in measured]
    found = torch.cat([table.to(tables[0].device) for table in tables]).cpu()
    rows = zip(found[:, :-1].long().tolist(), found[:, -1].tolist(), strict=True)
    return [{name: _summary(*next(rows)) for name in one.names} for one in measured]


def summarise(
    gradients: Mapping[str, Tensor], bins: LogBins, loss_scale: Float[Tensor, ""] | float = 1.0
) -> dict[str, Summary]:
    """One summary per gradient: `measure` and `collect` in one."""
    return collect(measure(gradients, bins, loss_scale))[0]


def _is_small(tensor: Tensor) -> bool:
    """Whether a float32 sum over the tensor is exact to six digits."""
    return tensor.dtype == torch.float32 and tensor.is_cpu and tensor.numel() <= SMALL


def _norm_of(norms: Sequence[Tensor]) -> Float[Tensor, ""]:
    total: Tensor = torch.linalg.vector_norm(torch.stack(list(norms)), dtype=_wide(norms[0].device))
    return total


def _wide(device: torch.device) -> torch.dtype:
    return torch.float32 if device.type == "mps" else torch.float64


def _chunks(tensors: list[Tensor]) -> Iterator[list[Tensor]]:
    """Consecutive tensors of one device, about `CHUNK` entries at a time."""
    chunk: list[Tensor] = []
    for tensor in tensors:
        full = sum(member.numel() for member in chunk) + tensor.numel() > CHUNK
        if chunk and (full or tensor.device != chunk[0].device):
            yield chunk
            chunk = []
        chunk.append(tensor)
    if chunk:
        yield chunk


def _table(
    tensors: list[Tensor], bins: LogBins, loss_scale: Float[Tensor, ""] | float
) -> Float[Tensor, "tensors columns"]:
    """A row per tensor, as in `Measured`."""
    flat = torch.cat([tensor.detach().reshape(-1) for tensor in tensors])
    magnitude = flat.to(torch.promote_types(flat.dtype, torch.float32)).abs()
    magnitude /= loss_scale.to(flat.device) if isinstance(loss_scale, Tensor) else loss_scale
    sizes = [tensor.numel() for tensor in tensors]
    columns = bins.count + 4
    offsets = torch.arange(0, len(sizes) * columns, columns, dtype=torch.int32, device=flat.device)
    owners = torch.cat([offset.expand(size) for offset, size in zip(offsets, sizes, strict=True)])
    # Not `bincount`, which waits for a GPU.
    counts = offsets.new_zeros(len(sizes) * columns)
    counts.index_add_(0, owners.add_(_column(magnitude, bins)), offsets.new_ones(()).expand(len(owners)))
    finite = torch.split(magnitude.nan_to_num_(nan=0, posinf=0), sizes)
    wide = _wide(flat.device)
    norms = torch.stack(norms_of(finite, wide))
    return torch.cat([counts.view(len(sizes), columns).to(wide), norms.unsqueeze(1)], dim=1)


def _column(magnitude: Float[Tensor, " n"], bins: LogBins) -> Int[Tensor, " n"]:
    """Where `_table` counts each entry; in place wherever possible, for this is its slowest part."""
    # Times zero, the finite ones are 0 and the others NaN.
    position = magnitude.mul(0).add_(magnitude).log10_()
    position.sub_(bins.min_exponent).mul_(bins.bins_per_decade).floor_()
    position.clamp_(-1, bins.count).sub_((magnitude == 0).to(position)).nan_to_num_(nan=bins.count + 1)
    return position.add_(2).int()


def _summary(row: list[int], norm: float) -> Summary:
    zero, under, *counts, over, nonfinite = row
    norm = min(norm, sys.float_info.max)
    return Summary(norm=norm, counts=tuple(counts), under=under, over=over, zero=zero, nonfinite=nonfinite)
