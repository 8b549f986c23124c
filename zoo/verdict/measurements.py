"""What was measured of a network, by whatever way, for a verdict on it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from zoo.registry import declared, part_class
from zoo.verdict.facts import DataFacts, Learning
from zoo.verdict.history import History

FALLEN = 0.5
"""The share of the first loss that is left once something has been learned."""


@final
@dataclass(frozen=True)
class Gate:
    """A gate over all units and steps.

    Attributes:
        saturated: Share of its activations at an end of their range.
        mean: Their mean.
    """

    saturated: float
    mean: float


@final
@dataclass(frozen=True)
class Nonfinite:
    """What is known of the steps that were not finite where not every step was looked at.

    Attributes:
        count: How many of those looked at were not finite.
        looked: How many were looked at.
        first: The first that was not finite.
        lasting: Whether all that were looked at later were not either.
    """

    count: int
    looked: int
    first: int
    lasting: bool

    @classmethod
    def of(cls, steps: Sequence[int], bad: Sequence[bool]) -> "Nonfinite | None":
        """From the steps that were looked at, and which were not finite; None where all were."""
        places = [place for place, broken in enumerate(bad) if broken]
        if not places:
            return None
        return cls(len(places), len(bad), int(steps[places[0]]), len(places) == len(bad) - places[0])


@final
@dataclass(frozen=True, kw_only=True)
class Network:
    """What a recipe says of a network, as far as advice depends on it; "" or 0 where it is not known.

    Attributes:
        cell: The cell's name, in small letters alone; that of the first layer where they differ.
        wiring: Likewise.
        pooling: How outputs become one.
        num_layers: Depth.
        clips: Whether anything clips gradients.
        limit: The largest norm over all gradients that is let through, or None.
        forgetting: The spec of that cell, where its option `forget_bias` says how its forget gate starts.
        forget_bias: Of that cell.
        optimizer: Its name.
        lr: The learning rate, or None.
    """

    cell: str = ""
    wiring: str = ""
    pooling: str = ""
    num_layers: int = 0
    clips: bool = False
    limit: float | None = None
    forgetting: str = ""
    forget_bias: float = 1.0
    optimizer: str = "Adam"
    lr: float | None = None

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Network":
        """From the plain form of a model, as recipes and checkpoints hold it."""
        encoder = plain.get("encoder") or {}
        layers, options = encoder.get("num_layers", 1), _options(encoder.get("cell"))
        cell = _name(encoder.get("cell", "lstm"))
        forgetting, default = ("", 1.0) if options.get("chrono") else _forgetting(cell)
        return cls(
            cell=cell,
            wiring=_name(encoder.get("wiring", "plain")),
            pooling=str(plain.get("pooling", "")),
            num_layers=layers if isinstance(layers, int) else 0,
            forgetting=forgetting,
            forget_bias=float(options.get("forget_bias", default)),
        )


@final
@dataclass(frozen=True, kw_only=True)
class Measurements:
    """Everything that a verdict looks at; what was not measured is empty.

    Keys are layers for people ("layer 1") in `layers`, and paths of directions ("layer_1/forward") elsewhere.

    Attributes:
        layers: Root mean square of each layer's gradient, from the input to the output.
        early: The same in the first steps of a run.
        gradients: Norm of the gradient of h by lag.
        errors: Norm of the errors by how far they have travelled.
        weights: Norm of the recurrent weights' gradient by the lag of its errors.
        rests: Norm of the part of that gradient from beyond the last of these lags.
        gates: The gates, by letter.
        horizons: Steps that the memory of a direction lasts by itself.
        dead: Share of dead units.
        updates: Norm of an update over that of the weights it changed.
        norms: Norm of the whole gradient before clipping, step by step.
        clipped: Share of steps that were clipped; None where nothing clips.
        nonfinite: Steps whose gradient was not finite, where every step was looked at.
        measured: Those among the steps in which the gradient was measured.
        losses: Steps whose loss was not finite, among those in which it was logged.
        validated: What each validation said, by the names of metrics without "val/".
        events: What a guard did, in sentences.
        embedding: Root mean square of the table of an embedding; NaN where there is none.
        fall: The last training loss over the first of a run; NaN where there was no run.
        data: What was seen of the data, or None.
        learning: What a short training of a copy has shown, or None.
        history: When what happened in a run, or None.
        network: What the network is.
    """

    layers: Mapping[str, float] = field(default_factory=dict)
    early: Mapping[str, float] = field(default_factory=dict)
    gradients: Mapping[str, Sequence[float]] = field(default_factory=dict)
    errors: Mapping[str, Sequence[float]] = field(default_factory=dict)
    weights: Mapping[str, Sequence[float]] = field(default_factory=dict)
    rests: Mapping[str, float] = field(default_factory=dict)
    gates: Mapping[str, Mapping[str, Gate]] = field(default_factory=dict)
    horizons: Mapping[str, float] = field(default_factory=dict)
    dead: Mapping[str, float] = field(default_factory=dict)
    updates: Mapping[str, float] = field(default_factory=dict)
    norms: Sequence[float] = ()
    clipped: float | None = None
    nonfinite: int = 0
    measured: Nonfinite | None = None
    losses: Nonfinite | None = None
    validated: Mapping[str, Sequence[float]] = field(default_factory=dict)
    events: Sequence[str] = ()
    embedding: float = math.nan
    fall: float = math.nan
    data: DataFacts | None = None
    learning: Learning | None = None
    history: History | None = None
    network: Network = Network()

    @property
    def has_learned(self) -> bool:
        """Whether the loss is known to have fallen to a part of what it was, in a run or when tried."""
        return self.fall < FALLEN or (self.learning is not None and self.learning.is_fast)

    def last(self, name: str) -> float:
        """What the last validation said under this name; NaN where none did."""
        values = self.validated.get(name, ())
        return values[-1] if values else math.nan


def mean_by_lag(curves: Sequence[Sequence[float | None]]) -> list[float]:
    """The mean, lag by lag, of curves of any lengths; None and what is not finite is left out."""
    table = np.full((len(curves), max(map(len, curves), default=0)), np.nan)
    for row, values in zip(table, curves, strict=True):
        row[: len(values)] = [np.nan if value is None else value for value in values]
    known = np.isfinite(table)
    sums = np.where(known, table, 0.0).sum(0)
    return [float(value) for value in sums / np.maximum(known.sum(0), 1)]


def _name(value: Any) -> str:
    """The name in any of the forms in which recipes and checkpoints give a part; the first of a list."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = value[0] if value else ""
    if isinstance(value, Mapping):
        value = value.get("name") or str(value.get("class_path", "")).rpartition(".")[2].removesuffix("Spec")
    return str(value).lower().replace("_", "")


def _options(value: Any) -> Mapping[str, Any]:
    """The options of a part in any of these forms; of the first of a list."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = value[0] if value else {}
    if not isinstance(value, Mapping):
        return {}
    return value.get("init_args") or value


def _forgetting(cell: str) -> tuple[str, float]:
    """The spec of the zoo's cell of this name and its default, where it has an option `forget_bias`."""
    specs = [part.spec for name, part in declared("zoo.cells").items() if _name(name) == cell]
    options = [(spec, getattr(part_class("zoo.cells", spec), "forget_bias", None)) for spec in specs]
    return next(((spec, float(default)) for spec, default in options if default is not None), ("", 1.0))
