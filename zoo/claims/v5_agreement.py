"""V5: recency in the sequence beats recency in the syntax."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import ClassVar, final

import numpy as np
import torch
from matplotlib.figure import Figure

from zoo.claims.base import Claim, Measured, Resources, Verdict, register_claim
from zoo.claims.picture import across, band, legend, line, panels
from zoo.claims.training import clipping, each, over_seeds, train
from zoo.data.agreement import Agreement
from zoo.data.base import SequenceData
from zoo.data.batches.datasets import TensorSequences
from zoo.data.synthetic.agreement_grammar import NOUNS, WORDS
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.tasks.base import Task
from zoo.tasks.optimisation import OptimizerSpec
from zoo.tasks.sequence_classifier import SequenceClassifier

NUMBER_OF_NOUN = {WORDS.index(form): number for noun in NOUNS for number, form in enumerate(noun)}
"""Noun, as a token -> 0 for one and 1 for many."""


@final
@register_claim("v5")
@dataclass(frozen=True, kw_only=True)
class AgreementOverNouns(Claim):
    """RNN-LMs are better at sequential than at syntactic recency: the writer of the books *is*.

    On sentences of a balanced grammar, so that neither length nor number of attractors tells anything.
    """

    says: ClassVar[str] = "RNNs learn sequential recency rather than syntactic: the writer of the books are."
    source: ClassVar[str] = "lecture notes; Linzen et al., 2016, https://arxiv.org/abs/1611.01368"
    rule: ClassVar[str] = (
        "holds if the plain RNN is wrong more often than right where the attractors are most, as whoever "
        "follows the nearest noun is (means over seeds, no test); in part if its error there is at least "
        "10 points above that without attractors; else contradicted"
    )

    cells: tuple[str, ...] = ("elman", "lstm", "gru")
    """What is compared."""

    train_attractors: tuple[int, int] = (0, 2)
    """Least and greatest number of attractors in training."""

    most: int = 5
    """Greatest number of attractors in testing."""

    updates: int = 2000
    """Of each run."""

    test_size: int = 3000
    """Sentences, as many with each number of attractors."""

    seeds: tuple[int, ...] = (1, 2, 3)
    """Of weights and sentences."""

    units: int = 50
    """Width of embedding and layer, as in the paper."""

    def full(self) -> "Claim":
        return replace(self, updates=10_000, test_size=12_000, seeds=(1, 2, 3, 4, 5))

    @property
    def ran(self) -> str:
        least, most = self.train_attractors
        return (
            f"number of the verb, {least} to {most} attractors in training and 0 to {self.most} in testing, "
            f"one layer of {self.units}, {self.updates:,} updates of 32 sentences, {len(self.seeds)} seeds"
        )

    def measure(self, resources: Resources) -> Measured:
        runs = list(product(self.cells, self.seeds))
        found = dict(zip(runs, each(partial(_errors, self), runs, resources.jobs), strict=True))
        counts = range(self.most + 1)
        numbers = [
            over_seeds(
                f"{cell}, {count} attractors: error", [found[cell, seed][count] for seed in self.seeds]
            )
            for cell in self.cells
            for count in counts
        ]
        by_rule = [_heuristics(self, seed) for seed in self.seeds]
        for count in counts:
            for name in ("nearest noun", "majority"):
                errors = [found[name][count] for found in by_rule]
                numbers.append(over_seeds(f"{name}, {count} attractors: error", errors))
        return Measured(tuple(numbers))

    def judge(self, found: Measured) -> Verdict:
        without, most = (found[f"elman, {count} attractors: error"] for count in (0, self.most))
        if most > 0.5:
            return Verdict.HOLDS
        return Verdict.IN_PART if most - without >= 0.1 else Verdict.CONTRADICTED

    def finding(self, found: Measured) -> str:
        told = (
            f"{cell} {100 * found[f'{cell}, {self.most} attractors: error']:.0f} %"
            for cell in (*self.cells, "nearest noun")
        )
        return f"Wrong with {self.most} attractors: {', '.join(told)}"

    def draw(self, found: Measured, figure: Figure) -> None:
        (axes,) = panels(figure, "share of verbs with the wrong number")
        counts = np.arange(self.most + 1)
        for index, cell in enumerate(self.cells):
            numbers = [number for number in found.numbers if number.what.startswith(f"{cell},")]
            band(axes, counts, numbers, cell, index)
        nearest = np.array([found[f"nearest noun, {count} attractors: error"] for count in counts])
        line(axes, counts, nearest, "nearest noun", 6, linestyle="--", linewidth=1)
        axes.axhline(0.5, color="#767676", linewidth=1, linestyle=":")
        axes.axvspan(
            self.train_attractors[0] - 0.1, self.train_attractors[1] + 0.1, color="#f2f2f2", zorder=0
        )
        across(axes, "attractors between subject and verb (grey: seen in training; dotted: guessing)")
        legend(axes)


def _data(claim: AgreementOverNouns, seed: int) -> Agreement:
    return Agreement(
        claim.train_attractors,
        (0, claim.most),
        steps_per_epoch=claim.updates,
        test_size=claim.test_size,
        val_size=6,
        seed=seed,
    )


def _heuristics(claim: AgreementOverNouns, seed: int) -> dict[str, list[float]]:
    """Errors of nearest noun and majority on the tested sentences, by the number of attractors."""
    fields = _fields(_data(claim, seed))
    last = [
        next(NUMBER_OF_NOUN[word] for word in reversed(row[:length]) if word in NUMBER_OF_NOUN)
        for row, length in zip(fields["x"].tolist(), fields["lengths"].tolist(), strict=True)
    ]
    wrong = torch.tensor(last) != fields["y"]
    found: dict[str, list[float]] = {"nearest noun": [], "majority": []}
    for count in range(claim.most + 1):
        mine = fields["attractors"] == count
        plural = float(fields["y"][mine].double().mean())
        found["nearest noun"].append(float(wrong[mine].double().mean()))
        found["majority"].append(min(plural, 1 - plural))
    return found


def _fields(data: SequenceData) -> Mapping[str, torch.Tensor]:
    """The test set, as tensors."""
    found = data.dataset("test")
    assert isinstance(found, TensorSequences)
    return found.fields


def _errors(claim: AgreementOverNouns, run: tuple[str, int]) -> list[float]:
    """The share of wrong answers for each number of attractors."""
    cell, seed = run

    def make() -> tuple[Task, SequenceData]:
        stack = StackSpec.of({"cell": cell, "hidden_size": claim.units})
        network = ModelSpec(encoder=stack, embedding_size=claim.units, pooling="last")
        return SequenceClassifier(network, optimizer=OptimizerSpec(lr=2e-3)), _data(claim, seed)

    trained = train(make, seed=seed, epochs=1, callbacks=clipping())
    fields = _fields(trained.data)
    with torch.no_grad():
        logits, _ = trained.task.eval().model(fields["x"], fields["lengths"])
    wrong, attractors = logits.argmax(-1) != fields["y"], fields["attractors"]
    return [float(wrong[attractors == count].double().mean()) for count in range(claim.most + 1)]
