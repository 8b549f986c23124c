"""What a recurrence did in one run, for those who look into it."""

from abc import ABC
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from zoo.engines.recurrence import Product, Recurrence, Sequences, State
from zoo.engines.reference import run_reference

Watcher: TypeAlias = Callable[[str, Recurrence, Sequences, Tensor, State], None]
"""Called with the name of a direction, what it ran, its outputs (T, B, O) and its final state."""


class Watchable(nn.Module, ABC):
    """A module that runs recurrences, and tells those who watch.

    Attributes:
        watchers: Whom it tells.
    """

    def __init__(self) -> None:
        super().__init__()
        self.watchers: list[Watcher] = []

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles hold: nobody watches those."""
        return self.__dict__ | {"watchers": []}


@dataclass(frozen=True)
class LayerTrace:
    """One run of a recurrence over a batch, without its graph, in the order in which it was read.

    Attributes:
        recurrence: What ran.
        sequences: What it ran over; `backward` is False, for it is turned already.
        outputs: (T, B, O).
        d_outputs: Gradient of the loss with respect to the outputs; None before a backward pass.
        d_final: Gradient with respect to each tensor of the final state; None where nothing used it.
    """

    recurrence: Recurrence
    sequences: Sequences
    outputs: Float[Tensor, "T B O"]
    d_outputs: Float[Tensor, "T B O"] | None = None
    d_final: tuple[Tensor | None, ...] = ()

    @property
    def steps(self) -> int:
        """T."""
        return len(self.sequences.x)

    @property
    def batch_size(self) -> int:
        """B."""
        return self.sequences.x.shape[1]

    @cached_property
    def lengths(self) -> Int[Tensor, " B"]:
        """Valid steps of each sequence."""
        if self.sequences.lengths is not None:
            return self.sequences.lengths
        return torch.full((self.batch_size,), self.steps, device=self.outputs.device)

    @cached_property
    def projected(self) -> Float[Tensor, "T B G"]:
        """The input products of all steps."""
        with torch.no_grad(), self.unmixed():
            return self.recurrence.project(self.sequences.x)

    @cached_property
    def before(self) -> State:
        """Each tensor of the state before each step, (T, B, width): the step loop runs once more for it."""
        began: list[State] = []

        def step(pre: Tensor, state: State, product: Product) -> tuple[Tensor, State]:
            began.append(state)
            return self.recurrence.step(pre, state, product)

        with torch.no_grad(), self.unmixed():
            run_reference(replace(self.recurrence, step=step), self.sequences)
        if not began:
            return tuple(part.new_zeros(0, *part.shape) for part in self.sequences.state)
        return tuple(torch.stack(parts) for parts in zip(*began, strict=True))

    @cached_property
    def valid(self) -> Bool[Tensor, "T B"]:
        """Whether a step is no padding."""
        return torch.arange(self.steps, device=self.outputs.device)[:, None] < self.lengths

    def unmixed(self) -> torch.autocast:
        """A context in which all is computed in the type of the weights, whatever autocast the user is in."""
        return torch.autocast(self.outputs.device.type, enabled=False)

    def first(self, count: int) -> "LayerTrace":
        """The same run of the first `count` sequences alone."""
        if count >= self.batch_size:
            return self
        sequences = self.sequences
        cut = replace(
            sequences,
            x=sequences.x[:, :count],
            state=tuple(part[:count] for part in sequences.state),
            reset_state=tuple(part[:count] for part in sequences.reset_state),
            lengths=None if sequences.lengths is None else sequences.lengths[:count],
            resets=None if sequences.resets is None else sequences.resets[:, :count],
        )
        return replace(
            self,
            sequences=cut,
            outputs=self.outputs[:, :count],
            d_outputs=None if self.d_outputs is None else self.d_outputs[:, :count],
            d_final=tuple(None if part is None else part[:count] for part in self.d_final),
        )
