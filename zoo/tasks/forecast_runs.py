"""How a network is run to forecast: all steps at once, along the truth, or along its own forecasts."""

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.model import Model
from zoo.stack import map_state
from zoo.tasks.contract import Batch
from zoo.tasks.forecast_heads import Head
from zoo.tasks.forecast_spec import ForecastSpec
from zoo.tasks.forecast_window import Level, differences, last_value, seasonal_naive


@final
@dataclass(frozen=True, kw_only=True)
class Window:
    """What a batch says of the past and, where it is known, of what came.

    Attributes:
        past: (B, T, K), in the units that the head forecasts in.
        y: (B, H, K), in the same; None where it is to come.
        unit: What turns these into the data's own units.
        level: What the network does not see of the past.
        others: (B, T, I - K), further columns.
        known: (B, T + H, F) or nothing wide.
        static: (B, S) or nothing wide.
        deltas: (B, T), time since the step before, if cells read it.
    """

    past: Tensor
    y: Tensor | None
    unit: Level
    level: Level
    others: Tensor
    known: Tensor
    static: Tensor
    deltas: Tensor | None


def window_of(batch: Batch, spec: ForecastSpec, head: Head) -> Window:
    """The parts of a batch.

    Raises:
        ValueError: the window is too short for the season, known has other steps, or values are no counts.
    """
    x, y, targets, steps = batch["x"], batch.get("y"), spec.targets or 1, spec.steps
    past, length = x[..., :targets], x.shape[1]
    if length < max(spec.season or 1, 1 if spec.lag is None else spec.lag):
        raise ValueError(
            f"the window has {length} steps, and a season {spec.season}; expected a window of at least a "
            f"season, or no season"
        )
    known, static = batch.get("known"), batch.get("static")
    if known is not None and known.shape[1] != length + steps:
        raise ValueError(
            f"known has {known.shape[1]} steps for a window of {length} and a horizon of {steps}; expected "
            f"{length + steps}"
        )
    unit = Level.none(past)
    if "center" in batch and "spread" in batch:
        unit = Level(batch["center"][:, None], batch["spread"][:, None])
    if head.in_units:
        past, y, unit = _counts(unit.up(past)), None if y is None else _counts(unit.up(y)), Level.none(past)
    level = Level.none(past)
    if spec.normalise == "window":
        level = Level.of_counts(past) if head.in_units else Level.of(past)
    return Window(
        past=past,
        y=y,
        unit=unit,
        level=level,
        others=x[..., targets:],
        known=x.new_zeros(len(x), length + steps, 0) if known is None else known,
        static=x.new_zeros(len(x), 0) if static is None else static,
        deltas=batch.get("deltas"),
    )


def _counts(values: Tensor) -> Tensor:
    """Values as the whole numbers that they are nearly.

    Raises:
        ValueError: they are not whole, or below 0.
    """
    whole = values.round()
    rounded = (
        1e-3 + 4 * torch.finfo(values.dtype).eps * values.abs().max()
    )  # units were changed there and back
    if bool(((values - whole).abs() > rounded).any()) or bool((whole < 0).any()):
        raise ValueError(
            f"forecast.head 'negative_binomial' is for counts, and the values are from "
            f"{float(values.min()):g} to {float(values.max()):g}; expected whole numbers from 0"
        )
    return whole


@final
@dataclass(frozen=True, kw_only=True)
class Runs:
    """The ways in which a network is run over windows."""

    model: Model
    spec: ForecastSpec
    head: Head

    def direct(self, window: Window) -> Float[Tensor, "B H K P"]:
        """The numbers of the head for all steps, from the pooled window.

        Raises:
            ValueError: the window is shorter than the horizon, and covariates are known for it.
        """
        steps, n = self.spec.steps, window.level.down(window.past)
        length = n.shape[1]
        if window.known.shape[-1] and length < steps:
            raise ValueError(
                f"the window has {length} steps, which read what is known of the {steps} to come; expected a "
                f"window of at least {steps}, or forecast.mode 'autoregressive'"
            )
        raw = self.model(self._read(n, window, window.known[:, steps:]), deltas=window.deltas)[0]
        return self._placed(raw.view(len(n), steps, n.shape[2], self.head.size), self.naive(n), window)

    def along_truth(self, window: Window) -> Float[Tensor, "B H K P"]:
        """The numbers for each step from all true values before it."""
        assert window.y is not None
        steps, n = self.spec.steps, window.level.down(torch.cat([window.past, window.y], 1))
        read = self._read(n[:, :-1], window, window.known[:, 1:])
        raw = self.model(read)[0][:, -steps:]
        raw = raw.reshape(len(n), steps, n.shape[2], self.head.size)
        lag = self.spec.lag
        before = n[:, -steps:] * 0 if lag is None else n[:, -steps - lag : n.shape[1] - lag]
        return self._placed(raw, before, window)

    def along_itself(self, window: Window) -> Float[Tensor, "B H K M"]:
        """Paths that go on from the window, each step from the path's own before it; 1 for a point."""
        paths, lag = self.spec.samples if self.head.is_random else 1, self.spec.lag
        n = window.level.down(window.past)
        raw, state = self.model(self._read(n, window, window.known[:, 1:]))
        spread, raw = _repeated(window.level.spread, paths), _repeated(raw[:, -1], paths)
        state = map_state(lambda part: _repeated(part, paths), state)
        level = Level(_repeated(window.level.center, paths), spread)
        n, static, drawn = _repeated(n, paths), _repeated(window.static, paths), list[Tensor]()
        known = _repeated(window.known[:, window.past.shape[1] + 1 :], paths)
        for step in range(self.spec.steps):
            before = n[:, -1] * 0 if lag is None else n[:, -lag]
            placed = self.head.place(raw.view(len(n), n.shape[2], -1), before, spread[:, 0])
            values = self.head.samples(placed, 1)[..., 0] if self.head.is_random else self.head.mean(placed)
            drawn.append(values)
            if step + 1 < self.spec.steps:
                new = level.down(values[:, None])[:, 0] if self.head.in_units else values
                change = [] if lag is None else [new - before]
                n = torch.cat([n, new[:, None]], 1)
                raw, state = self.model.step(torch.cat([new, *change, static, known[:, step]], -1), state)
        found = torch.stack(drawn, 1)
        return found.view(-1, paths, *found.shape[1:]).movedim(1, -1)

    def naive(self, n: Float[Tensor, "B T K"]) -> Float[Tensor, "B H K"]:
        """The forecast that is corrected; 0, the level of the window, where none is."""
        if self.spec.lag is None:
            return last_value(n, self.spec.steps) * 0
        return seasonal_naive(n, self.spec.steps, self.spec.lag)  # the last value is that of a season of 1

    def _read(self, n: Tensor, window: Window, ahead: Tensor) -> Tensor:
        """What the network reads at the steps of `n` (B, T', K)."""
        length = n.shape[1]
        changes = [] if self.spec.lag is None else [differences(n, self.spec.lag)]
        static = window.static[:, None].expand(-1, length, -1)
        others = [window.others] if window.others.shape[-1] else []
        return torch.cat([n, *others, *changes, static, ahead[:, :length]], -1)

    def _placed(self, raw: Tensor, naive: Tensor, window: Window) -> Tensor:
        return self.head.place(raw, naive, window.level.spread)


def _repeated(part: Tensor, times: int) -> Tensor:
    return part.repeat_interleave(times, 0)
