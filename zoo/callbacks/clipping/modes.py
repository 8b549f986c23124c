"""The ways to clip, by name: which options each has, and what it does to an optimiser step."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from torch import Tensor, nn
from torch.optim import Optimizer

from zoo.callbacks.clipping.clips import Clip, block_norms, clip_blocks, clip_value, shorten
from zoo.callbacks.clipping.norm_history import NormHistory
from zoo.callbacks.clipping.units import clip_units
from zoo.registry import check_positive

LAST_LAYER = "head"
"""What the models of the zoo call their last linear layer."""


@final
@dataclass(frozen=True)
class OptimizerStep:
    """An optimiser step that is about to be taken.

    Attributes:
        optimizer: Whose it is.
        gradients: Those that there are, by parameter: dense tensors that share their memory.
        layers: The names of the layers that each parameter of the model is in: several where it is tied.
        scale: What the gradients are still multiplied by.
        history: The norms of this optimiser's gradients in the steps before.
    """

    optimizer: Optimizer
    gradients: Mapping[nn.Parameter, Tensor]
    layers: Mapping[nn.Parameter, Sequence[str]]
    scale: Tensor | float
    history: NormHistory

    @property
    def all(self) -> list[Tensor]:
        """All gradients."""
        return list(self.gradients.values())

    def layers_of(self, parameter: nn.Parameter) -> Sequence[str]:
        """The layers of a parameter; its gradient counts for the first."""
        return self.layers.get(parameter, ("unnamed",))


class Mode(ABC):
    """A way to clip; its fields are the options that belong to it."""

    @abstractmethod
    def clip(self, step: OptimizerStep) -> tuple[Clip, Sequence[str]]:
        """Clips in place; says what it did, and the names of the blocks where they have any."""


@dataclass(frozen=True, kw_only=True)
class LimitMode(Mode):
    """By the norm over the gradients of each of several blocks."""

    max_norm: float

    def __post_init__(self) -> None:
        """Checks the limit."""
        check_above_zero("max_norm", self.max_norm)

    def clip(self, step: OptimizerStep) -> tuple[Clip, Sequence[str]]:
        """Clips each block by itself."""
        blocks = self.blocks(step)
        return clip_blocks(list(blocks.values()), self.max_norm * step.scale), list(blocks)

    @abstractmethod
    def blocks(self, step: OptimizerStep) -> dict[str, list[Tensor]]:
        """The gradients of each block by its name."""


@final
class NormMode(LimitMode):
    """By the norm over all gradients."""

    def blocks(self, step: OptimizerStep) -> dict[str, list[Tensor]]:
        """One block without a name."""
        return {"": step.all}


@final
class LayerMode(LimitMode):
    """By the norm over the gradients of each layer."""

    def blocks(self, step: OptimizerStep) -> dict[str, list[Tensor]]:
        """One block per layer."""
        blocks: dict[str, list[Tensor]] = {}
        for parameter, gradient in step.gradients.items():
            blocks.setdefault(step.layers_of(parameter)[0], []).append(gradient)
        return blocks


@final
class GroupMode(LimitMode):
    """By the norm over the gradients of each parameter group of the optimiser."""

    def blocks(self, step: OptimizerStep) -> dict[str, list[Tensor]]:
        """One block per group that has a gradient, counted from 1."""
        members = {
            f"group {number}": [step.gradients[each] for each in group["params"] if each in step.gradients]
            for number, group in enumerate(step.optimizer.param_groups, start=1)
        }
        return {name: gradients for name, gradients in members.items() if gradients}


@final
@dataclass(frozen=True, kw_only=True)
class ValueMode(Mode):
    """By the value of each entry."""

    max_value: float
    min_value: float | None = None

    def __post_init__(self) -> None:
        """Checks the limits."""
        check_above_zero("max_value", self.max_value)
        if self.min_value is not None and not self.min_value < 0:
            raise ValueError(f"min_value is {self.min_value}; expected a number below 0")

    def clip(self, step: OptimizerStep) -> tuple[Clip, Sequence[str]]:
        """Clamps each entry."""
        low = -self.max_value if self.min_value is None else self.min_value
        return clip_value(step.all, low * step.scale, self.max_value * step.scale), []


@final
@dataclass(frozen=True, kw_only=True)
class UnitMode(Mode):
    """By the norm over the gradient of each unit against the norm of its weights."""

    max_ratio: float = 0.01
    eps: float = 1e-3
    exclude: Sequence[str] = (LAST_LAYER,)

    def __post_init__(self) -> None:
        """Checks the numbers."""
        check_above_zero("max_ratio", self.max_ratio)
        check_above_zero("eps", self.eps)
        if isinstance(self.exclude, str):
            raise ValueError(
                f"exclude is {self.exclude!r}; expected a list of layers, as in [{self.exclude}]"
            )

    def clip(self, step: OptimizerStep) -> tuple[Clip, Sequence[str]]:
        """Clips each unit of the layers that are not excluded."""
        weights = [
            None if set(self.exclude) & set(step.layers_of(parameter)) else weight_of(parameter)
            for parameter in step.gradients
        ]
        return clip_units(step.all, weights, self.max_ratio * step.scale, self.eps), []


@final
@dataclass(frozen=True, kw_only=True)
class PercentileMode(Mode):
    r"""By the norm over all gradients, the limit being a percentile of such norms so far.

    .. math::
        \eta_t = \text{percentile}_p(\lVert g_1 \rVert, \dots, \lVert g_t \rVert), \quad
        g_t \leftarrow \min\left(\frac{\eta_t}{\lVert g_t \rVert}, 1\right) g_t

    AutoClip of Seetharaman et al., 2020, https://arxiv.org/abs/2007.14469. Norms that are not finite do not
    count.
    """

    percentile: float = 10.0
    history: int | None = None

    def __post_init__(self) -> None:
        """Checks the numbers."""
        if not 0 < self.percentile <= 100:
            raise ValueError(f"percentile is {self.percentile}; expected a number above 0 and at most 100")
        if self.history is not None:
            check_positive("history", self.history)

    def clip(self, step: OptimizerStep) -> tuple[Clip, Sequence[str]]:
        """Takes the norm into the history, for which the host waits once, and clips."""
        norms = block_norms([step.all])
        # Kept unscaled, for the scale changes from step to step.
        norm, limit = float(norms / step.scale), math.inf
        if math.isfinite(norm):
            step.history.add(norm)
            percentile = step.history.percentile(self.percentile)
            # A norm at its limit needs no clipping, and one of zero at a limit of zero allows none.
            limit = percentile if percentile < norm else math.inf
        return shorten([step.all], norms, limit * step.scale), []


MODES: dict[str, type[Mode]] = {
    "norm": NormMode,
    "value": ValueMode,
    "layer": LayerMode,
    "group": GroupMode,
    "unit": UnitMode,
    "percentile": PercentileMode,
}


def check_above_zero(name: str, value: float) -> None:
    """Raises ValueError unless `value`, which may be infinite, is above 0."""
    # Written so that NaN, which compares false with everything, is refused too.
    if not value > 0:
        raise ValueError(f"{name} is {value}; expected a number above 0")


def weight_of(parameter: nn.Parameter) -> Tensor:
    """The weights that the stored entries of a parameter's gradient belong to."""
    assert parameter.grad is not None
    weight = parameter.detach()
    return weight[tuple(parameter.grad.indices())] if parameter.grad.is_sparse else weight
