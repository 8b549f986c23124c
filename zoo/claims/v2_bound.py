"""V2: with a nonlinearity the gradient is bounded by the largest singular value times the steepest slope."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import log
from typing import ClassVar, Literal, final

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.figure import Figure

from zoo.cells.elman import ElmanSpec
from zoo.claims.base import Claim, Measured, Number, Resources, Verdict, register_claim
from zoo.claims.picture import across, legend, line, panels
from zoo.diagnostics import gradient_by_lag, watch
from zoo.stack import StackSpec

Squash = Literal["tanh", "sigmoid"]
STEEPEST: Mapping[Squash, float] = {"tanh": 1.0, "sigmoid": 0.25}
"""Activation -> γ, the largest slope it has anywhere."""


@final
@register_claim("v2")
@dataclass(frozen=True, kw_only=True)
class Bound(Claim):
    """With a nonlinearity the gradient l steps back is at most (γ ‖W‖) to the l times that of the last step.

    γ is 1 for tanh and 1/4 for the sigmoid. W is a random orthogonal matrix times a factor, so that its
    spectral radius is its largest singular value.
    """

    says: ClassVar[str] = (
        "With a nonlinearity there is a bound: ‖∂h_t/∂h_(t-l)‖ ≤ (γ ‖W‖)^l, γ = 1 for tanh and 1/4 for σ."
    )
    source: ClassVar[str] = (
        "lecture notes; Pascanu et al., 2013, https://arxiv.org/abs/1211.5063, section 2.1"
    )
    rule: ClassVar[str] = (
        "holds if no measured norm, from one step back on, is above its bound by more than a factor of "
        "1 + 1e-9; else contradicted"
    )

    products: tuple[float, ...] = (0.5, 0.9, 1.0, 1.5, 3.0)
    """γ ‖W‖."""

    units: int = 64
    """Width of the state."""

    steps: int = 60
    """Length of the sequence, of which each input is normal noise."""

    @property
    def ran(self) -> str:
        values = ", ".join(map(str, self.products))
        return (
            f"tanh and sigmoid RNNs of {self.units} units over {self.steps} steps of noise, γ ‖W‖ = {values}"
        )

    def measure(self, resources: Resources) -> Measured:
        numbers: list[Number] = []
        curves: dict[str, np.ndarray] = {}
        for squash, factor in product(STEEPEST, self.products):
            norms, name = self._norms(squash, factor / STEEPEST[squash]), f"{squash}, γ ‖W‖ = {factor}"
            lags = np.arange(len(norms))
            curves[name] = norms / norms[0]
            over = float((curves[name] / factor**lags)[1:].max())
            half = slice(len(norms) // 2, None)
            slope = float(np.polyfit(lags[half], np.log(norms[half]), 1)[0])
            numbers += [
                Number(what=f"{name}: largest norm over its bound", value=over),
                Number(
                    what=f"{name}: slope of the logarithm",
                    value=slope,
                    known=f"at most {log(factor):.4g}",
                ),
                Number(what=f"{name}: left over all steps", value=float(curves[name][-1])),
            ]
        return Measured(tuple(numbers), curves)

    def _norms(self, squash: Squash, factor: float) -> Float[np.ndarray, " lags"]:
        torch.manual_seed(0)
        stack = StackSpec(cell=ElmanSpec(activation=squash), hidden_size=self.units).build(1).double()
        (cell,) = stack.cells()
        cell.load_state_dict({"weight_hh": factor * cell.state_dict()["weight_hh"]}, strict=False)
        slope = torch.randn(self.units, dtype=torch.float64)
        with watch(stack) as traces:
            output, _ = stack(torch.randn(1, self.steps, 1, dtype=torch.float64))
            (output[0, -1] @ slope).backward()
        return gradient_by_lag(traces["layer_1/forward"]).numpy()

    def judge(self, found: Measured) -> Verdict:
        names = [f"{squash}, γ ‖W‖ = {factor}" for squash in STEEPEST for factor in self.products]
        is_bounded = all(found[f"{name}: largest norm over its bound"] <= 1 + 1e-9 for name in names)
        return Verdict.HOLDS if is_bounded else Verdict.CONTRADICTED

    def finding(self, found: Measured) -> str:
        over = max(number.value for number in found.numbers if "over its bound" in number.what)
        grown = [
            factor for factor in self.products if found[f"tanh, γ ‖W‖ = {factor}: left over all steps"] > 1
        ]
        words = f"tanh grows only from {min(grown)} on" if grown else "none grows, for tanh and σ flatten"
        return f"The largest gradient is {over:.3f} of its bound; {words}"

    def draw(self, found: Measured, figure: Figure) -> None:
        titles = [f"{squash}: ‖∂J/∂h‖ over that of the last step" for squash in STEEPEST]
        for axes, squash in zip(panels(figure, *titles), STEEPEST, strict=True):
            for index, factor in enumerate(self.products):
                norms = found.curves[f"{squash}, γ ‖W‖ = {factor}"]
                lags = np.arange(len(norms))
                line(axes, lags, norms, f"γ ‖W‖ = {factor}", index)
                line(axes, lags, factor**lags, "", index, linestyle=":", linewidth=1.0)
            axes.set(yscale="log", ylim=(1e-30, 1e12))
            across(axes, "steps back (dotted: the bound)")
        legend(axes, loc="lower left")
