"""D2: two to four layers are best; eight need skip or dense connections."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import ClassVar, Literal, final

import numpy as np
from matplotlib.figure import Figure

from zoo.claims.base import Claim, Measured, Resources, Verdict, register_claim
from zoo.claims.picture import across, band, legend, panels
from zoo.claims.training import clipping, each, over_seeds, train
from zoo.data.base import SequenceData
from zoo.data.string_reversal import StringReversal
from zoo.model import ModelSpec
from zoo.seq2seq import DecoderSpec
from zoo.stack import StackSpec
from zoo.tasks.base import Task
from zoo.tasks.optimisation import OptimizerSpec
from zoo.tasks.sequence_to_sequence import SequenceToSequence

Side = Literal["encoder", "decoder"]
SIDES: tuple[Side, ...] = ("encoder", "decoder")
PUBLISHED: Mapping[tuple[str, str, int], str] = {
    ("encoder", "plain", 2): "21.78 BLEU",
    ("encoder", "plain", 4): "21.85 BLEU",
    ("encoder", "plain", 8): "21.32 BLEU",
    ("encoder", "residual", 8): "19.23 BLEU",
    ("encoder", "dense", 8): "17.30 BLEU",
    ("decoder", "plain", 2): "21.78 BLEU",
    ("decoder", "plain", 4): "22.37 BLEU",
    ("decoder", "plain", 8): "1.42 BLEU",
    ("decoder", "residual", 4): "17.48 BLEU",
    ("decoder", "dense", 4): "21.10 BLEU",
    ("decoder", "residual", 8): "16.99 BLEU",
    ("decoder", "dense", 8): "20.97 BLEU",
}
"""Britz et al., 2017, table 3, English to German."""


@final
@register_claim("d2")
@dataclass(frozen=True, kw_only=True)
class BestDepth(Claim):
    """Two to four layers are best for encoder and decoder; eight train only with skip or dense connections.

    Britz et al., 2017, found so for the decoder; their deep encoder is no worse plain, and worse with either.
    """

    says: ClassVar[str] = (
        "Two to four layers are best; eight layers need skip or dense connections to be trained."
    )
    source: ClassVar[str] = "lecture notes; Britz et al., 2017, https://arxiv.org/abs/1703.03906"
    rule: ClassVar[str] = (
        "of a side it is true if the deepest plain stack is at least 5 points of token accuracy below the "
        "best shallower plain one, and residual or dense makes up for at least half of that; holds if true "
        "on both sides, in part if on one, contradicted if on none"
    )

    depths: tuple[int, ...] = (2, 4, 8)
    """Layers of one side; the other has one."""

    wirings: tuple[str, ...] = ("plain", "residual", "dense")
    """What is compared."""

    updates: int = 800
    """Of each run."""

    longest: int = 10
    """Of the strings to be said backwards, from 4."""

    units: int = 48
    """Width of each layer, an LSTM's."""

    test_size: int = 500
    """Strings of the test."""

    seeds: tuple[int, ...] = (1, 2)
    """Of weights and strings."""

    def full(self) -> "Claim":
        return replace(self, updates=4000, longest=20, seeds=(1, 2, 3, 4))

    @property
    def ran(self) -> str:
        return (
            f"strings of 4 to {self.longest} letters said backwards, LSTMs of {self.units} with attention, "
            f"{self.updates:,} updates, {len(self.seeds)} seeds; {', '.join(map(str, self.depths))} "
            "layers on one side, one on the other"
        )

    def measure(self, resources: Resources) -> Measured:
        runs = list(product(SIDES, self.wirings, self.depths, self.seeds))
        found = dict(zip(runs, each(partial(_accuracy, self), runs, resources.jobs), strict=True))
        numbers = tuple(
            over_seeds(
                f"{side}, {wiring}, {depth} layers: token accuracy",
                [found[side, wiring, depth, seed] for seed in self.seeds],
                PUBLISHED.get((side, wiring, depth), ""),
            )
            for side, wiring, depth in product(SIDES, self.wirings, self.depths)
        )
        return Measured(numbers)

    def judge(self, found: Measured) -> Verdict:
        sides = [self._holds(found, side) for side in SIDES]
        if all(sides):
            return Verdict.HOLDS
        return Verdict.IN_PART if any(sides) else Verdict.CONTRADICTED

    def _holds(self, found: Measured, side: Side) -> bool:
        def accuracy(wiring: str, depth: int) -> float:
            return found[f"{side}, {wiring}, {depth} layers: token accuracy"]

        most = self.depths[-1]
        deep = accuracy("plain", most)
        loss = max(accuracy("plain", depth) for depth in self.depths[:-1]) - deep
        repaired = max(accuracy(wiring, most) for wiring in self.wirings if wiring != "plain")
        return loss >= 0.05 and repaired - deep >= loss / 2

    def finding(self, found: Measured) -> str:
        most = self.depths[-1]
        told = [
            f"{side} "
            + ", ".join(
                f"{wiring} {100 * found[f'{side}, {wiring}, {most} layers: token accuracy']:.0f} %"
                for wiring in self.wirings
            )
            for side in SIDES
        ]
        return f"{most} layers: {'; '.join(told)}"

    def draw(self, found: Measured, figure: Figure) -> None:
        x = np.array(self.depths)
        for axes, side in zip(
            panels(figure, *(f"{side}: token accuracy by depth" for side in SIDES)), SIDES, strict=True
        ):
            for index, wiring in enumerate(self.wirings):
                start = f"{side}, {wiring},"
                numbers = [number for number in found.numbers if number.what.startswith(start)]
                band(axes, x, numbers, wiring, index)
            axes.set_xscale("log", base=2)
            axes.set_xticks(x, [str(depth) for depth in self.depths])
            axes.set_ylim(0, 1.03)
            across(axes, "layers")
        legend(axes, loc="lower left")


def _accuracy(claim: BestDepth, run: tuple[Side, str, int, int]) -> float:
    """How many tokens are right, where those before are given."""
    side, wiring, depth, seed = run
    deep = StackSpec.of({"cell": "lstm", "hidden_size": claim.units, "num_layers": depth, "wiring": wiring})
    flat = StackSpec(cell="lstm", hidden_size=claim.units)

    def make() -> tuple[Task, SequenceData]:
        network = ModelSpec(encoder=deep if side == "encoder" else flat, embedding_size=claim.units)
        decoder = DecoderSpec(
            stack=deep if side == "decoder" else flat, attention="general", embedding_size=claim.units
        )
        task = SequenceToSequence(network, OptimizerSpec(lr=3e-3), decoder=decoder)
        data = StringReversal(
            shortest=4,
            longest=claim.longest,
            steps_per_epoch=claim.updates,
            test_size=claim.test_size,
            seed=seed,
        )
        return task, data

    return train(make, seed=seed, epochs=1, callbacks=clipping()).metrics["test/token_accuracy"]
