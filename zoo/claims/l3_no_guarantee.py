"""L3: the LSTM makes it easier to keep gradients, and guarantees nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import ClassVar, final

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from matplotlib.figure import Figure

from zoo.cells.lstm import LSTMSpec
from zoo.claims.base import Claim, Measured, Resources, Verdict, register_claim
from zoo.claims.picture import across, band, legend, panels
from zoo.claims.training import clipping, each, over_seeds, train
from zoo.data.adding_problem import AddingProblem
from zoo.data.base import SequenceData
from zoo.diagnostics import lyapunov_exponents, watch
from zoo.model import ModelSpec
from zoo.stack import Stack, StackSpec
from zoo.tasks.base import Task
from zoo.tasks.optimisation import OptimizerSpec
from zoo.tasks.sequence_regressor import SequenceRegressor

STARTS: Mapping[str, tuple[float, float]] = {
    "usual": (1.0, 1.0),
    "open": (4.0, 1.0),
    "shut": (-4.0, 1.0),
    "wild": (1.0, 5.0),
}
"""Name -> bias of the forget gate, and what the recurrent weights are multiplied by."""

LOWEST = -20.0
"""Exponents below count as this: what is forgotten at once has none."""
FADES = -0.1
"""An exponent at which a gradient is halved within seven steps."""


@final
@register_claim("l3")
@dataclass(frozen=True, kw_only=True)
class NoGuarantee(Claim):
    """The LSTM makes it easier to keep information over many steps; it guarantees nothing."""

    says: ClassVar[str] = (
        "The LSTM does not guarantee that gradients neither vanish nor explode; it makes it easier."
    )
    source: ClassVar[str] = "lecture notes"
    rule: ClassVar[str] = (
        "by the largest Lyapunov exponent of the state, mean over seeds, at the start and in training: holds "
        "if the LSTMs of one start explode (above 0.01) at some time, those of one vanish (below -0.1), and "
        "those of one stay between at all times; in part if some explode or vanish; contradicted if none do"
    )

    updates: int = 600
    """Of each run."""

    every: int = 100
    """Updates between two measurements."""

    length: int = 50
    """Of the sequences of the adding problem."""

    units: int = 32
    """Width of the layer."""

    probe: int = 200
    """Steps over which an exponent is measured, on sequences of the problem."""

    seeds: tuple[int, ...] = (1, 2, 3)
    """Of weights and data."""

    @property
    def ran(self) -> str:
        return (
            f"LSTMs of {self.units} units from four starts on the adding problem, {self.updates} updates, "
            f"{len(self.seeds)} seeds; largest Lyapunov exponent, nats a step, every {self.every} updates"
        )

    def measure(self, resources: Resources) -> Measured:
        runs = list(product(STARTS, self.seeds))
        found = dict(zip(runs, each(partial(_exponents, self), runs, resources.jobs), strict=True))
        numbers = []
        for start in STARTS:
            spectra = np.array([found[start, seed] for seed in self.seeds])  # seeds, moments, exponents
            for moment in range(spectra.shape[1]):
                largest, name = spectra[:, moment, 0], f"{start}, update {moment * self.every}"
                numbers.append(over_seeds(f"{name}: exponent", largest.tolist()))
            for moment, when in ((0, "start"), (-1, "end")):
                middle = np.median(spectra[:, moment], axis=1)
                numbers.append(over_seeds(f"spectrum of {start} at the {when}: median", middle.tolist()))
        return Measured(tuple(numbers))

    def _of(self, found: Measured, start: str) -> list[float]:
        return [number.value for number in found.numbers if number.what.startswith(f"{start},")]

    def judge(self, found: Measured) -> Verdict:
        exponents = [self._of(found, start) for start in STARTS]
        explodes = any(max(values) > 0.01 for values in exponents)
        vanishes = any(min(values) < FADES for values in exponents)
        stays = any(min(values) >= FADES and max(values) <= 0.01 for values in exponents)
        if not (explodes or vanishes):
            return Verdict.CONTRADICTED
        return Verdict.HOLDS if explodes and vanishes and stays else Verdict.IN_PART

    def finding(self, found: Measured) -> str:
        told = (f"{start} {self._of(found, start)[0]:.2g}" for start in STARTS)
        return f"Largest exponents at the start: {', '.join(told)}"

    def draw(self, found: Measured, figure: Figure) -> None:
        (axes,) = panels(figure, "largest Lyapunov exponent: the gradient grows above 0, fades below")
        for index, (start, (bias, factor)) in enumerate(STARTS.items()):
            mine = [number for number in found.numbers if number.what.startswith(f"{start},")]
            x = self.every * np.arange(len(mine))
            name = f"{start}: b_f = {bias:g}, W_h × {factor:g}"
            band(axes, x, mine, name, index)
        axes.axhline(0, color="#767676", linewidth=1, linestyle=":")
        across(axes, "update")
        legend(axes)


class _Exponents(Callback):
    """Measures the exponent before every so many updates, and after the last."""

    def __init__(self, every: int, probe: torch.Tensor) -> None:
        self.every, self.probe = every, probe
        self.found: list[list[float]] = []

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: object, batch_idx: int
    ) -> None:
        if batch_idx % self.every == 0:
            self._measure(pl_module)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._measure(pl_module)

    def _measure(self, module: LightningModule) -> None:
        stack = module.model.encoder  # type: ignore[union-attr]
        assert isinstance(stack, Stack)
        with torch.no_grad(), watch(stack) as traces:
            stack(self.probe)
        (trace,) = traces.values()
        exponents = lyapunov_exponents(trace, warm_up=self.probe.shape[1] // 10).mean(0)
        self.found.append(exponents.clamp(min=LOWEST).tolist())


def _exponents(claim: NoGuarantee, run: tuple[str, int]) -> list[list[float]]:
    """The spectrum at each moment, the largest exponent first."""
    start, seed = run
    forget_bias, factor = STARTS[start]

    def make() -> tuple[Task, SequenceData]:
        stack = StackSpec(cell=LSTMSpec(forget_bias=forget_bias), hidden_size=claim.units)
        network = ModelSpec(encoder=stack, input_size=2, output_size=1, pooling="last")
        task = SequenceRegressor(network, optimizer=OptimizerSpec(lr=3e-3))
        data = AddingProblem(claim.length, steps_per_epoch=claim.updates, val_size=10, seed=seed)
        task.complete(network)
        (cell,) = task.model.encoder.cells()
        cell.load_state_dict({"weight_hh": factor * cell.state_dict()["weight_hh"]}, strict=False)
        return task, data

    chance = torch.Generator().manual_seed(seed)
    probe = AddingProblem(claim.probe, seed=seed).draw(4, chance)["x"]
    exponents = _Exponents(claim.every, probe)
    train(make, seed=seed, epochs=1, callbacks=[exponents, *clipping()])
    return exponents.found
