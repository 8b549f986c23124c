"""Wirings: how what comes out of a layer joins what went into it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.registry import Registry, Spec, spec_of

AnyWiring = TypeVar("AnyWiring", bound="Wiring")


class WiringSpec(Spec, ABC):
    """What a wiring lets its user choose."""

    wiring_class: ClassVar[type["Wiring"]]

    def build(self, input_size: int, output_size: int) -> "Wiring":
        """The wiring around a layer that maps (T, B, input_size) to (T, B, output_size)."""
        return self.wiring_class(self, input_size, output_size)


class Wiring(nn.Module, ABC):
    """Joins the input of a layer with its output. It sees these two tensors and nothing else.

    A position where both are zero must stay zero, so that padding stays inert.
    """

    key: ClassVar[str]
    spec_class: ClassVar[type[WiringSpec]]

    def __init__(self, spec: WiringSpec, input_size: int, output_size: int) -> None:
        super().__init__()
        self.spec, self.input_size, self.layer_size = spec, input_size, output_size

    @property
    def output_size(self) -> int:
        """Width of what `forward` returns."""
        return self.layer_size

    @abstractmethod
    def forward(self, x: Float[Tensor, "... I"], y: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        """Joins the layer's input `x` with its output `y`."""


WIRINGS: Registry[type[Wiring]] = Registry("wiring")


def register_wiring(name: str, spec: type[WiringSpec]) -> Callable[[type[AnyWiring]], type[AnyWiring]]:
    """Class decorator that enters a wiring and its spec into the zoo under `name`.

    Raises:
        ValueError: `name` is taken by another wiring.
    """

    def enter(cls: type[AnyWiring]) -> type[AnyWiring]:
        if spec is WiringSpec or vars(spec).get("key", name) != name:
            raise ValueError(
                f"wiring {name!r} got {spec.__name__}, which is taken; expected a spec of its own"
            )
        WIRINGS.add(name, cls)
        cls.key = spec.key = name
        spec.wiring_class, cls.spec_class = cls, spec
        return cls

    return enter


def wiring_spec(value: str | WiringSpec | Mapping[str, Any]) -> WiringSpec:
    """The spec that a name, a spec, or a spec's plain form stands for.

    Raises:
        UnknownNameError: no wiring has that name.
    """
    return spec_of(WIRINGS, value, WiringSpec)


Unequal = Literal["project", "pad", "refuse"]
"""What to do where a layer's input and output differ in width."""


@final
class Match(nn.Module):
    """Brings (..., input_size) to (..., output_size): by a matrix without bias, by zeros, or not at all."""

    def __init__(self, policy: Unequal, input_size: int, output_size: int) -> None:
        super().__init__()
        self.output_size = output_size
        differ = input_size != output_size
        if differ and policy == "refuse":
            raise ValueError(
                f"a layer maps width {input_size} to {output_size}, and its wiring has unequal='refuse'; "
                f"expected equal widths, or unequal='project' or 'pad'"
            )
        if policy == "pad" and input_size > output_size:
            raise ValueError(
                f"a layer maps width {input_size} to {output_size}, and unequal='pad' can only widen; "
                f"expected unequal='project'"
            )
        projects = differ and policy == "project"
        self.project = nn.Linear(input_size, output_size, bias=False) if projects else None

    def forward(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... H"]:
        """`x` at the width of the layer's output."""
        if self.project is not None:
            return F.linear(x, self.project.weight)
        missing = self.output_size - x.shape[-1]
        return F.pad(x, (0, missing)) if missing else x


@final
@dataclass(frozen=True, kw_only=True)
class PlainSpec(WiringSpec):
    """Options of the plain wiring: none."""


@final
@register_wiring("plain", PlainSpec)
class Plain(Wiring):
    """The output alone goes on, as in an ordinary stack.

    Equations::

        z = y

    Unequal widths: any, since x is not used.
    Reference: Schmidhuber, 1992, https://doi.org/10.1162/neco.1992.4.2.234 (stacked recurrence).
    """

    def forward(self, x: Float[Tensor, "... I"], y: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        return y


@final
@dataclass(frozen=True, kw_only=True)
class ResidualSpec(WiringSpec):
    """Options of the residual wiring."""

    unequal: Unequal = "project"
    """Where widths differ: "project" x by a matrix without bias, "pad" it with zeros, or "refuse"."""


@final
@register_wiring("residual", ResidualSpec)
class Residual(Wiring):
    """The input is added to the output, so that the gradient has a path that no layer multiplies.

    Equations::

        z = y + x

    Unequal widths: see `ResidualSpec.unequal`; with "project", z = y + P x.
    Reference: He et al., 2016, https://arxiv.org/abs/1512.03385; in recurrent stacks: Wu et al., 2016,
    https://arxiv.org/abs/1609.08144.
    """

    def __init__(self, spec: ResidualSpec, input_size: int, output_size: int) -> None:
        super().__init__(spec, input_size, output_size)
        self.match = Match(spec.unequal, input_size, output_size)

    def forward(self, x: Float[Tensor, "... I"], y: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        carried: Tensor = self.match(x)
        return y + carried


@final
@dataclass(frozen=True, kw_only=True)
class HighwaySpec(WiringSpec):
    """Options of the highway wiring."""

    carry_bias: float = 1.0
    """How far the gate leans towards carrying x at the start: its bias begins at -carry_bias."""

    unequal: Unequal = "project"
    """Where widths differ: "project" x by a matrix without bias, "pad" it with zeros, or "refuse"."""


@final
@register_wiring("highway", HighwaySpec)
class Highway(Wiring):
    """A learned gate chooses, for each unit and step, between the output and the input.

    Equations::

        t = σ(W_t x + b_t)
        z = t ∘ y + (1 - t) ∘ x

    Unequal widths: see `HighwaySpec.unequal`; with "project", P x takes the place of the carried x.
    Reference: Srivastava et al., 2015, https://arxiv.org/abs/1505.00387.
    """

    def __init__(self, spec: HighwaySpec, input_size: int, output_size: int) -> None:
        super().__init__(spec, input_size, output_size)
        self.match = Match(spec.unequal, input_size, output_size)
        self.gate = nn.Linear(input_size, output_size)
        nn.init.constant_(self.gate.bias, -spec.carry_bias)

    def forward(self, x: Float[Tensor, "... I"], y: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        t: Tensor = torch.sigmoid(self.gate(x))
        carried: Tensor = self.match(x)
        return t * y + (1 - t) * carried


@final
@dataclass(frozen=True, kw_only=True)
class DenseSpec(WiringSpec):
    """Options of the dense wiring: none."""


@final
@register_wiring("dense", DenseSpec)
class Dense(Wiring):
    """Input and output go on side by side, so that each layer sees everything before it.

    Equations::

        z = [x; y]

    Unequal widths: any, since nothing is added; widths grow with depth.
    Reference: Huang et al., 2017, https://arxiv.org/abs/1608.06993; for bidirectional LSTMs: Ding et al.,
    2018, https://arxiv.org/abs/1802.00889.
    """

    @property
    def output_size(self) -> int:
        return self.input_size + self.layer_size

    def forward(self, x: Float[Tensor, "... I"], y: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        return torch.cat([x, y], dim=-1)
