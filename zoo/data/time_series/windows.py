"""Windows of series with what comes after them, cut out when a batch is drawn."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
import torch
from torch import Tensor

from zoo.data.batches.datasets import Batch, RaggedSequences, SequenceDataset
from zoo.data.time_series.division import SeriesPart
from zoo.data.time_series.frame import OneSeries


@final
@dataclass(frozen=True, kw_only=True)
class Steps:
    """All steps of all series, end to end.

    Attributes:
        x: (N, I), the K variables that are forecast first.
        known: (N, F), what is known ahead; may be nothing wide.
        deltas: (N,), time since the step before; None where no cell reads it.
        static: (series, S); may be nothing wide.
        center: (K,), with `spread` the units of what is forecast.
        spread: (K,).
    """

    x: Tensor
    known: Tensor
    deltas: Tensor | None
    static: Tensor
    center: Tensor
    spread: Tensor


@final
class Windows(SequenceDataset):
    """Windows of T steps, and the H steps after each.

    Args:
        steps: What they are cut from.
        starts: (W,), their first steps.
        series: (W,), the series that each is of.
        firsts: (W,), the step of its series that is forecast first.
        length: T.
        horizon: H.
        has_y: Whether what comes after them is there.
    """

    def __init__(
        self,
        steps: Steps,
        starts: Tensor,
        series: Tensor,
        firsts: Tensor,
        length: int,
        horizon: int,
        has_y: bool = True,
    ) -> None:
        self.steps, self.starts, self.series, self.firsts = steps, starts, series, firsts
        self.length, self.horizon, self.has_y = length, horizon, has_y

    def __len__(self) -> int:
        return len(self.starts)

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """A batch of `x`, `y`, `center`, `spread` and, where there are any, `known`, `static`, `deltas`."""
        chosen, steps, targets = torch.as_tensor(indices), self.steps, len(self.steps.center)
        time = self.starts[chosen, None] + torch.arange(self.length + self.horizon)
        units = {"center": steps.center, "spread": steps.spread}
        batch = {"x": steps.x[time[:, : self.length]]}
        if self.has_y:
            batch["y"] = steps.x[time[:, self.length :], :targets]
        batch |= {name: unit.expand(len(chosen), -1) for name, unit in units.items()}
        if steps.known.shape[1]:
            batch["known"] = steps.known[time]
        if steps.static.shape[1]:
            batch["static"] = steps.static[self.series[chosen]]
        if steps.deltas is not None:
            batch["deltas"] = steps.deltas[time[:, : self.length]]
        return batch


@final
class WindowsOf(NamedTuple):
    """Which windows are cut from series that stand end to end with H empty steps after each.

    Attributes:
        length: T.
        horizon: H.
        stride: Steps from one to the next.
        targets: K; windows of which one is missing in the horizon are left out.
    """

    length: int
    horizon: int
    stride: int
    targets: int

    def of(
        self, steps: Steps, found: Sequence[OneSeries], parts: Sequence[SeriesPart] | None, place: str
    ) -> Windows:
        """The windows whose horizon is in these parts; without parts those after which the series end.

        Raises:
            ValueError: there are none; begins with `place`.
        """
        if parts is None:
            chosen = self._after(found)
        else:
            chosen = self._within(found, parts)
            if not len(chosen[0]):
                longest = max(part.end - part.first for part in parts)
                raise ValueError(
                    f"{place} has no window: it has {longest} steps at most, and {self.length} (input_steps) "
                    f"are to come before {self.horizon} (horizon) in it; expected a longer part"
                )
        return Windows(steps, *chosen, self.length, self.horizon, parts is not None)

    def _within(
        self, found: Sequence[OneSeries], parts: Sequence[SeriesPart]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Their first steps, series, and first steps to forecast."""
        firsts = dict[int, Any]()
        for part in parts:
            begins = np.arange(max(self.length, part.first), part.end - self.horizon + 1, self.stride)
            lacks = np.isnan(part.series.values[:, : self.targets]).any(1).cumsum()
            before = np.where(begins > 0, lacks[begins - 1], 0)
            firsts[part.number] = begins[lacks[begins + self.horizon - 1] == before]
        return self._placed(found, firsts)

    def _after(self, found: Sequence[OneSeries]) -> tuple[Tensor, Tensor, Tensor]:
        return self._placed(found, {number: np.array([series.end]) for number, series in enumerate(found)})

    def _placed(self, found: Sequence[OneSeries], firsts: dict[int, Any]) -> tuple[Tensor, Tensor, Tensor]:
        sizes = np.array([len(series) + self.horizon for series in found])
        offsets = sizes.cumsum() - sizes
        none = [np.zeros(0, dtype=np.int64)]
        numbers = np.concatenate([*none, *(np.full(len(each), number) for number, each in firsts.items())])
        begins = np.concatenate([*none, *firsts.values()])
        starts = offsets[numbers] + begins - self.length
        return torch.from_numpy(starts), torch.from_numpy(numbers), torch.from_numpy(begins)


def forecast_steps(row: Mapping[str, Any], targets: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The forecasts of a window as a row for each step and variable.

    Args:
        row: `series`, `time` (H) and, for one variable after another, what is said of its steps (H): under a
            name or, for several variables, a name, an underscore and that of the variable.
        targets: The variables.
    """
    said = [name for name, values in row.items() if isinstance(values, list) and name != "time"]
    each = len(said) // len(targets)
    for step, time in enumerate(row["time"]):
        for k, target in enumerate(targets):
            end = f"_{target}" if len(targets) > 1 else ""
            values = {name.removesuffix(end): row[name][step] for name in said[k * each : (k + 1) * each]}
            yield {"series": row["series"], "step": step + 1, "time": time, "target": target, **values}


@final
class WholeSeries(SequenceDataset):
    """Series as a whole, with what belongs to each.

    Args:
        items: One tensor (T, I) per series.
        deltas: (T,) for each; None where no cell reads it.
        targets: One per series; None when there is nothing to predict.
        weights: (N,), what each series counts in training; None where all count alike.
    """

    def __init__(
        self,
        items: Sequence[Tensor],
        deltas: Sequence[Tensor] | None,
        targets: Tensor | None,
        weights: Tensor | None = None,
    ) -> None:
        self.items = RaggedSequences(items, targets, weights)
        self.deltas = None if deltas is None else RaggedSequences(deltas)
        self.lengths = self.items.lengths

    def __len__(self) -> int:
        return len(self.items)

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        batch = self.items.__getitems__(indices)
        return batch if self.deltas is None else {**batch, "deltas": self.deltas.__getitems__(indices)["x"]}
