"""What a stack is made of, in plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, cast, final, get_args

from zoo.cells import CellSpec, cell_spec
from zoo.engines import DEPRECATED, ENGINES, engine_name
from zoo.registry import Spec, check_choice, check_fraction, check_positive
from zoo.switches import SwitchSpec, switch_spec
from zoo.wiring import Position, WiringSpec, wiring_spec

if TYPE_CHECKING:  # the stack imports this module
    from zoo.stack.stack import Stack

    EngineName: TypeAlias = str
else:  # as a type of fixed choices, so that the CLI lists them and finds the nearest
    EngineName = Literal[("auto", *ENGINES, *DEPRECATED)]

DirectionName = Literal["forward", "backward", "bidirectional", "alternating"]
MergeName = Literal["concat", "sum", "mean", "gated"]
DIRECTIONS = get_args(DirectionName)
MERGES = get_args(MergeName)
Item = TypeVar("Item")
DEEPEST = 1_000
"""Layers of a stack, each a module of its own; so many take seconds to build, and more are a slip."""


@final
@dataclass(frozen=True, kw_only=True)
class StackSpec(Spec):
    """Depth, direction, wiring and switches over a cell.

    `cell`, `hidden_size`, `direction` and `wiring` are one value for all layers, or one per layer.
    """

    cell: CellSpec | str | Sequence[CellSpec | str] = "lstm"
    """The recurrence: a name, or a spec with its options."""

    hidden_size: int | Sequence[int] = 128
    """Width of the state, in each direction."""

    params: int | None = None
    """Parameters that the stack is to have: the width that comes nearest is taken for all layers."""

    num_layers: int = 1
    """Depth."""

    direction: DirectionName | Sequence[DirectionName] = "forward"
    """How each layer reads the sequence; "alternating" is forward, backward, forward, ..."""

    merge: MergeName = "concat"
    """How a bidirectional layer joins its two outputs."""

    wiring: WiringSpec | str | Sequence[WiringSpec | str] = "plain"
    """How a layer's output joins its input."""

    switches: SwitchSpec | str | Sequence[SwitchSpec | str] = ()
    """What changes how cells are run, one around the other: "zoneout", "weight_drop" and the like."""

    dropout: float = 0.0
    """Share of each layer's inputs set to zero in training, from the second layer on."""

    learn_initial_state: bool = False
    """Whether the state before the first step is a parameter, not zero."""

    engine: EngineName = "auto"
    """What runs the recurrence over time; "auto" takes the fastest one that can."""

    checkpoint_every: int = 0
    """Steps between the states that training keeps: the steps between them are computed again for their
    gradients, which takes a third longer and a fraction of the memory. 0 keeps everything."""

    recurrent_gradient_clip: float = 0.0
    """Limit of each entry of the gradient that a step sends back to the state before it; 0 clips nothing."""

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "engine", engine_name(self.engine))
        check_positive("num_layers", self.num_layers)
        if self.num_layers > DEEPEST:
            raise ValueError(
                f"num_layers is {self.num_layers}; expected at most {DEEPEST}, for each takes time to build"
            )
        self._settle("cell", _each(self.cell, (str, CellSpec), cell_spec))
        self._settle("wiring", _each(self.wiring, (str, WiringSpec), wiring_spec))
        self._settle_switches()
        self._settle("hidden_size", _each(self.hidden_size, (int,), lambda width: width))
        self._settle("direction", _each(self.direction, (str,), lambda name: name))
        self._check_width()
        for name in _per_layer(self.direction, self.num_layers):
            check_choice("direction", name, DIRECTIONS)
        for k, wiring in enumerate(self.wirings):
            wiring.check(_per_layer(self.cell, self.num_layers), self.wirings, self.directions)
            self._check_projection(k, wiring)
        if self.merge != "concat" and "bidirectional" not in self.directions:
            raise ValueError(
                f"merge is {self.merge!r} with direction {self.direction!r}, and merge joins the two outputs "
                f"of a bidirectional layer; expected direction 'bidirectional'"
            )
        if not isinstance(self.checkpoint_every, int) or self.checkpoint_every < 0:
            raise ValueError(
                f"checkpoint_every is {self.checkpoint_every!r}; expected a number of steps, or 0"
            )
        if self.recurrent_gradient_clip < 0:
            raise ValueError(
                f"recurrent_gradient_clip is {self.recurrent_gradient_clip}; expected a positive limit, or 0 "
                f"to clip nothing"
            )
        check_fraction("dropout", self.dropout)
        if self.dropout and self.num_layers == 1:
            raise ValueError(
                f"dropout is {self.dropout} with num_layers 1, and dropout acts between layers; expected "
                f"dropout 0, more layers, or the model's input_dropout or output_dropout"
            )

    def _check_projection(self, layer: int, wiring: WiringSpec) -> None:
        """Refuses to bring an output to another width where a state stands beside it."""
        size = self.hidden_sizes[layer]
        changing = [switch.key for switch in self.switches_of(layer) if switch.output_size(size) != size]
        if wiring.passes_states and changing:
            raise ValueError(
                f"wiring {wiring.key!r} passes the state on beside the output, and {changing[0]} mixes them; "
                f"expected another wiring, or none of that switch"
            )

    def _check_width(self) -> None:
        """Refuses widths that are none, and two ways of saying one."""
        for width in self.hidden_sizes:
            check_positive("hidden_size", width)
        if self.params is not None:
            check_positive("params", self.params)
            if self.hidden_size != type(self).hidden_size:
                raise ValueError(
                    f"params is {self.params} with hidden_size {self.hidden_size}, and each decides the "
                    f"width; expected one of them"
                )

    def _settle_switches(self) -> None:
        """Stores the switches as a tuple of specs, each of which names layers that there are."""
        settled = _each(self.switches, (str, SwitchSpec), switch_spec)
        switches = settled if isinstance(settled, tuple) else (settled,)
        for switch in switches:
            for layer in switch.named_layers:
                if not 0 <= layer < self.num_layers:
                    raise ValueError(
                        f"{switch.key} names layer {layer}; expected numbers from 0 to {self.num_layers - 1}"
                    )
        object.__setattr__(self, "switches", switches)

    def _settle(self, field: str, value: Any) -> None:
        """Stores the checked form of a field: one value or a tuple with one per layer."""
        if isinstance(value, tuple) and len(value) != self.num_layers:
            raise ValueError(
                f"{field} lists {len(value)} values for num_layers {self.num_layers}; expected one value for "
                f"all layers, or one for each"
            )
        alike = isinstance(value, tuple) and len(set(value)) == 1
        object.__setattr__(self, field, value[0] if alike else value)

    @property
    def cells(self) -> tuple[CellSpec, ...]:
        """The cell of each layer, which its wiring may have put in place of `cell`."""
        given = zip(_per_layer(self.cell, self.num_layers), self.wirings, strict=True)
        return tuple(
            cell_spec(wiring.cell(cell, Position(index=k, depth=self.num_layers)))
            for k, (cell, wiring) in enumerate(given)
        )

    @property
    def wirings(self) -> tuple[WiringSpec, ...]:
        """The wiring of each layer."""
        return _per_layer(self.wiring, self.num_layers)

    @property
    def hidden_sizes(self) -> tuple[int, ...]:
        """The width of each layer."""
        return _per_layer(self.hidden_size, self.num_layers)

    @property
    def directions(self) -> tuple[str, ...]:
        """The direction of each layer, with "alternating" resolved."""
        named: tuple[str, ...] = _per_layer(self.direction, self.num_layers)
        turns = ("forward", "backward")
        return tuple(turns[k % 2] if name == "alternating" else name for k, name in enumerate(named))

    def switches_of(self, layer: int) -> tuple[SwitchSpec, ...]:
        """The switches that act on a layer, counted from 0."""
        switches = cast("tuple[SwitchSpec, ...]", self.switches)
        return tuple(switch for switch in switches if switch.acts_on(layer))

    @classmethod
    def of(cls, value: "StackSpec | Mapping[str, Any]") -> "StackSpec":
        """A spec as it is, or the one whose plain form this is."""
        if isinstance(value, StackSpec):
            return value
        parts: dict[str, Any] = {"cell": cell_spec, "wiring": wiring_spec, "switches": switch_spec}
        settled = {key: _each(value[key], (str, Mapping), parts[key]) for key in parts if key in value}
        return cls.from_plain({**value, **settled})

    def sized(self, input_size: int) -> "StackSpec":
        """This spec with the width that gives it `params` parameters, or as it is without these."""
        if self.params is None:
            return self
        from zoo.stack.budget import width_for  # it builds stacks, which import this module

        return replace(self, params=None, hidden_size=width_for(self, input_size, self.params))

    def build(self, input_size: int) -> "Stack":
        """The stack, for inputs (B, T, input_size)."""
        from zoo.stack.stack import Stack  # the stack imports this module

        return Stack(self, input_size)


def _each(value: Any, single: tuple[type, ...], settle: Any) -> Any:
    """`settle(value)`, or the tuple of `settle(item)` where the value is a list of items."""
    if isinstance(value, (*single, str)) or not isinstance(value, Sequence):
        return settle(value)
    return tuple(settle(item) for item in value)


def _per_layer(value: Any, num_layers: int) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,) * num_layers
