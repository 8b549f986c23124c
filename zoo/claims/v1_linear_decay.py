"""V1: without a nonlinearity the gradient is multiplied by the same matrix at each step back."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.figure import Figure

from zoo.cells.elman import ElmanSpec
from zoo.claims.animation import MovingClaim
from zoo.claims.base import Measured, Number, Resources, Verdict, register_claim
from zoo.claims.picture import across, legend, line, panels
from zoo.diagnostics import gradient_by_lag, watch
from zoo.pictures.marks import QUIET, TEXT
from zoo.stack import Stack, StackSpec


@final
@register_claim("v1")
@dataclass(frozen=True, kw_only=True)
class LinearDecay(MovingClaim):
    """In a linear RNN the gradient l steps back is multiplied by W to the l, so it decays as λ to the l.

    Proved in the lecture notes for σ(x) = x: ∂J/∂h_{t-l} = ∂J/∂h_t W^l.
    """

    says: ClassVar[str] = "In a linear RNN ∂J/∂h_(t-l) = ∂J/∂h_t · W^l, so it decays or grows as λ^l."
    source: ClassVar[str] = (
        "lecture notes; Pascanu et al., 2013, https://arxiv.org/abs/1211.5063, section 2.1"
    )
    rule: ClassVar[str] = (
        "holds if each measured norm is within 1e-9 of the exact one, and the slope of its logarithm over "
        "the farther half within 1 % of log λ (within 0.001 where λ is 1); else contradicted"
    )

    largest: tuple[float, ...] = (0.9, 1.0, 1.1)
    """λ, the largest eigenvalue."""

    units: int = 16
    """Width of the state."""

    steps: int = 100
    """Length of the sequence."""

    @property
    def ran(self) -> str:
        eigenvalues = ", ".join(map(str, self.largest))
        return (
            f"a linear RNN of {self.units} units over {self.steps} steps, largest eigenvalue {eigenvalues}; "
            "W symmetric, and not normal"
        )

    def measure(self, resources: Resources) -> Measured:
        numbers: list[Number] = []
        curves: dict[str, np.ndarray] = {}
        for kind in ("symmetric", "not normal"):
            for λ in self.largest:
                measured, exact = self._norms(λ, kind)
                curves |= {f"{kind}, λ = {λ}": measured, f"{kind}, λ = {λ}, exact": exact}
                error = float(np.abs(measured / exact - 1).max())
                slope = float(np.polyfit(*self._far_half(np.log(measured)), 1)[0])
                numbers += [
                    Number(what=f"{kind}, λ = {λ}: largest relative error", value=error),
                    Number(
                        what=f"{kind}, λ = {λ}: slope of the logarithm",
                        value=slope,
                        known=f"{np.log(λ):.4f} (log λ)",
                    ),
                ]
        return Measured(tuple(numbers), curves)

    def _norms(self, λ: float, kind: str) -> tuple[Float[np.ndarray, " lags"], Float[np.ndarray, " lags"]]:
        """Norms of the gradient by lag: as the zoo measures them, and by powers of W."""
        torch.manual_seed(0)
        spec = StackSpec(cell=ElmanSpec(activation="identity"), hidden_size=self.units)
        stack = spec.build(1).double()
        weight = torch.from_numpy(matrix(self.units, λ, kind))
        stack.cells()[0].load_state_dict({"weight_hh": weight}, strict=False)
        measured, last = _backward(stack, self.steps)
        exact, travelled = [], last.numpy()
        for _ in measured:
            exact.append(np.linalg.norm(travelled))
            travelled = travelled @ weight.numpy()
        return measured, np.array(exact)

    def _far_half(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        lags = np.arange(len(values))
        return lags[len(values) // 2 :], values[len(values) // 2 :]

    def judge(self, found: Measured) -> Verdict:
        holds = all(
            found[f"{kind}, λ = {λ}: largest relative error"] < 1e-9
            and abs(found[f"{kind}, λ = {λ}: slope of the logarithm"] - np.log(λ))
            <= max(0.01 * abs(np.log(λ)), 0.001)
            for kind in ("symmetric", "not normal")
            for λ in self.largest
        )
        return Verdict.HOLDS if holds else Verdict.CONTRADICTED

    def finding(self, found: Measured) -> str:
        worst = max(number.value for number in found.numbers if "error" in number.what)
        off = max(
            abs(found[f"{kind}, λ = {λ}: slope of the logarithm"] - np.log(λ))
            for kind in ("symmetric", "not normal")
            for λ in self.largest
        )
        return f"The measured gradient is off W^l by {worst:.0e}, and its slope off log λ by {off:.0e}"

    def draw(self, found: Measured, figure: Figure) -> None:
        titles = ("‖∂J/∂h‖ by steps back, W symmetric", "W not normal: it grows first, if λ is below 1, too")
        for axes, kind in zip(panels(figure, *titles), ("symmetric", "not normal"), strict=True):
            for index, λ in enumerate(self.largest):
                exact = found.curves[f"{kind}, λ = {λ}, exact"]
                lags = np.arange(len(exact))
                line(axes, lags, exact, f"λ = {λ}", index)
                measured = found.curves[f"{kind}, λ = {λ}"]
                some = slice(None, None, 8)
                line(axes, lags[some], measured[some], "", index, linestyle="", marker="o", markersize=4)
            axes.set_yscale("log")
            across(axes, "steps back (line: exact; dots: measured)")
        legend(axes)

    def draw_moment(self, found: Measured, figure: Figure, share: float) -> None:
        frame = round(share * (self.steps - 1))
        (axes,) = panels(figure, f"the gradient on its way back: after {frame} steps, W symmetric")
        for index, λ in enumerate(self.largest):
            norms = found.curves[f"symmetric, λ = {λ}"]
            line(axes, np.arange(frame + 1), norms[: frame + 1], f"λ = {λ}: {norms[frame]:.2g}", index)
            line(axes, np.array([frame]), norms[[frame]], "", index, marker="o", markersize=6)
        every = np.concatenate([found.curves[f"symmetric, λ = {λ}"] for λ in self.largest])
        axes.set(yscale="log", xlim=(self.steps, -2), ylim=(every.min() / 2, every.max() * 2))
        axes.set_ylabel("‖∂J/∂h‖", size=TEXT, color=QUIET)
        across(axes, "steps back from the loss, which is at the right")
        legend(axes, loc="upper left")


def matrix(units: int, λ: float, kind: str) -> Float[np.ndarray, "H H"]:
    """A matrix whose largest eigenvalue is λ, the others spread evenly between 0 and 0.8 λ."""
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(units, units)))[0]
    inner = np.diag(λ * np.append(np.linspace(0, 0.8, units - 1), 1.0))
    if kind == "not normal":
        inner += λ * np.triu(rng.uniform(0, 4 / units**0.5, (units, units)), 1)
    turned: np.ndarray = basis @ inner @ basis.T
    return turned


def _backward(stack: Stack, steps: int) -> tuple[Float[np.ndarray, " lags"], torch.Tensor]:
    """Norms of the gradient by lag, and the gradient at the last step, for a loss there."""
    torch.manual_seed(1)
    slope = torch.randn(stack.output_size, dtype=torch.float64)
    with watch(stack) as traces:
        output, _ = stack(torch.randn(1, steps, 1, dtype=torch.float64))
        (output[0, -1] @ slope).backward()
    (trace,) = traces.values()
    return gradient_by_lag(trace).numpy(), slope
