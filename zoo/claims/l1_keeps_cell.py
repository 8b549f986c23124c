"""L1: a forget gate at 1 and an input gate at 0 keep the cell forever."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

import numpy as np
import torch
from matplotlib.figure import Figure

from zoo.cells.lstm import LSTMSpec
from zoo.claims.base import Claim, Measured, Number, Resources, Verdict, register_claim
from zoo.claims.gates import SHUT, able, course, kept, set_gates
from zoo.claims.picture import across, legend, line, panels
from zoo.stack import Stack, StackSpec


@final
@register_claim("l1")
@dataclass(frozen=True, kw_only=True)
class KeepsCell(Claim):
    """With f = 1 and i = 0 the cell state stays what it is, and so does its gradient."""

    says: ClassVar[str] = "A forget gate at 1 and an input gate at 0 keep the cell forever."
    source: ClassVar[str] = "lecture notes; Hochreiter & Schmidhuber, 1997, the constant error carousel"
    rule: ClassVar[str] = (
        "holds if c_T equals c_0 and ∂c_T/∂c_0 equals the identity to the last bit, under every engine that "
        "ran; else contradicted"
    )

    steps: int = 10_000
    """T."""

    units: int = 8
    """Width of the state."""

    biases: tuple[float, ...] = (1.0, 3.0, 5.0, 10.0)
    """Of forget gates that are not quite open, for comparison."""

    engines: tuple[str, ...] = ("reference", "eager", "c")
    """What runs the recurrence."""

    @property
    def ran(self) -> str:
        return (
            f"an LSTM of {self.units} units over {self.steps:,} steps of noise in float64, gates set "
            f"by their biases, engines {', '.join(self.engines)}"
        )

    def measure(self, resources: Resources) -> Measured:
        curves: dict[str, np.ndarray] = {}
        numbers: list[Number] = []
        for engine in able(partial(self._stack, -SHUT), self.engines):
            change, jacobian = kept(self._stack(-SHUT, engine), 1, self.steps)
            numbers += [
                Number(what=f"{engine}: largest |c_T - c_0|", value=change),
                Number(what=f"{engine}: largest |∂c_T/∂c_0 - I|", value=jacobian),
            ]
        for bias in self.biases:
            f, left = 1 / (1 + np.exp(-bias)), course(self._stack(bias, "auto"), 1, self.steps)
            curves[f"b_f = {bias:g}"], at = left, min(100, self.steps)
            what = f"b_f = {bias:g} (f = {f:.4f}): left of c after {at} steps"
            numbers.append(Number(what=what, value=float(left[at - 1]), known=f"{f**at:.4g} (f^{at})"))
        curves["f = 1"] = course(self._stack(-SHUT, "auto"), 1, self.steps)
        return Measured(tuple(numbers), curves)

    def _stack(self, forget_bias: float, engine: str) -> Stack:
        """An LSTM whose input gate is shut and whose forget gate has this bias, whatever it reads."""
        torch.manual_seed(0)
        spec = StackSpec.of({"cell": LSTMSpec(forget_bias=0.0), "hidden_size": self.units, "engine": engine})
        stack = spec.build(3).double()
        set_gates(stack, {"i": SHUT, "f": forget_bias})
        return stack

    def judge(self, found: Measured) -> Verdict:
        is_kept = all(number.value == 0 for number in found.numbers if "largest" in number.what)
        return Verdict.HOLDS if is_kept else Verdict.CONTRADICTED

    def finding(self, found: Measured) -> str:
        worst = max(number.value for number in found.numbers if "c_T" in number.what)
        kept_words = "to the last bit" if worst == 0 else f"but for {worst:.1g}"
        return f"c is kept over {self.steps:,} steps {kept_words}; with f below 1 it fades as f^t"

    def draw(self, found: Measured, figure: Figure) -> None:
        (axes,) = panels(figure, "what is left of c_0")
        steps = np.arange(1, self.steps + 1)
        for index, (name, left) in enumerate(found.curves.items()):
            line(axes, steps, left, name, index)
        axes.set(xscale="log", ylim=(0, 1.05))
        across(axes, "steps")
        legend(axes, loc="lower left")
