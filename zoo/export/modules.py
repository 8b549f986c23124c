"""A model as plain computation on tensors, without checks: what is traced for other runtimes."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import final

import torch
from torch import Tensor, nn

from zoo.engines import Sequences, turn
from zoo.export.step_graph import FrozenSteps, step_graph
from zoo.model import Model
from zoo.pooling import pooled
from zoo.private.torch_names import scan_graph
from zoo.stack.layer import Direction
from zoo.stack.window import Window


class DirectionRun(nn.Module, ABC):
    """Runs one direction of a layer over padded sequences."""

    @abstractmethod
    def forward(self, x: Tensor, window: Window) -> Tensor:
        """Outputs (T, B, H), 0 in the padding, for inputs (T, B, I)."""


@final
class ScannedDirection(DirectionRun):
    """A loop over time whose body is written once.

    Args:
        way: The direction.
    """

    def __init__(self, way: Direction) -> None:
        super().__init__()
        self.steps = FrozenSteps(way)
        # a plain attribute: its graph is the body of the loop, and no module of its own
        self.body = (step_graph(self.steps),)

    def forward(self, x: Tensor, window: Window) -> Tensor:
        (body,), way, mask = self.body, self.steps.way, window.mask
        assert mask is not None  # there are lengths
        read = way.read(x, window.deltas_as_read(way.backward))
        sequences = Sequences(read, (), (), window.lengths, backward=way.backward).turned()
        state = [part.clone() for part in way.initial_state(x.shape[1])]
        named = {**dict(self.steps.named_parameters()), **dict(self.steps.named_buffers())}
        constants = tuple(named[name] for name in body.names)
        pre = way.recurrence().project(sequences.x).contiguous()
        *_, outputs = scan_graph(body.graph, state, [pre, mask], constants)
        return turn(outputs, window.lengths) if way.backward else outputs


MakeRun = Callable[[Direction], DirectionRun]


@final
class SequenceGraph(nn.Module):
    """The model over whole sequences: x, lengths, and deltas where a cell reads them -> scores.

    Args:
        model: In evaluation.
        make: What runs a direction.
    """

    def __init__(self, model: Model, make: MakeRun) -> None:
        super().__init__()
        self.model = model
        self.runs = nn.ModuleList(make(way) for way in model.encoder.ways())

    def forward(self, x: Tensor, lengths: Tensor, deltas: Tensor | None = None) -> Tensor:
        """Scores (B, O), or (B, T, O) without pooling, as the model's `forward` gives them."""
        embedded = x if self.model.embedding is None else self.model.embedding(x)
        h = embedded.transpose(0, 1).contiguous()
        window = _window(h, lengths, deltas)
        mask = window.mask
        assert mask is not None  # there are lengths
        h, runs = torch.where(mask, h, 0), iter(self.runs)
        for layer, wiring in self.model.encoder.levels():
            read = wiring.enter(h)
            outputs = [way.given(next(runs)(read, window)) for way in layer.ways()]
            h = wiring(h, outputs[0] if layer.merge is None else layer.merge(*outputs))
        read_by_head = torch.where(mask, h, 0).transpose(0, 1)
        pooling, stack = self.model.spec.pooling, self.model.encoder
        scores: Tensor = self.model.head(pooled(pooling, read_by_head, lengths, stack, self.model.attention))
        return scores


def _window(h: Tensor, lengths: Tensor, deltas: Tensor | None) -> Window:
    """Lengths and deltas (B, T) beside inputs (T, B, I), unchecked."""
    window = Window(h.shape[0], lengths)
    if deltas is None or window.mask is None:
        return window
    return replace(window, deltas=torch.where(window.mask.squeeze(-1), deltas.T, 1))


@final
class StepGraphModule(nn.Module):
    """The model at one moment of a stream: x, deltas where a cell reads them, the state -> scores, the state.

    Args:
        model: In evaluation, of forward layers, without pooling or with "last".
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model
        self.steps = nn.ModuleList(FrozenSteps(way) for way in model.encoder.ways())

    def forward(self, x: Tensor, *others: Tensor) -> tuple[Tensor, ...]:
        """Scores (B, O), and the new state in the order of the old one."""
        h = x if self.model.embedding is None else self.model.embedding(x)
        given, after = iter(others), list[Tensor]()
        deltas = next(given)[None] if reads_deltas(self.model) else None
        for (layer, wiring), steps in zip(self.model.encoder.levels(), self.steps, strict=True):
            (way,) = layer.ways()
            entry = tuple(next(given) for _ in way.cell.state_sizes)
            read = wiring.enter(h)
            pre = way.recurrence().project(way.read(read[None], deltas)[0])
            y, new = steps(pre, entry)
            h = wiring(h, way.given(y[None])[0])
            after += new
        return self.model.head(h), *(part.clone() for part in after)


def reads_deltas(model: Model) -> bool:
    """Whether the time between steps is an input."""
    return any(cell.reads_deltas for cell in model.encoder.cells())


def state_names(model: Model) -> list[str]:
    """What the tensors of the state are called: `layer_1_h`, `layer_1_c`, `layer_2_h`, ..."""
    return [
        f"layer_{k + 1}_{name}"
        for k, cell in enumerate(model.encoder.cells())
        for name in cell.state_type._fields
    ]
