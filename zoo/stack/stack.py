"""Depth x direction x wiring over a cell."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, cast, final

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from zoo.cells import Cell
from zoo.engines import State
from zoo.pretrained import Pretrained
from zoo.registry import check_positive
from zoo.stack.entry import check_entry
from zoo.stack.layer import Direction, Layer, LayerState
from zoo.stack.memory import check_stack
from zoo.stack.spec import StackSpec
from zoo.stack.stream import Stream
from zoo.stack.window import Window
from zoo.switches import Switch
from zoo.wiring import Position, Wiring

StackState: TypeAlias = tuple[LayerState, ...]


@final
class Stack(Pretrained):
    """A recurrent encoder: layers of cells, each wired to what went into it.

    Args:
        spec: What it is made of.
        input_size: I, the width of the inputs.

    Attributes:
        output_size: O, the width of the outputs.
    """

    kept_as = "stack"

    def __init__(self, spec: StackSpec, input_size: int) -> None:
        super().__init__()
        check_positive("input_size", input_size)
        spec = spec.sized(input_size)
        check_stack(spec, input_size)
        self.spec, self.input_size = spec, input_size
        self.layers, self.wirings = nn.ModuleList(), nn.ModuleList()
        width = input_size
        for k in range(spec.num_layers):
            layer = _layer(spec, k, width)
            wiring = spec.wirings[k].build(width, layer.output_size, Position(index=k, depth=spec.num_layers))
            self.layers.append(layer)
            self.wirings.append(wiring)
            width = wiring.output_size
        self.output_size = width
        self.dropout = nn.Dropout(spec.dropout)

    def forward(
        self,
        x: Float[Tensor, "B T I"] | PackedSequence,
        state: StackState | None = None,
        lengths: Int[Tensor, " B"] | None = None,
        resets: Bool[Tensor, "B T"] | None = None,
        deltas: Float[Tensor, "B T"] | None = None,
    ) -> tuple[Float[Tensor, "B T O"] | PackedSequence, StackState]:
        """Runs the stack over a batch of sequences.

        Args:
            x: Inputs, padded to T, or packed. What the padding holds makes no difference.
            state: The state before the first step, as `initial_state` or an earlier call returned it.
            lengths: Valid steps of each sequence, 0 to T; None where all are valid.
            resets: True where the state starts anew before a step.
            deltas: Time between each step and the one before it, for cells that read it; None is 1.

        Returns:
            Outputs of the same kind as x, 0 in the padding; and for each layer the state of each
            sequence after its own last valid step.

        Raises:
            ValueError: x, state, lengths, resets or deltas do not fit the stack or one another.
        """
        if isinstance(x, PackedSequence):
            return self._forward_packed(x, state, lengths, resets, deltas)
        self._check(x, 3, "(B, T, {})")
        self._check_deltas(deltas)
        window = Window.of(x, lengths, resets, deltas)
        h = x.transpose(0, 1).contiguous()  # once, and not in each product of the first layer
        if window.mask is not None:
            h = torch.where(window.mask, h, 0)
        states = []
        for k, (layer, wiring) in enumerate(self.levels()):
            read = wiring.enter(h)
            y, after = layer(self.dropout(read) if k else read, self._entry(state, k, x.shape[0]), window)
            h = wiring(h, y)
            states.append(after)
        if window.mask is not None:
            h = torch.where(window.mask, h, 0)
        return h.transpose(0, 1), tuple(states)

    def step(
        self, x: Float[Tensor, "B I"], state: StackState, deltas: Float[Tensor, " B"] | None = None
    ) -> tuple[Float[Tensor, "B O"], StackState]:
        """One moment of a stream: what `forward` gives at this step, without seeing the next.

        Args:
            x: Inputs of this step.
            state: As `initial_state` or the last step returned it.
            deltas: Time since the step before, for cells that read it; None is 1.

        Returns:
            Outputs of this step and the state after it.

        Raises:
            ValueError: a layer reads backwards, or x does not fit.
        """
        self.check_moment(x, deltas)
        self._check_causal()
        levels, dropped = self.levels(), self.training and self.dropout.p > 0
        ways = [layer.ways() for layer, _ in levels]
        h, states = x, []
        for k, ((_, wiring), (way,)) in enumerate(zip(levels, ways, strict=True)):
            entry = cast("State", self._entry(state or (), k, len(x)))
            read = wiring.enter(h)
            y, after = way.step(self.dropout(read) if k and dropped else read, entry, deltas)
            h = wiring(h, y)
            states.append(after)
        return h, tuple(states)

    def stream(self, batch_size: int = 1, state: StackState | None = None) -> Stream:
        """What reads moments one after the other, as `step` does, but faster and without gradients.

        `read = stack.eval().stream(4)` and then `read(x)` for x (4, I), moment after moment, gives outputs
        (4, O); `read.state` is the state after the last one. The weights are those of the moment in which it
        is made.

        Args:
            batch_size: B, how many streams are read side by side.
            state: As `initial_state`, `forward` or `step` returned it; by default the first one.

        Raises:
            ValueError: a layer reads backwards, the stack is in training, or the state does not fit.
        """
        self._check_causal()
        if self.training:
            raise ValueError("a stack in training cannot stream; call eval() first")
        entries = [self._entry(state, k, batch_size) for k in range(len(self.layers))]
        start = self.initial_state(batch_size)
        return Stream(self, start if state is None else cast("StackState", tuple(entries)))

    def check_moment(self, x: Tensor, deltas: Tensor | None) -> None:
        """Raises ValueError where the inputs (B, I) of a moment do not fit."""
        self._check(x, 2, "(B, {})")
        self._check_deltas(deltas)

    def made_of(self) -> dict[str, Any]:
        return {"spec": self.spec.plain(), "input_size": self.input_size}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Stack":
        return cls(StackSpec.of(plain["spec"]), plain["input_size"])

    def initial_state(self, batch_size: int) -> StackState:
        """The state before the first step, one entry per layer."""
        return tuple(layer.initial_state(batch_size) for layer, _ in self.levels())

    @property
    def is_causal(self) -> bool:
        """Whether every layer reads forward only, so that no output depends on later inputs."""
        return all(direction == "forward" for direction in self.spec.directions)

    def cells(self) -> list[Cell]:
        """All cells, from the first layer to the last."""
        return [way.cell for way in self.ways()]

    def ways(self) -> list[Direction]:
        """The directions of all layers, from the first to the last."""
        return [way for layer, _ in self.levels() for way in layer.ways()]

    def clip_for(self, processes: int) -> None:
        """Raises the limit of the recurrent gradient for one of several processes that share a batch.

        There a gradient is so many times what it is in one process alone: the average is taken later.
        """
        for way in self.ways():
            way.recurrent_gradient_clip = self.spec.recurrent_gradient_clip * processes

    def spared(self) -> list[nn.Parameter]:
        """The parameters that weight decay must leave alone, as the cards of parts say."""
        return self._on_cards("no_decay")

    def with_own_start(self) -> list[nn.Parameter]:
        """The parameters whose first values belong to what they are, as the cards and switches say."""
        changed = [way.cell.get_parameter(name) for way in self.ways() for name in way.started]
        return self._on_cards("own_start") + changed

    def _on_cards(self, field: Literal["no_decay", "own_start"]) -> list[nn.Parameter]:
        parts = [
            part for part in self.modules() if isinstance(part, Cell | Wiring | Switch)
        ]  # also inner cells
        return [
            parameter
            for part in parts
            for name, parameter in part.named_parameters()
            if name in {"no_decay": part.card.no_decay, "own_start": part.card.own_start}[field]
        ]

    def extra_repr(self) -> str:
        return f"{self.input_size} -> {self.output_size}"

    def levels(self) -> list[tuple[Layer, Wiring]]:
        """Each layer and the wiring around it, from the first to the last."""
        return cast("list[tuple[Layer, Wiring]]", list(zip(self.layers, self.wirings, strict=True)))

    def _forward_packed(
        self,
        x: PackedSequence,
        state: StackState | None,
        lengths: Tensor | None,
        resets: Tensor | None,
        deltas: Tensor | None,
    ) -> tuple[PackedSequence, StackState]:
        if lengths is not None:
            raise ValueError(
                "lengths was given beside a PackedSequence, which has its own; expected one of them"
            )
        padded, own_lengths = pad_packed_sequence(x, batch_first=True)
        outputs, states = self.forward(padded, state, own_lengths, resets, deltas)
        assert isinstance(outputs, Tensor)
        order = x.sorted_indices if x.sorted_indices is not None else torch.arange(len(own_lengths))
        packed = pack_padded_sequence(outputs[order], own_lengths[order.cpu()], batch_first=True)
        return PackedSequence(packed.data, x.batch_sizes, x.sorted_indices, x.unsorted_indices), states

    def _check_causal(self) -> None:
        if not self.is_causal:
            raise ValueError(
                f"a stack with direction {self.spec.direction!r} cannot stream; expected 'forward'"
            )

    def _check_deltas(self, deltas: Tensor | None) -> None:
        if deltas is not None and not any(cell.reads_deltas for cell in self.cells()):
            raise ValueError(
                f"deltas were given, and no cell here reads them; got {self.spec.cell}, expected a cell in "
                f"continuous time, or no deltas"
            )

    def _check(self, x: Tensor, rank: int, shape: str) -> None:
        if x.dim() != rank or x.shape[-1] != self.input_size:
            raise ValueError(
                f"the stack was built for inputs of width {self.input_size}, got shape {tuple(x.shape)}; "
                f"expected {shape.format(self.input_size)}"
            )
        if x.dtype != self._dtype and not torch.is_autocast_enabled(x.device.type):
            raise ValueError(
                f"the stack got inputs of type {x.dtype}; expected the floating-point type of its weights, "
                f"{self._dtype}"
            )

    @property
    def _dtype(self) -> torch.dtype:
        return self.cells()[0].weight_ih.dtype

    def _entry(self, state: StackState | None, k: int, batch_size: int) -> LayerState | None:
        """The state of layer k, checked against what the layer itself would start from."""
        if state is None:
            return None
        if len(state) != len(self.layers):
            raise ValueError(f"state has {len(state)} entries; expected {len(self.layers)}, one per layer")
        layer = cast("Layer", self.layers[k])
        entries, ways = [state[k]] if layer.merge is None else state[k], layer.ways()
        if not isinstance(entries, list | tuple) or len(entries) != len(ways):
            raise ValueError(
                f"state of layer {k} is {type(entries).__name__}; expected one of each direction"
            )
        for entry, way in zip(entries, ways, strict=True):
            check_entry(entry, way, k, batch_size)
        return state[k]


def _layer(spec: StackSpec, k: int, input_size: int) -> Layer:
    """Layer k for inputs of this width."""
    names = {"bidirectional": ("forward", "backward")}.get(spec.directions[k], (spec.directions[k],))
    return Layer(
        {
            name: Direction(
                spec.cells[k].build(input_size, spec.hidden_sizes[k]),
                name == "backward",
                spec.engine,
                learn_initial_state=spec.learn_initial_state,
                recurrent_gradient_clip=spec.recurrent_gradient_clip,
                switches=spec.switches_of(k),
            )
            for name in names
        },
        spec.merge,
        spec.checkpoint_every,
    )
