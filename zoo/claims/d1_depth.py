"""D1: lower layers of deep stacks learn slowly; direct connections repair it."""

from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any, ClassVar, final

import numpy as np
import torch
from jaxtyping import Float
from lightning.pytorch import Callback, LightningModule, Trainer
from matplotlib.figure import Figure

from zoo.claims.animation import MovingClaim
from zoo.claims.base import Claim, Measured, Resources, Verdict, register_claim
from zoo.claims.picture import across, band, legend, line, panels
from zoo.claims.training import clipping, each, over_seeds, train
from zoo.data.base import SequenceData
from zoo.data.digits import Digits
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.tasks.base import Task
from zoo.tasks.optimisation import OptimizerSpec
from zoo.tasks.sequence_classifier import SequenceClassifier


@final
@register_claim("d1")
@dataclass(frozen=True, kw_only=True)
class Depth(MovingClaim):
    """Lower layers of deep stacks learn slowly; residual, highway and dense connections repair it."""

    says: ClassVar[str] = (
        "Lower layers of deep RNNs are learned slowly; residual, highway and dense connections repair it."
    )
    source: ClassVar[str] = (
        "lecture notes; He et al., 2016, https://arxiv.org/abs/1512.03385; Srivastava et al., 2015, "
        "https://arxiv.org/abs/1505.00387; Huang et al., 2017, https://arxiv.org/abs/1608.06993"
    )
    rule: ClassVar[str] = (
        "by means over seeds, without a test: holds if in the deepest plain stack the root mean square of "
        "layer 1's gradient is at most a tenth of the last layer's over training, its accuracy is at least "
        "5 points below that of the plain stack of the least depth, and each of the three wirings is at "
        "the greatest depth at least half of that loss above it; in part if the plain stack loses so much "
        "and one of them repairs it; else contradicted"
    )

    depths: tuple[int, ...] = (2, 4, 8, 16)
    """Layers."""

    wirings: tuple[str, ...] = ("plain", "residual", "highway", "dense")
    """What is compared."""

    epochs: int = 12
    """Of each run."""

    seeds: tuple[int, ...] = (1, 2, 3)
    """Of weights and split."""

    units: int = 32
    """Width of each layer, an LSTM's."""

    def full(self) -> "Claim":
        return replace(self, epochs=40, seeds=(1, 2, 3, 4, 5))

    @property
    def ran(self) -> str:
        depths = ", ".join(map(str, self.depths))
        return (
            f"LSTMs of {depths} layers of {self.units} on scanned digits by rows, {self.epochs} epochs, "
            f"{len(self.seeds)} seeds"
        )

    def measure(self, resources: Resources) -> Measured:
        runs = list(product(self.wirings, self.depths, self.seeds))
        found = dict(zip(runs, each(partial(_run, self), runs, resources.jobs), strict=True))
        numbers = []
        for wiring, depth in product(self.wirings, self.depths):
            mine, name = [found[wiring, depth, seed] for seed in self.seeds], f"{wiring}, {depth} layers"
            ratios = [norms[:, 0] / np.maximum(norms[:, -1], 1e-30) for _, norms in mine]
            means = [float(np.exp(np.log(np.maximum(ratio, 1e-30)).mean())) for ratio in ratios]
            numbers += [
                over_seeds(f"{name}: accuracy", [accuracy for accuracy, _ in mine]),
                over_seeds(
                    f"{name}: gradient of layer 1 over the last's, at the start",
                    [float(ratio[0]) for ratio in ratios],
                ),
                over_seeds(f"{name}: the same, geometric mean over training", means),
            ]
        most, first = self.depths[-1], self.seeds[0]
        return Measured(tuple(numbers), {wiring: found[wiring, most, first][1] for wiring in self.wirings})

    def judge(self, found: Measured) -> Verdict:
        least, most = self.depths[0], self.depths[-1]
        plain = found[f"plain, {most} layers: accuracy"]
        loss = found[f"plain, {least} layers: accuracy"] - plain
        repaired = [
            found[f"{wiring}, {most} layers: accuracy"] - plain >= loss / 2
            for wiring in self.wirings
            if wiring != "plain"
        ]
        if loss < 0.05 or not any(repaired):
            return Verdict.CONTRADICTED
        fades = found[f"plain, {most} layers: the same, geometric mean over training"] <= 0.1
        return Verdict.HOLDS if fades and all(repaired) else Verdict.IN_PART

    def finding(self, found: Measured) -> str:
        most = self.depths[-1]
        told = (
            f"{wiring} {100 * found[f'{wiring}, {most} layers: accuracy']:.0f} %" for wiring in self.wirings
        )
        return f"{most} layers: {', '.join(told)}"

    def draw(self, found: Measured, figure: Figure) -> None:
        titles = ("accuracy by depth", f"gradient by layer of {self.depths[-1]} (dotted: at first)")
        left, right = panels(figure, *titles)
        x = np.array(self.depths)
        for index, wiring in enumerate(self.wirings):
            names = [f"{wiring}, {depth} layers: accuracy" for depth in self.depths]
            mine = [number for number in found.numbers if number.what in names]
            band(left, x, mine, wiring, index)
            norms = np.maximum(found.curves[wiring], 1e-30)
            layers = np.arange(1, norms.shape[1] + 1)
            line(right, layers, np.exp(np.log(norms).mean(0)), wiring, index, marker="o", markersize=3)
            line(right, layers, norms[0], "", index, linestyle=":", linewidth=1)
        right.set_yscale("log")
        left.set_xscale("log", base=2)
        left.set_xticks(x, [str(depth) for depth in self.depths])
        across(left, "layers")
        across(right, "layer, from the input up (root mean square of its gradient)")
        legend(left, loc="lower left")

    def draw_moment(self, found: Measured, figure: Figure, share: float) -> None:
        steps, depth = found.curves["plain"].shape
        last = round(share * (steps - 1))
        (axes,) = panels(figure, f"size of the gradient by layer, {depth} layers, update {last + 1}")
        for index, wiring in enumerate(self.wirings):
            norms = found.curves[wiring][max(0, last - 9) : last + 1].mean(0)
            line(axes, np.arange(1, depth + 1), norms, wiring, index, marker="o", markersize=4)
        every = np.concatenate([found.curves[wiring].ravel() for wiring in self.wirings])
        axes.set(yscale="log", ylim=(max(np.quantile(every, 0.01), 1e-9) / 2, every.max() * 2))
        across(axes, "layer, from the input up (mean of ten updates)")
        legend(axes, loc="lower right")


class _LayerNorms(Callback):
    """Keeps the root mean square of each layer's gradient, for each update."""

    def __init__(self) -> None:
        self.norms: list[list[float]] = []

    def on_after_backward(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Before anything is clipped."""
        layers: Any = pl_module.model.encoder.layers  # type: ignore[union-attr]
        norms = [
            torch.cat([weight.grad.flatten() for weight in layer.parameters() if weight.grad is not None])
            for layer in layers
        ]
        self.norms.append([float(found.square().mean().sqrt()) for found in norms])


def _run(claim: Depth, run: tuple[str, int, int]) -> tuple[float, Float[np.ndarray, "updates L"]]:
    """Accuracy, and the root mean square of each layer's gradient in each update."""
    wiring, depth, seed = run

    def make() -> tuple[Task, SequenceData]:
        stack = StackSpec.of(
            {"cell": "lstm", "hidden_size": claim.units, "num_layers": depth, "wiring": wiring}
        )
        network = ModelSpec(encoder=stack, pooling="last")
        return SequenceClassifier(network, optimizer=OptimizerSpec(lr=2e-3)), Digits(seed=seed)

    norms = _LayerNorms()
    trained = train(make, seed=seed, epochs=claim.epochs, callbacks=[norms, *clipping()])
    return trained.metrics["test/accuracy"], np.array(norms.norms)
