"""B1: reading in both directions is better, where the whole input is there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import ClassVar, Literal, TypeAlias, final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zoo.claims.base import Claim, Measured, Resources, Verdict, register_claim
from zoo.claims.picture import across, panels
from zoo.claims.training import clipping, each, over_seeds, train
from zoo.data.base import SequenceData
from zoo.data.hidden_spans import HiddenSpans
from zoo.data.labelled_text import LabelledText
from zoo.model import ModelSpec
from zoo.pictures.looks import RUNS
from zoo.pictures.marks import TEXT
from zoo.stack import StackSpec
from zoo.tasks.base import Task
from zoo.tasks.optimisation import OptimizerSpec
from zoo.tasks.sequence_classifier import SequenceClassifier
from zoo.tasks.sequence_tagger import SequenceTagger

Way = Literal["forward", "bidirectional"]
Pooling = Literal["none", "last", "mean", "max"]
WAYS: tuple[Way, ...] = ("forward", "bidirectional")
POOLINGS: tuple[Pooling, ...] = ("last", "mean", "max")
Run: TypeAlias = tuple[str, str, Way, Pooling, int]
"""Tagging or texts, cell, direction, pooling and seed."""
TAGGING, TEXTS = "tagging", "texts"


@final
@register_claim("b1")
@dataclass(frozen=True, kw_only=True)
class BothDirections(Claim):
    """Bidirectional RNNs are better where the whole input is there: tags of words, and sentiment of texts.

    Of texts, which a user has to give, last state, mean and maximum over time are compared, too.
    """

    says: ClassVar[str] = (
        "Bidirectional RNNs are powerful: where the whole input is there, they are better by default."
    )
    source: ClassVar[str] = "lecture notes; Schuster & Paliwal, 1997, https://doi.org/10.1109/78.650093"
    rule: ClassVar[str] = (
        "better means by more than the larger of both spreads over seeds, without a test: holds if "
        "bidirectional is better in tagging and, where texts are given, with at least two of the three "
        "ways of pooling; in part if in tagging or with one of these; else contradicted"
    )

    reads_texts: ClassVar[bool] = True

    cells: tuple[str, ...] = ("lstm",)
    """What reads the texts; the tags are an LSTM's."""

    updates: int = 600
    """Of each tagger."""

    epochs: int = 3
    """Of each reader of texts."""

    units: int = 64
    """Width of each direction, and of the embedding."""

    seeds: tuple[int, ...] = (1, 2, 3)
    """Of weights, sequences and split."""

    def full(self) -> "Claim":
        return replace(self, cells=("elman", "lstm"), epochs=6, units=100, seeds=(1, 2, 3, 4, 5))

    @property
    def ran(self) -> str:
        return (
            f"one layer of {self.units} units a direction, so that both have about twice the parameters, "
            f"{len(self.seeds)} seeds: tags of made sequences, "
            f"{self.updates} updates; with --root texts, {self.epochs} epochs, by last state, mean and "
            "maximum"
        )

    def measure(self, resources: Resources) -> Measured:
        tagging: list[Run] = [(TAGGING, "lstm", way, "none", seed) for way, seed in product(WAYS, self.seeds)]
        texts: list[Run] = [
            (TEXTS, cell, way, pooling, seed)
            for cell, pooling, way, seed in product(self.cells, POOLINGS, WAYS, self.seeds)
        ]
        runs = [*tagging, *(texts if resources.root else [])]
        work = partial(_accuracy, self, resources.root)
        found = dict(zip(runs, each(work, runs, resources.jobs), strict=True))
        numbers = [
            over_seeds(_name(run), [found[*run[:-1], seed] for seed in self.seeds])
            for run in runs
            if run[-1] == self.seeds[0]
        ]
        return Measured(tuple(numbers))

    def _gains(self, found: Measured, start: str) -> list[tuple[str, float, bool]]:
        """What bidirectional adds in each comparison, and whether that is more than the spread."""
        known = {number.what: number for number in found.numbers}
        gains = []
        for what, forward in known.items():
            if what.startswith(start) and "forward" in what:
                both = known[what.replace("forward", "bidirectional")]
                gain = both.value - forward.value
                noise = max(forward.spread or 0.0, both.spread or 0.0)
                gains.append((what.replace(", forward", ""), gain, gain > noise))
        return gains

    def judge(self, found: Measured) -> Verdict:
        ((_, _, tags),) = self._gains(found, TAGGING)
        texts = [is_better for name, _, is_better in self._gains(found, TEXTS) if "lstm" in name]
        if tags and (not texts or sum(texts) >= 2):
            return Verdict.HOLDS
        return Verdict.IN_PART if tags or any(texts) else Verdict.CONTRADICTED

    def finding(self, found: Measured) -> str:
        gains = [*self._gains(found, TAGGING), *self._gains(found, TEXTS)]
        told = [
            f"{name.replace('texts, ', '')} {100 * gain:+.1f}" for name, gain, _ in gains if "lstm" in name
        ]
        return f"Points that both directions add: {'; '.join(told)}"

    def draw(self, found: Measured, figure: Figure) -> None:
        texts = [number.what for number in found.numbers if number.what.startswith(TEXTS)]
        drawn = panels(figure, "accuracy of tags", *["accuracy on texts"] * bool(texts))
        _draw_pairs(drawn[0], found, [f"{TAGGING}, lstm"])
        if texts:
            _draw_pairs(drawn[1], found, [f"{TEXTS}, {c}, {p}" for c in self.cells for p in POOLINGS])


def _draw_pairs(axes: Axes, found: Measured, names: Sequence[str]) -> None:
    """Forward and bidirectional beside each other, for each of several names."""
    known = {number.what: number for number in found.numbers}
    for index, way in enumerate(WAYS):
        mine = [known[f"{name}, {way}"] for name in names]
        axes.errorbar(
            np.arange(len(names)) + 0.12 * (2 * index - 1),
            [number.value for number in mine],
            [number.spread or 0.0 for number in mine],
            linestyle="",
            marker="o",
            markersize=5,
            capsize=3,
            color=RUNS[index],
            label=way,
        )
    words = [name.partition(", ")[2].replace(", ", "\n") for name in names]
    axes.set_xticks(range(len(names)), words)
    axes.set_xlim(-0.6, len(names) - 0.4)
    across(axes, "")
    axes.legend(fontsize=TEXT, frameon=False)


def _name(run: Run) -> str:
    """What a number is of."""
    kind, cell, way, pooling, _ = run
    return ", ".join(word for word in (kind, cell, pooling if pooling != "none" else "", way) if word)


def _accuracy(claim: BothDirections, root: Path | None, run: Run) -> float:
    """How many tags, or classes of texts, are right."""
    kind, cell, way, pooling, seed = run

    def make() -> tuple[Task, SequenceData]:
        stack = StackSpec.of({"cell": cell, "hidden_size": claim.units, "direction": way})
        if kind == TAGGING:
            network = ModelSpec(encoder=stack, embedding_size=claim.units)
            data = HiddenSpans(steps_per_epoch=claim.updates, seed=seed)
            return SequenceTagger(network, OptimizerSpec(lr=3e-3)), data
        network = ModelSpec(
            encoder=stack,
            embedding_size=claim.units,
            pooling=pooling,
            input_dropout=0.5,
            output_dropout=0.5,
        )
        texts = LabelledText(root, separator=" ", encoding="latin-1", batch_size=50, seed=seed)
        return SequenceClassifier(network, OptimizerSpec(lr=2e-3)), texts

    epochs = 1 if kind == TAGGING else claim.epochs
    return train(make, seed=seed, epochs=epochs, callbacks=clipping()).metrics["test/accuracy"]
