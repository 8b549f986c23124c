"""L2: along the cell the gradient is multiplied by the forget gate, not by a matrix."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from zoo.claims.base import Claim, Measured, Number, Resources, Verdict, register_claim
from zoo.claims.picture import across, legend, line, panels
from zoo.diagnostics import watch
from zoo.stack import Stack, StackSpec


@final
@register_claim("l2")
@dataclass(frozen=True, kw_only=True)
class ForgetGate(Claim):
    """Where h carries nothing, ∂c_t/∂c_{t-1} is diag(f_t); with h open it is no longer quite that.

    One of the lecture notes says that f can exceed 1. It is a sigmoid: it cannot.
    """

    says: ClassVar[str] = (
        "Along the cell, backpropagation multiplies by f element by element, not by W, and f may exceed 1."
    )
    source: ClassVar[str] = "lecture notes; Gers et al., 2000, https://doi.org/10.1162/089976600300015015"
    rule: ClassVar[str] = (
        "holds if the Jacobian of each step with the path through h cut equals diag(f_t) to 1e-12, that over "
        "all steps their product, and an f above 1 is found; in part if all but the last; else contradicted"
    )

    steps: int = 50
    """T."""

    units: int = 16
    """Width of the state."""

    scale: float = 3.0
    """What the recurrent weights are multiplied by, so that the path through h matters."""

    @property
    def ran(self) -> str:
        return (
            f"an LSTM of {self.units} units over {self.steps} steps of noise in float64; the path through h "
            f"cut, and open with recurrent weights {self.scale:g} times as large as at the start"
        )

    def measure(self, resources: Resources) -> Measured:
        torch.manual_seed(0)
        stack = StackSpec(cell="lstm", hidden_size=self.units).build(3).double()
        (cell,) = stack.cells()
        cell.load_state_dict({"weight_hh": self.scale * cell.state_dict()["weight_hh"]}, strict=False)
        moments = _moments(stack, torch.randn(1, self.steps, 3, dtype=torch.float64))
        forget = torch.stack([_forget_gate(stack, moment) for moment in moments])
        by_step = [_along_cell(stack, moment) for moment in moments]
        step_error = (torch.stack(by_step) - torch.diag_embed(forget)).abs().max()
        cut = torch.linalg.multi_dot(by_step[::-1])
        product = forget.prod(0)
        error = (cut - torch.diag(product)).abs().max() / product.max()
        norms = [float(torch.linalg.norm(each, 2)) for each in _through_all(stack, moments)]
        wide = 1e6 * torch.randn(1_000_000, dtype=torch.float64)
        numbers = (
            Number(what="one step, path cut: largest |J - diag(f)|", value=float(step_error)),
            Number(what="all steps, path cut: largest relative difference from Π f", value=float(error)),
            Number(what="largest f in this run", value=float(forget.max())),
            Number(what="largest σ of a million numbers up to 1e6", value=float(torch.sigmoid(wide).max())),
            Number(what="all steps, path open: ‖∂c_T/∂c_0‖", value=norms[-1]),
            Number(what="all steps, path cut: ‖∂c_T/∂c_0‖", value=float(product.max())),
        )
        back = forget.flip(0).cumprod(0).max(1).values.numpy()
        return Measured(numbers, {"cut": back, "open": np.array(norms)})

    def judge(self, found: Measured) -> Verdict:
        is_f = found["one step, path cut: largest |J - diag(f)|"] <= 1e-12
        is_product = found["all steps, path cut: largest relative difference from Π f"] <= 1e-12
        if not (is_f and is_product):
            return Verdict.CONTRADICTED
        exceeds = found["largest σ of a million numbers up to 1e6"] > 1
        return Verdict.HOLDS if exceeds else Verdict.IN_PART

    def finding(self, found: Measured) -> str:
        size = found["all steps, path open: ‖∂c_T/∂c_0‖"] / found["all steps, path cut: ‖∂c_T/∂c_0‖"]
        off = found["one step, path cut: largest |J - diag(f)|"]
        return f"Along the cell it is diag(f) but for {off:.0e}; the path through h makes it {size:.1g} times"

    def draw(self, found: Measured, figure: Figure) -> None:
        (axes,) = panels(figure, "‖∂c_T/∂c_(T-k)‖")
        lags = np.arange(1, self.steps + 1)
        line(axes, lags, found.curves["cut"], "path through h cut: Π f", 0)
        line(axes, lags, found.curves["open"], "path through h open", 1)
        axes.set_yscale("log")
        across(axes, "k, steps back")
        legend(axes)


class Moment(NamedTuple):
    """What a step reads: the input and both states."""

    x: Float[Tensor, "1 I"]
    h: Float[Tensor, "1 H"]
    c: Float[Tensor, "1 H"]


def _moments(stack: Stack, x: Float[Tensor, "1 T I"]) -> list[Moment]:
    """Each step of a run."""
    with watch(stack) as traces, torch.no_grad():
        stack(x)
    (trace,) = traces.values()
    h, c = trace.before
    return [Moment(x[:, t], h[t], c[t]) for t in range(x.shape[1])]


def _forget_gate(stack: Stack, now: Moment) -> Float[Tensor, " H"]:
    """f, by the equation of the LSTM."""
    weights = stack.cells()[0].state_dict()
    pre = now.x @ weights["weight_ih"].T + now.h @ weights["weight_hh"].T + weights["bias"]
    return torch.sigmoid(pre.chunk(4, -1)[1][0])


def _along_cell(stack: Stack, now: Moment) -> Float[Tensor, "H H"]:
    """∂c_t/∂c_{t-1} of the zoo's step, while h_{t-1} is held."""

    def step(c: Tensor) -> Tensor:
        return _stepped(stack, now.x, now.h, c)[1]

    return _jacobian(step, now.c)


def _through_all(stack: Stack, moments: Sequence[Moment]) -> list[Float[Tensor, "H H"]]:
    """∂c_T/∂c_{T-k} for each k from 1, on every path."""
    products, width = [], moments[0].c.shape[1]
    total = torch.eye(2 * width, dtype=torch.float64)
    for now in reversed(moments):

        def step(state: Tensor, x: Tensor = now.x) -> Tensor:
            return torch.cat(_stepped(stack, x, *state.chunk(2, -1)), -1)

        total = total @ _jacobian(step, torch.cat([now.h, now.c], -1))
        products.append(total[width:, width:])
    return products


def _stepped(stack: Stack, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """h and c after a step of the zoo's LSTM."""
    _, (state,) = stack.step(x, ((h, c),))
    new_h, new_c = state
    assert isinstance(new_h, Tensor)
    assert isinstance(new_c, Tensor)
    return new_h, new_c


def _jacobian(step: Callable[[Tensor], Tensor], state: Float[Tensor, "1 S"]) -> Float[Tensor, "S S"]:
    found: Tensor = torch.autograd.functional.jacobian(step, state)  # type: ignore[no-untyped-call]
    return found[0, :, 0]
