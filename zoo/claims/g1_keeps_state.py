"""G1: an update gate at 0 keeps the state."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

import numpy as np
import torch
from matplotlib.figure import Figure

from zoo.cells.gru import GRUSpec
from zoo.claims.base import Claim, Measured, Number, Resources, Verdict, register_claim
from zoo.claims.gates import SHUT, able, course, kept, set_gates
from zoo.claims.picture import across, legend, line, panels
from zoo.stack import Stack, StackSpec


@final
@register_claim("g1")
@dataclass(frozen=True, kw_only=True)
class KeepsState(Claim):
    """With u = 0 the state of a GRU stays what it is, and so does its gradient."""

    says: ClassVar[str] = "An update gate at 0 keeps the GRU's state."
    source: ClassVar[str] = "lecture notes; Cho et al., 2014, https://arxiv.org/abs/1406.1078"
    rule: ClassVar[str] = (
        "holds if h_T equals h_0 and ∂h_T/∂h_0 equals the identity to the last bit, with the reset before "
        "the product and after it, under every engine that ran; else contradicted"
    )

    steps: int = 10_000
    """T."""

    units: int = 8
    """Width of the state."""

    openings: tuple[float, ...] = (1e-4, 1e-3, 1e-2, 1e-1)
    """u of gates that are not quite shut, for comparison."""

    engines: tuple[str, ...] = ("reference", "eager", "c")
    """What runs the recurrence."""

    @property
    def ran(self) -> str:
        return (
            f"GRUs of {self.units} units, reset before and after the product, over {self.steps:,} steps of "
            f"noise in float64, engines {', '.join(self.engines)}"
        )

    def measure(self, resources: Resources) -> Measured:
        numbers: list[Number] = []
        for reset, shut in (("before", SHUT), ("after", -SHUT)):
            for engine in able(partial(self._stack, reset, shut), self.engines):
                change, jacobian = kept(self._stack(reset, shut, engine), 0, self.steps)
                numbers += [
                    Number(what=f"{engine}, reset {reset}: largest |h_T - h_0|", value=change),
                    Number(what=f"{engine}, reset {reset}: largest |∂h_T/∂h_0 - I|", value=jacobian),
                ]
        biases = {f"u = {u:g}": float(np.log(u / (1 - u))) for u in self.openings} | {"u = 0": SHUT}
        # inputs of the candidate are cut, or what is written would be seen, too
        curves = {
            name: course(self._stack("before", bias, "auto", is_cut=True), 0, self.steps)
            for name, bias in biases.items()
        }
        return Measured(tuple(numbers), curves)

    def _stack(self, reset: str, bias: float, engine: str, is_cut: bool = False) -> Stack:
        torch.manual_seed(0)
        cell = GRUSpec.from_plain({"reset": reset})
        stack = StackSpec.of({"cell": cell, "hidden_size": self.units, "engine": engine}).build(3).double()
        set_gates(stack, {"z": bias, **({"n": 0.0} if is_cut else {})})
        return stack

    def judge(self, found: Measured) -> Verdict:
        return Verdict.HOLDS if all(number.value == 0 for number in found.numbers) else Verdict.CONTRADICTED

    def finding(self, found: Measured) -> str:
        worst = max(number.value for number in found.numbers)
        words = "to the last bit" if worst == 0 else f"but for {worst:.1g}"
        return f"h is kept over {self.steps:,} steps {words}"

    def draw(self, found: Measured, figure: Figure) -> None:
        (axes,) = panels(figure, "what is left of h_0")
        steps = np.arange(1, self.steps + 1)
        for index, (name, left) in enumerate(found.curves.items()):
            line(axes, steps, left, name, index)
        axes.set(xscale="log", ylim=(0, 1.05))
        across(axes, "steps")
        legend(axes, loc="lower left")
