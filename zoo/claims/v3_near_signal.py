"""V3: the gradient of the recurrent weights is that of the last few steps."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch.nn import functional as F

from zoo.claims.animation import MovingClaim
from zoo.claims.base import Measured, Resources, Verdict, register_claim
from zoo.claims.contenders import STARTS, init_range
from zoo.claims.picture import across, legend, line, panels
from zoo.claims.training import over_seeds
from zoo.diagnostics import share_beyond, watch, weight_gradient_by_lag
from zoo.model import ModelSpec
from zoo.stack import StackSpec


@final
@register_claim("v3")
@dataclass(frozen=True, kw_only=True)
class NearSignal(MovingClaim):
    """The near signal drowns the far one: hardly any of the gradient comes from far back."""

    says: ClassVar[str] = (
        "The gradient signal from far away is lost, for it is drowned by that from close by."
    )
    source: ClassVar[str] = "lecture notes"
    rule: ClassVar[str] = (
        "holds if of elman's gradient at most 5 % comes from beyond the lag in question, and of the gradient "
        "of lstm with an open forget gate more than twice that share; contradicted if more than half of "
        "elman's does; else in part"
    )

    steps: int = 100
    """Length of the sequences."""

    lag: int = 20
    """The lag in question."""

    units: int = 64
    """Width of each layer; one layer."""

    tokens: int = 20
    """Of the text, which is drawn by chance; each is predicted from those before."""

    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    """Of weights and text."""

    @property
    def ran(self) -> str:
        return (
            f"language models of one layer of {self.units} at their start, a loss at each of {self.steps} "
            f"steps, {len(self.seeds)} seeds; share of Σ ‖∂loss/∂W_h‖ from more than so many steps back"
        )

    def measure(self, resources: Resources) -> Measured:
        shares = {cell: np.array([self._share(cell, seed) for seed in self.seeds]) for cell in STARTS}
        numbers = tuple(
            over_seeds(f"{cell}: share from beyond {lag} steps", shares[cell][:, lag].tolist())
            for cell in STARTS
            for lag in (5, self.lag, self.steps // 2)
        )
        return Measured(numbers, {cell: share.mean(0) for cell, share in shares.items()})

    def _share(self, cell: str, seed: int) -> Float[np.ndarray, " lags"]:
        torch.manual_seed(seed)
        stack = StackSpec.of({"cell": STARTS[cell], "hidden_size": self.units})
        spec = ModelSpec(
            encoder=stack,
            vocab_size=self.tokens,
            output_size=self.tokens,
            init_range=init_range(cell, self.units),
        )
        model = spec.build()
        text = torch.randint(self.tokens, (16, self.steps + 1))
        with watch(model) as traces:
            logits, _ = model(text[:, :-1])
            torch.autograd.backward(F.cross_entropy(logits.flatten(0, 1), text[:, 1:].flatten()))
        (trace,) = traces.values()
        return share_beyond(weight_gradient_by_lag(trace)).numpy()

    def judge(self, found: Measured) -> Verdict:
        plain, gated = (
            found[f"{cell}: share from beyond {self.lag} steps"] for cell in ("elman", "lstm, open")
        )
        if plain > 0.5:
            return Verdict.CONTRADICTED
        return Verdict.HOLDS if plain <= 0.05 and gated > 2 * plain else Verdict.IN_PART

    def finding(self, found: Measured) -> str:
        told = (
            f"{cell} {100 * found[f'{cell}: share from beyond {self.lag} steps']:.2g} %" for cell in STARTS
        )
        return f"From beyond {self.lag} steps: {'; '.join(told)}"

    def draw(self, found: Measured, figure: Figure) -> None:
        self._draw(found, figure, self.steps, self.lag)

    def draw_moment(self, found: Measured, figure: Figure, share: float) -> None:
        last = round(share * (self.steps - 1))
        self._draw(found, figure, last + 1, last)

    def _draw(self, found: Measured, figure: Figure, count: int, told: int) -> None:
        """The shares up to a lag, with those of one lag as numbers."""
        (axes,) = panels(figure, "share of the gradient of W_h that comes from further back")
        for index, cell in enumerate(STARTS):
            shown = np.maximum(found.curves[cell][:count], 1e-12)
            name = f"{cell}: {100 * found.curves[cell][told]:.2g} % from beyond {told}"
            line(axes, np.arange(len(shown)), shown, name, index)
        axes.set(yscale="log", ylim=(1e-9, 2), xlim=(-2, self.steps))
        axes.axvline(self.lag, color="#767676", linewidth=1, linestyle=":")
        across(axes, "steps back")
        legend(axes, loc="lower left")
