"""The contract of a switch: what changes how a cell is run, without the cell's knowing."""

import math
from abc import ABC
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeAlias, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells import Cell
from zoo.engines import Product, Recurrence, State
from zoo.registry import PartCard, Registry, Spec, enter_part, spec_of

AnySwitch = TypeVar("AnySwitch", bound="Switch")


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


NoisyStep: TypeAlias = Callable[[Tensor, Tensor, State, Product], tuple[Tensor, State]]
"""A step that is also told the numbers that were drawn for it, (B, K), behind its input products."""


@dataclass(frozen=True, kw_only=True)
class SwitchSpec(Spec, ABC):
    """What every switch lets its user choose."""

    layers: int | Sequence[int] | None = None
    """The layer, or the layers, that it acts on, counted from 0; None is all of them."""

    switch_class: ClassVar[type["Switch"]]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.layers is None:
            return
        listed = [self.layers] if isinstance(self.layers, int) else self.layers
        if isinstance(listed, str) or not isinstance(listed, Sequence) or not all(map(_is_number, listed)):
            raise ValueError(f"layers is {self.layers!r}; expected the numbers of layers, from 0, or null")
        object.__setattr__(self, "layers", listed[0] if len(listed) == 1 else tuple(listed))

    @property
    def holds_masks(self) -> bool:
        """Whether what it draws is to stay the same from step to step."""
        return False

    def output_size(self, size: int) -> int:
        """Width of what it gives for outputs of this width."""
        return size

    def acts_on(self, layer: int) -> bool:
        """Whether it acts on a layer, counted from 0."""
        return self.layers is None or layer in self.named_layers

    @property
    def named_layers(self) -> tuple[int, ...]:
        """The layers that are named."""
        if self.layers is None:
            return ()
        return (self.layers,) if isinstance(self.layers, int) else tuple(self.layers)

    def build(self, recurrence: Recurrence) -> "Switch":
        """The switch, for recurrences of this structure.

        Raises:
            ValueError: it makes no sense for them.
        """
        return self.switch_class(self, recurrence)


class Switch(nn.Module, ABC):
    """Changes one direction of a layer: its inputs, its outputs, or the recurrence between them.

    All that it draws at random is drawn before the sequence is read, and is an input of it: so every engine
    computes with the same numbers, forward and back. In evaluation nothing is drawn.

    Attributes:
        output_size: Width of what `leave` gives.
    """

    key: ClassVar[str]
    card: ClassVar[PartCard]
    spec_class: ClassVar[type[SwitchSpec]]

    in_evaluation: ClassVar[bool] = True
    """Whether it changes what is computed in evaluation, too."""

    def __init__(self, spec: SwitchSpec, recurrence: Recurrence) -> None:
        super().__init__()
        self.spec, self.output_size = spec, recurrence.output_size

    def start(self, cell: Cell) -> tuple[str, ...]:
        """Changes first values of the cell, once it is made.

        Returns:
            The names of the cell's parameters that start otherwise now; a model's `init_range` leaves them.
        """
        return ()

    def enter(self, x: Float[Tensor, "T B I"]) -> Float[Tensor, "T B I"]:
        """What the cell reads in place of its inputs."""
        return x

    def leave(self, y: Float[Tensor, "T B H"]) -> Float[Tensor, "T B O"]:
        """What the layer gives in place of the cell's outputs; 0 must stay 0, for so padding is marked."""
        return y

    def draw(self, x: Float[Tensor, "T B I"]) -> Float[Tensor, "T B K"] | None:
        """The numbers that `around` reads in training, for each step; None where it reads none."""
        return None

    def around(self, recurrence: Recurrence) -> Recurrence:
        """The recurrence that runs in place of this one."""
        return recurrence


SWITCHES: Registry[type[Switch]] = Registry("switch", "zoo.switches")


def register_switch(name: str, spec: type[SwitchSpec]) -> Callable[[type[AnySwitch]], type[AnySwitch]]:
    """Class decorator that enters a switch and its spec into the zoo under `name`.

    Raises:
        ValueError: `name` or `spec` is taken by another switch, or the class has no card.
    """

    def enter(cls: type[AnySwitch]) -> type[AnySwitch]:
        enter_part(SWITCHES, name, cls, spec, base=SwitchSpec, example="zoo.switches.zoneout")
        spec.switch_class = cls
        return cls

    return enter


def switch_spec(value: str | SwitchSpec | Mapping[str, Any]) -> SwitchSpec:
    """The spec that a name, a spec, or a spec's plain form stands for.

    Raises:
        UnknownNameError: no switch has that name.
    """
    return spec_of(SWITCHES, value, SwitchSpec)


def with_noise(recurrence: Recurrence, size: int, step: NoisyStep) -> Recurrence:
    """A recurrence that reads `size` more numbers at each step, as the last columns of its inputs.

    Args:
        recurrence: The one around which it is.
        size: K.
        step: What it does; the input products come without the numbers, which are beside them.
    """

    def project(x: Tensor) -> Tensor:
        return torch.cat([recurrence.project(x[..., :-size]), x[..., -size:]], dim=-1)

    def noisy(pre: Tensor, state: State, product: Product) -> tuple[Tensor, State]:
        return step(pre[..., :-size], pre[..., -size:], state, product)

    input_size = recurrence.input_size + size
    return replace(without_kernels(recurrence), step=noisy, project=project, input_size=input_size)


def without_kernels(recurrence: Recurrence) -> Recurrence:
    """The recurrence without what runs some cells as they are: torch's kernels and matrix memories."""
    return replace(recurrence, torch_equivalent=None, memory=None)


def chosen(like: Tensor, shape: Sequence[int], rate: float) -> Tensor:
    """1 with probability `rate`, to 1 in 65,536, else 0; of the type and device of `like`."""
    # four numbers of each draw take a tenth of the time of `bernoulli_`, which is much at a small width
    count = math.prod(shape)
    bits = torch.empty(-(-count // 4), dtype=torch.int64, device=like.device).random_(-(2**63), None)
    level = min(round(rate * 2**16) - 2**15, 2**15 - 1)
    return (bits.view(torch.int16)[:count].view(*shape) < level).to(like.dtype)


def scaled_mask(like: Tensor, shape: Sequence[int], rate: float) -> Tensor:
    """A mask that is 0 with probability `rate`, else 1 / (1 - rate), of the type and device of `like`."""
    return (1 - chosen(like, shape, rate)).div_(1 - rate)


def zero_product(recurrence: Recurrence) -> Product:
    """A product that has the right shape, and no value."""

    def product(gates: str, operand: Tensor) -> Tensor:
        return operand.new_zeros(2, recurrence.recurrent(gates)[0].shape[0])

    return product


def tried(recurrence: Recurrence, product: Product) -> tuple[Tensor, State]:
    """What a step gives for two rows of zeros: to see how it is made."""
    like = recurrence.like
    state = tuple(like.new_zeros(2, size) for size in recurrence.state_sizes)
    with torch.no_grad():
        pre = recurrence.project(like.new_zeros(2, recurrence.input_size))
        return recurrence.step(pre, state, product)


def products_of(recurrence: Recurrence) -> dict[str, int]:
    """The gates that a step asks products for, and the widths of what these multiply."""
    found, zeros = dict[str, int](), zero_product(recurrence)

    def product(gates: str, operand: Tensor) -> Tensor:
        found[gates] = operand.shape[-1]
        return zeros(gates, operand)

    tried(recurrence, product)
    return found


def recurrent_products(recurrence: Recurrence, name: str) -> list[str]:
    """The gates that a step asks products for, without those of other matrices, such as projections.

    Args:
        recurrence: Whose step.
        name: Of the switch that acts on them.

    Raises:
        ValueError: there are none.
    """
    found = [gates for gates in products_of(recurrence) if set(gates) <= set(recurrence.recurrent_gates)]
    if not found:
        raise ValueError(f"{name} acts on recurrent weights, and this cell has none; expected another cell")
    return found
