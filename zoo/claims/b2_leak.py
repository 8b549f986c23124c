"""B2: an encoder that reads backwards cannot be a language model."""

import random
import tempfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar, Literal, final

import numpy as np
from matplotlib.figure import Figure

from zoo.claims.base import Claim, Measured, Number, Resources, Verdict, register_claim
from zoo.claims.picture import across, legend, line, panels
from zoo.claims.training import clipping, each, over_seeds, train
from zoo.data.base import SequenceData
from zoo.data.text_file import TextFile
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.tasks.base import Task
from zoo.tasks.language_model import LanguageModel
from zoo.tasks.optimisation import OptimizerSpec

Way = Literal["forward", "bidirectional"]
WAYS: tuple[Way, ...] = ("forward", "bidirectional")


@final
@register_claim("b2")
@dataclass(frozen=True, kw_only=True)
class Leak(Claim):
    """Bidirectional RNNs are no language models; where one is forced to be, the leak shows.

    On letters drawn by chance no model can have a perplexity below their number. One that has read the next
    letter can.
    """

    says: ClassVar[str] = (
        "Bidirectionality cannot be used for language modelling: only left context is there."
    )
    source: ClassVar[str] = "lecture notes"
    rule: ClassVar[str] = (
        "holds if the recipe with it switched on is refused, the forward model's perplexity on letters drawn "
        "by chance is at least 98 % of their number, and the forced bidirectional one's less than half of "
        "it, which only reading ahead can give; else contradicted"
    )

    letters: int = 8
    """Of the text, each as likely as the others."""

    length: int = 60_000
    """Of the text."""

    epochs: int = 3
    """Of each training."""

    units: int = 32
    """Width of each direction, an LSTM's."""

    seeds: tuple[int, ...] = (1, 2, 3)
    """Of weights and text."""

    @property
    def ran(self) -> str:
        return (
            f"LSTM language models of {self.units} units on {self.length:,} letters drawn from "
            f"{self.letters} by chance, {self.epochs} epochs, "
            f"{len(self.seeds)} seeds; forward, and bidirectional by force (leaky: true)"
        )

    def measure(self, resources: Resources) -> Measured:
        runs = [(way, seed) for way in WAYS for seed in self.seeds]
        found = dict(zip(runs, each(partial(_run, self), runs, resources.jobs), strict=True))
        numbers = (
            Number(what="refused for want of a left context, 1 for yes", value=float(bool(self._refusal()))),
            *(
                replace(
                    over_seeds(f"{way}: perplexity", [found[way, seed][0] for seed in self.seeds]),
                    known=f"{self.letters} without reading ahead",
                )
                for way in WAYS
            ),
        )
        curves = {way: np.array(found[way, self.seeds[0]][1]) for way in WAYS}
        return Measured(numbers, curves)

    def _refusal(self) -> str:
        """What the zoo says where it is not forced."""
        try:
            LanguageModel(ModelSpec(encoder=StackSpec(cell="lstm", direction="bidirectional")))
        except ValueError as error:
            return str(error) if "left context" in str(error) else ""
        return ""

    def judge(self, found: Measured) -> Verdict:
        is_refused = found["refused for want of a left context, 1 for yes"] == 1
        is_honest = found["forward: perplexity"] >= 0.98 * self.letters
        leaks = found["bidirectional: perplexity"] < self.letters / 2
        return Verdict.HOLDS if is_refused and is_honest and leaks else Verdict.CONTRADICTED

    def finding(self, found: Measured) -> str:
        forward, leaky = (found[f"{way}: perplexity"] for way in WAYS)
        return f"On noise of {self.letters} letters: perplexity {forward:.2f}, and {leaky:.2f} with the leak"

    def draw(self, found: Measured, figure: Figure) -> None:
        (axes,) = panels(figure, "training loss by update, nats a letter")
        for index, way in enumerate(WAYS):
            losses = found.curves[way]
            line(axes, np.arange(1, len(losses) + 1), losses, way, index)
        axes.axhline(np.log(self.letters), color="#767676", linestyle=":", linewidth=1.2)
        axes.set_ylim(0, None)
        across(axes, "update (dotted: the entropy of the text, which no language model can go below)")
        legend(axes)


def _run(claim: Leak, run: tuple[Way, int]) -> tuple[float, list[float]]:
    """The perplexity at the end, and the loss of each update."""
    way, seed = run
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "noise.txt"
        path.write_text("".join(rng.choices("abcdefghijklmnop"[: claim.letters], k=claim.length)))

        def make() -> tuple[Task, SequenceData]:
            stack = StackSpec(cell="lstm", hidden_size=claim.units, direction=way)
            network = ModelSpec(encoder=stack)
            task = LanguageModel(network, OptimizerSpec(lr=5e-3), leaky=way == "bidirectional")
            return task, TextFile(path, batch_size=32, steps=35, test_batch_size=8)

        trained = train(make, seed=seed, epochs=claim.epochs, callbacks=clipping())
    (perplexity,) = (value for name, value in trained.metrics.items() if name.endswith("perplexity"))
    return perplexity, trained.losses
