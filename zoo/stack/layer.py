"""A layer: one cell run in one direction, or two cells run in both."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, TypeAlias, cast, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells import Cell
from zoo.engines import (
    ChosenEngine,
    Recurrence,
    Sequences,
    State,
    Stepper,
    Watchable,
    clip_gradient,
    in_chunks,
    linear_product,
    pick,
    run_all,
)
from zoo.stack.window import Window
from zoo.switches import Switch, SwitchSpec


class BothStates(NamedTuple):
    """The state of a bidirectional layer."""

    forward: State
    backward: State


LayerState: TypeAlias = State | BothStates


@final
class Direction(nn.Module):
    """A cell, the way in which it goes over time, and its initial state, which is zero or learned.

    Args:
        cell: The recurrence.
        backward: Whether it reads each sequence from its last valid step to its first.
        engine: "auto" or the name of an engine.
        learn_initial_state: Whether the initial state is a parameter.
        recurrent_gradient_clip: Limit of the gradient that a step sends to the state before it; 0 is none.
        switches: What changes how the cell is run, from the innermost to the outermost.

    Attributes:
        started: Names of the cell's parameters whose first values are a switch's.
    """

    def __init__(
        self,
        cell: Cell,
        backward: bool,
        engine: str,
        *,
        learn_initial_state: bool = False,
        recurrent_gradient_clip: float = 0.0,
        switches: Sequence[SwitchSpec] = (),
    ) -> None:
        super().__init__()
        self.cell, self.backward = cell, backward
        self.engine, self.recurrent_gradient_clip = engine, recurrent_gradient_clip
        self._choices: dict[tuple[object, ...], ChosenEngine] = {}
        self.switches = nn.ModuleList()
        for spec in switches:
            self.switches.append(self._switch(spec))
        self.started = self._start()
        self.output_size = self.switched()[-1].output_size if switches else cell.output_size
        if not cell.weight_ih.is_meta:  # where there are values to try the step on
            self.choice("cpu")
        widths = cell.state_sizes if learn_initial_state else ()
        self.initial = nn.ParameterList(nn.Parameter(torch.zeros(width)) for width in widths)

    def _switch(self, spec: SwitchSpec) -> Switch:
        """A switch around what there is by now.

        Raises:
            ValueError: it makes no sense for this cell.
        """
        # as in evaluation, so that nothing is drawn and the weights are whole
        self.eval()
        try:
            inner = self.switched()[-1].output_size if self.switches else self.cell.output_size
            return spec.build(replace(self.recurrence(), output_size=inner))
        except ValueError as reason:
            raise ValueError(f"cell {self.cell.key!r}: {reason}") from None
        finally:
            self.train()

    def _start(self) -> list[str]:
        """Lets switches change first values, those first that do nothing else; names of what they changed.

        Raises:
            ValueError: there is nothing to change.
        """
        try:
            ordered = sorted(self.switched(), key=lambda switch: switch.in_evaluation)
            return [name for switch in ordered for name in switch.start(self.cell)]
        except ValueError as reason:
            raise ValueError(f"cell {self.cell.key!r}: {reason}") from None

    def switched(self) -> list[Switch]:
        """The switches, from the innermost to the outermost."""
        return cast("list[Switch]", list(self.switches))

    def initial_state(self, batch_size: int) -> State:
        """The state before the first step, each (B, width)."""
        if len(self.initial):
            return self.typed(part.expand(batch_size, -1) for part in self.initial)
        weight = self.cell.weight_ih
        return self.typed(weight.new_zeros(batch_size, width) for width in self.cell.state_sizes)

    def recurrence(self) -> Recurrence:
        """The cell as an engine sees it, with its switches, and the limit of its recurrent gradient."""
        recurrence = self.cell.recurrence()
        for switch in self.switched():
            recurrence = switch.around(recurrence)
        if not self.recurrent_gradient_clip:
            return recurrence
        return replace(recurrence, gradient_clip=self.recurrent_gradient_clip)

    def prepared(self, x: Tensor, state: State | None, window: Window) -> tuple[Recurrence, Sequences]:
        """What an engine runs: the recurrence, and the sequences."""
        reset_state = self.initial_state(x.shape[1])
        state = reset_state if state is None else state
        sequences = Sequences(
            x=self.read(x, window.deltas_as_read(self.backward)),
            state=state,
            reset_state=reset_state,
            lengths=window.lengths,
            resets=window.resets,
            backward=self.backward,
        )
        return self.recurrence(), sequences

    def read(self, x: Float[Tensor, "T B I"], deltas: Float[Tensor, "T B"] | None) -> Tensor:
        """What the recurrence reads: inputs, deltas where the cell asks for them, and what switches draw."""
        for switch in reversed(self.switched()):
            x = switch.enter(x)
        drawn = [part for switch in self.switched() if (part := switch.draw(x)) is not None]
        x = self.cell.with_deltas(x, deltas)
        return torch.cat([x, *drawn], dim=-1) if drawn else x

    def given(self, y: Float[Tensor, "T B H"]) -> Float[Tensor, "T B O"]:
        """What the layer gives in place of the cell's outputs."""
        for switch in self.switched():
            y = switch.leave(y)
        return y

    def step(self, x: Float[Tensor, "B I"], state: State, deltas: Tensor | None) -> tuple[Tensor, State]:
        """One moment of a stream: output (B, O) and the state after it."""
        before = self.typed(clip_gradient(state, self.recurrent_gradient_clip))
        if not self.switches:  # as most are, and a step is short
            return self.cell(x, before, deltas)  # type: ignore[no-any-return]
        recurrence, read = self.recurrence(), self.read(x[None], None if deltas is None else deltas[None])
        output, after = recurrence.step(
            recurrence.project(read[0]), before, linear_product(recurrence.recurrent)
        )
        return self.given(output[None])[0], self.typed(after)

    def stepper(self, state: State) -> Stepper:
        """What runs it one moment after the other, from a state on, with its weights of this moment."""
        with torch.no_grad():
            return self.choice(self.cell.weight_ih.device.type).run.stepper(self.recurrence(), state)

    def choice(self, device: str) -> ChosenEngine:
        """The engine that runs it on a device of this type."""
        # each switch may be in another mode than the layer, as in Monte Carlo dropout
        modes = tuple(switch.training for switch in self.switches)
        key = (device, modes, *self.cell.reads.values(self.cell))
        if key not in self._choices:
            # to look at a step may draw, and must not change what is drawn
            devices = [self.cell.weight_ih.device] if device == "cuda" else []
            with torch.random.fork_rng(devices):
                self._choices[key] = pick(self.engine, self.recurrence(), device)
        return self._choices[key]

    def typed(self, parts: Iterable[Tensor]) -> State:
        """The cell's own state type around these tensors."""
        state: State = self.cell.state_type(*parts)
        return state


@final
class Merge(nn.Module):
    """Joins the outputs of the two directions, each (..., H).

    "concat": [f; b], width 2H. "sum": f + b. "mean": (f + b) / 2. "gated": s ∘ f + (1 - s) ∘ b with
    s = σ(W [f; b] + c), width H.
    """

    def __init__(self, mode: str, width: int) -> None:
        super().__init__()
        self.mode = mode
        self.output_size = 2 * width if mode == "concat" else width
        self.gate = nn.Linear(2 * width, width) if mode == "gated" else None

    def forward(self, f: Float[Tensor, "... H"], b: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        """The joined output."""
        if self.mode == "concat":
            return torch.cat([f, b], dim=-1)
        if self.gate is not None:
            s = torch.sigmoid(F.linear(torch.cat([f, b], dim=-1), self.gate.weight, self.gate.bias))
            return s * f + (1 - s) * b
        return f + b if self.mode == "sum" else (f + b) / 2


@final
class Layer(Watchable):
    """One level of a stack: "forward", "backward" or "bidirectional", with weights of its own each way.

    Args:
        directions: One direction, or forward and backward.
        merge: How two outputs are joined.
        checkpoint_every: Steps between the states that are kept for the backward pass; 0 keeps everything.
    """

    def __init__(self, directions: Mapping[str, Direction], merge: str, checkpoint_every: int = 0) -> None:
        super().__init__()
        self.checkpoint_every = checkpoint_every
        self.directions = nn.ModuleDict({f"{name}_": part for name, part in directions.items()})
        width = next(iter(directions.values())).output_size
        self.merge = Merge(merge, width) if len(directions) == 2 else None
        self.output_size = self.merge.output_size if self.merge is not None else width

    def ways(self) -> tuple[Direction, ...]:
        """The directions of this layer: one, or forward and backward."""
        return cast("tuple[Direction, ...]", tuple(self.directions.values()))

    def initial_state(self, batch_size: int) -> LayerState:
        """The state before the first step."""
        states = [way.initial_state(batch_size) for way in self.ways()]
        return BothStates(*states) if self.merge is not None else states[0]

    def forward(
        self, x: Float[Tensor, "T B I"], state: LayerState | None, window: Window
    ) -> tuple[Float[Tensor, "T B O"], LayerState]:
        """Outputs and final state, in the form in which the state came in."""
        ways = self.ways()
        states = (state,) if self.merge is None else state or (None, None)
        runs = [
            way.prepared(x, cast("State | None", entry), window)
            for way, entry in zip(ways, states, strict=True)
        ]
        run = partial(run_all, [way.choice(x.device.type) for way in ways])
        results = in_chunks(run, runs, self.checkpoint_every) if self.checkpoint_every else run(runs)
        # tensors of their own, where an engine gives its last output: their gradients are to be told apart
        results = [(output, tuple(part.view_as(part) for part in final)) for output, final in results]
        if self.watchers:
            self._tell(runs, results)
        outputs = [way.given(output) for way, (output, _) in zip(ways, results, strict=True)]
        final = [way.typed(entry) for way, (_, entry) in zip(ways, results, strict=True)]
        if self.merge is None:
            return outputs[0], final[0]
        return self.merge(*outputs), BothStates(*final)

    def _tell(self, runs: list[tuple[Recurrence, Sequences]], results: list[tuple[Tensor, State]]) -> None:
        """Tells those who watch what each direction has done."""
        for name, (recurrence, sequences), result in zip(self.directions, runs, results, strict=True):
            for watcher in self.watchers:
                watcher(name.removesuffix("_"), recurrence, sequences, *result)


def map_state(function: Callable[..., Tensor], *states: tuple[LayerState, ...]) -> tuple[LayerState, ...]:
    """Applies `function` to each tensor of one or more stack states of the same form."""
    return tuple(_map_entry(function, *entries) for entries in zip(*states, strict=True))


def _map_entry(function: Callable[..., Tensor], *entries: Any) -> Any:
    """Maps over nested NamedTuples of tensors."""
    if isinstance(entries[0], Tensor):
        return function(*entries)
    return type(entries[0])(*(_map_entry(function, *parts) for parts in zip(*entries, strict=True)))
