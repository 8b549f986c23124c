"""The contract of a wiring: how what comes out of a layer joins what went into it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar, final

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.registry import PartCard, Registry, Spec, enter_part, spec_of

AnyWiring = TypeVar("AnyWiring", bound="Wiring")
AnyCell = TypeVar("AnyCell", bound=Spec)


@dataclass(frozen=True, kw_only=True)
class WiringCard(PartCard):
    """What a wiring's paper says beside its equations; see `PartCard`.

    Attributes:
        identity: Whether what goes in comes out as it is where widths agree, before anything is learned:
            "yes", to the bit; "nearly", as closely as an option says; or "no". A test holds it.
    """

    identity: Literal["yes", "nearly", "no"] = "no"


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where in a stack a layer stands.

    Attributes:
        index: 0 for the layer that reads the inputs.
        depth: How many layers there are.
    """

    index: int = 0
    depth: int = 1

    @property
    def is_last(self) -> bool:
        """Whether what comes out of the wiring comes out of the stack."""
        return self.index == self.depth - 1


class WiringSpec(Spec, ABC):
    """What a wiring lets its user choose."""

    wiring_class: ClassVar[type["Wiring"]]

    mixes: ClassVar[bool] = False
    """Whether a number that it puts out comes of both directions of a layer."""

    passes_states: ClassVar[bool] = False
    """Whether it takes what a layer puts out for its output beside its state."""

    def build(self, input_size: int, output_size: int, position: Position | None = None) -> "Wiring":
        """The wiring around a layer that maps (T, B, input_size) to (T, B, output_size)."""
        return self.wiring_class(self, input_size, output_size, position or Position())

    def cell(self, cell: AnyCell, position: Position) -> AnyCell | Mapping[str, Any]:
        """The cell that a layer has, as a spec or its plain form: the given one, in most wirings."""
        return cell

    def check(
        self, cells: tuple[Spec, ...], wirings: tuple["WiringSpec", ...], directions: tuple[str, ...]
    ) -> None:
        """Refuses a stack whose layers have these cells, wirings and directions; most wirings go with all.

        Raises:
            ValueError: says why.
        """


class Wiring(nn.Module, ABC):
    """Joins the input of a layer with its output. It sees one step of these two tensors at a time.

    Padding may hold anything that is finite: no layer and no pooling sees it.
    """

    key: ClassVar[str]
    card: ClassVar[WiringCard]
    spec_class: ClassVar[type[WiringSpec]]

    def __init__(self, spec: WiringSpec, input_size: int, output_size: int, position: Position) -> None:
        super().__init__()
        self.spec, self.input_size, self.layer_size, self.position = spec, input_size, output_size, position

    def enter(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... I"]:
        """What the layer reads of its input `x`: all of it as it is, in most wirings."""
        return x

    @property
    def output_size(self) -> int:
        """Width of what `forward` returns."""
        return self.layer_size

    @abstractmethod
    def forward(self, x: Float[Tensor, "... I"], y: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        """Joins `x`, which went into the wiring, with the output `y` of the layer."""


WIRINGS: Registry[type[Wiring]] = Registry("wiring", "zoo.wiring")


def register_wiring(name: str, spec: type[WiringSpec]) -> Callable[[type[AnyWiring]], type[AnyWiring]]:
    """Class decorator that enters a wiring and its spec into the zoo under `name`.

    Raises:
        ValueError: `name` or `spec` is taken by another wiring, or the class has no card.
    """

    def enter(cls: type[AnyWiring]) -> type[AnyWiring]:
        enter_part(WIRINGS, name, cls, spec, base=WiringSpec, example="zoo.wiring.highway")
        spec.wiring_class = cls
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
