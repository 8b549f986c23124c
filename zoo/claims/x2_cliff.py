"""X2: the loss of a recurrent unit has a cliff, and clipping makes the step from it a small one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from zoo.callbacks.clipping.clips import clip_blocks
from zoo.cells.elman import ElmanSpec
from zoo.claims.animation import MovingClaim
from zoo.claims.base import Measured, Number, Resources, Verdict, register_claim
from zoo.claims.picture import across, legend, line, panels
from zoo.pictures.marks import MAP, QUIET, TEXT
from zoo.stack import StackSpec

WINDOW = ((3.4, 5.6), (-2.8, -1.5))
"""w and b between which the surface is looked at, and starts are drawn."""


@final
@register_claim("x2")
@dataclass(frozen=True, kw_only=True)
class Cliff(MovingClaim):
    """The loss surface of a scalar RNN has a cliff; clipping takes a smaller step in the same direction.

    The network of Pascanu et al., 2013: one unit, no input, h_t = σ(w h_{t-1} + b), h_0 = 0.5, and the loss
    (h_50 - 0.7)².
    """

    says: ClassVar[str] = (
        "The loss surface of a scalar RNN has a cliff; clipping takes a smaller step in the same direction."
    )
    source: ClassVar[str] = (
        "lecture notes; Pascanu et al., 2013, https://arxiv.org/abs/1211.5063, section 2.3 and figure 6"
    )
    rule: ClassVar[str] = (
        "holds if the steepest gradient of the surface is at least 1,000 times the median one, no clipped "
        "step turns (cosine within 1e-9 of 1) or is longer than rate times limit, and fewer starts are "
        "thrown off (loss at the end above 0.05) with clipping; in part if all but the last; else "
        "contradicted"
    )

    rate: float = 0.5
    """Of learning, by plain gradient descent."""

    max_norm: float = 0.5
    """Norm to which gradients are clipped."""

    steps: int = 150
    """Of gradient descent."""

    starts: int = 200
    """Points that it starts from, drawn by chance."""

    start: tuple[float, float] = (5.0, -2.3)
    """w and b from where the two paths of the picture begin."""

    time: int = 50
    """Steps of the recurrence."""

    @property
    def ran(self) -> str:
        return (
            f"one unit over {self.time} steps, gradient descent at {self.rate}, {self.steps} steps, without "
            f"clipping and clipped at {self.max_norm}, from {self.starts} points"
        )

    def measure(self, resources: Resources) -> Measured:
        w, b = np.meshgrid(*(np.linspace(low, high, 240) for low, high in WINDOW))
        loss, slope = surface(np.stack([w, b]), self.time)
        steepness = np.linalg.norm(slope, axis=0)
        free, clipped = self._path(np.inf), self._path(self.max_norm)
        rng = np.random.default_rng(0)
        points = np.stack([rng.uniform(low, high, self.starts) for low, high in WINDOW])
        numbers = (
            Number(
                what="steepest gradient over the median",
                value=float(steepness.max() / np.median(steepness)),
            ),
            Number(what="largest turn of a clipped step, 1 - cosine", value=clipped.turn),
            Number(what="longest clipped step", value=clipped.longest),
            Number(what="longest step without clipping", value=free.longest),
            Number(
                what="share of starts thrown off without clipping", value=self._thrown_off(points, np.inf)
            ),
            Number(what="share thrown off with clipping", value=self._thrown_off(points, self.max_norm)),
            Number(what="largest difference between the zoo's gradient and the formula", value=free.error),
        )
        curves = {"w": w, "b": b, "loss": loss, "free": free.points, "clipped": clipped.points}
        return Measured(numbers, curves)

    def _path(self, max_norm: float) -> "Path":
        """Gradient descent with the zoo's cell, gradients and clipping."""
        spec = StackSpec(cell=ElmanSpec(activation="sigmoid"), hidden_size=1)
        stack = spec.build(1).double()
        named = dict(stack.cells()[0].named_parameters())
        weights = [named["weight_hh"], named["bias"]]
        for weight, value in zip(weights, self.start, strict=True):
            torch.nn.init.constant_(weight, value)
        nothing, begin = torch.zeros(1, self.time, 1, dtype=torch.float64), torch.tensor([[0.5]]).double()
        points, turn, longest, error = [np.array(self.start)], 0.0, 0.0, 0.0
        for _ in range(self.steps):
            output, _ = stack(nothing, ((begin,),))
            whole = torch.autograd.grad((output[0, -1, 0] - 0.7) ** 2, weights)
            error = max(error, float(np.abs(_flat(whole) - surface(points[-1], self.time)[1]).max()))
            step = [gradient.clone() for gradient in whole]
            clip_blocks([step], max_norm)
            cosine = _flat(whole) @ _flat(step) / np.linalg.norm(_flat(whole)) / np.linalg.norm(_flat(step))
            turn = max(turn, 1 - float(cosine))
            longest = max(longest, self.rate * float(np.linalg.norm(_flat(step))))
            with torch.no_grad():
                for weight, gradient in zip(weights, step, strict=True):
                    weight.sub_(self.rate * gradient)
            points.append(_flat(weights))
        return Path(np.array(points), turn, longest, error)

    def _thrown_off(self, points: Float[np.ndarray, "2 starts"], max_norm: float) -> float:
        """The share of starts from which gradient descent ends with a loss above 0.05; by the formula."""
        for _ in range(self.steps):
            _, slope = surface(points, self.time)
            norm = np.linalg.norm(slope, axis=0)
            points = points - self.rate * slope * np.minimum(1, max_norm / np.maximum(norm, 1e-300))
        return float((surface(points, self.time)[0] > 0.05).mean())

    def judge(self, found: Measured) -> Verdict:
        has_cliff = found["steepest gradient over the median"] >= 1000
        is_straight = found["largest turn of a clipped step, 1 - cosine"] <= 1e-9
        is_short = found["longest clipped step"] <= self.rate * self.max_norm * (1 + 1e-9)
        without = found["share of starts thrown off without clipping"]
        if not (has_cliff and is_straight and is_short):
            return Verdict.CONTRADICTED
        return Verdict.HOLDS if found["share thrown off with clipping"] < without else Verdict.IN_PART

    def finding(self, found: Measured) -> str:
        without, clipped = (
            f"{100 * found[what]:.0f} %"
            for what in ("share of starts thrown off without clipping", "share thrown off with clipping")
        )
        return f"The cliff throws {without} of all starts off without clipping, and {clipped} with it"

    def draw(self, found: Measured, figure: Figure) -> None:
        self.draw_moment(found, figure, 1.0)

    def draw_moment(self, found: Measured, figure: Figure, share: float) -> None:
        count = 1 + round(share * self.steps)
        left, right = panels(figure, "the surface, dark where the loss is small", "loss by step")
        _draw_surface(left, found)
        for index, (name, words) in enumerate((("free", "without clipping"), ("clipped", "clipped"))):
            path = found.curves[name][:count]
            looks = {"marker": "o", "markersize": 2.5, "linewidth": 1.0}
            line(left, path[:, 0], path[:, 1], words, index + 1, **looks)
            line(right, np.arange(len(path)), surface(path.T, self.time)[0], words, index + 1)
            line(left, path[-1:, 0], path[-1:, 1], "", index + 1, marker="o", markersize=7)
        right.set(yscale="log", xlim=(-2, self.steps + 2), ylim=(1e-7, 1))
        across(right, "steps of gradient descent")
        legend(right)


@final
@dataclass(frozen=True)
class Path:
    """Where gradient descent went, its largest turn and longest step, and how far gradients were off."""

    points: Float[np.ndarray, "steps 2"]
    turn: float
    longest: float
    error: float


def surface(
    points: Float[np.ndarray, "2 *points"], time: int
) -> tuple[Float[np.ndarray, "*points"], Float[np.ndarray, "2 *points"]]:
    """The loss and its gradient at points (w, b), by the chain rule."""
    w, b = points
    h, by_w, by_b = np.full(w.shape, 0.5), np.zeros(w.shape), np.zeros(w.shape)
    for _ in range(time):
        new = 1 / (1 + np.exp(-(w * h + b)))
        by_w, by_b = new * (1 - new) * (h + w * by_w), new * (1 - new) * (1 + w * by_b)
        h = new
    return np.asarray((h - 0.7) ** 2), 2 * (h - 0.7) * np.stack([by_w, by_b])


def _flat(parts: Sequence[torch.Tensor]) -> Float[np.ndarray, " 2"]:
    return torch.cat([part.detach().reshape(-1) for part in parts]).numpy()


def _draw_surface(axes: Axes, found: Measured) -> None:
    """The surface, cut to its window: paths may leave it."""
    w, b, loss = (found.curves[name] for name in ("w", "b", "loss"))
    axes.grid(visible=False)
    axes.pcolormesh(w, b, np.maximum(loss, 1e-4), norm=LogNorm(1e-4, 0.5), cmap=MAP, rasterized=True)
    axes.set(xlim=WINDOW[0], ylim=WINDOW[1])
    across(axes, "w")
    axes.set_ylabel("b", size=TEXT, color=QUIET)
