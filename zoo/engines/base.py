"""What an engine is, what it prepares, and when only the reference loop will do."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, final

import torch
from torch import Tensor

from zoo.engines.recurrence import Recurrence, Refusal, Sequences, State, linear_product, turn
from zoo.private.torch_names import is_in_forward_mode, is_traced, is_transformed


class PreparedRun(ABC):
    """Runs the recurrences of one structure, whatever their parameters are."""

    @abstractmethod
    def __call__(self, recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
        """Runs one of them; see `zoo.engines.recurrence.RunFunction`."""

    def stepper(self, recurrence: Recurrence, state: State) -> "Stepper":
        """What runs it one moment after the other, without gradients, from a state on."""
        return LoopStepper(recurrence, state)

    def together(self, runs: Sequence[tuple[Recurrence, Sequences]]) -> list[tuple[Tensor, State]]:
        """Runs several that know nothing of one another, such as the two directions of a layer."""
        return [self(*run) for run in runs]


class Stepper(ABC):
    """Runs a recurrence one moment after the other, where gradients are off.

    It may keep the weights in a form of its own: after these have changed, another is needed.

    Attributes:
        state: After the last moment.
    """

    @property
    @abstractmethod
    def state(self) -> State:
        """A copy of the state after the last moment, each (B, width)."""

    @abstractmethod
    def __call__(self, x: Tensor) -> Tensor:
        """The output (B, O) for the inputs (B, I) of the next moment, in memory that is used again later."""


@final
class LoopStepper(Stepper):
    """The step itself."""

    def __init__(self, recurrence: Recurrence, state: State) -> None:
        self._recurrence, self._state = recurrence, state
        self._product = linear_product(recurrence.recurrent)

    @property
    def state(self) -> State:
        return self._state

    def __call__(self, x: Tensor) -> Tensor:
        pre = self._recurrence.project(x)
        output, self._state = self._recurrence.step(pre, self._state, self._product)
        return output


class ForwardRun(PreparedRun):
    """Turns sequences that are read backwards around, for what only runs forward in time."""

    def __call__(self, recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
        outputs, final = self.forward(recurrence, sequences.turned())
        return turn(outputs, sequences.lengths) if sequences.backward else outputs, final

    @abstractmethod
    def forward(self, recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
        """Runs sequences that are not backward."""


class Engine(ABC):
    """A way to run recurrences.

    Attributes:
        reason: Why `auto` prefers it, where it can run.
    """

    reason: ClassVar[str]

    @abstractmethod
    def prepare(self, recurrence: Recurrence, device: str = "cpu") -> PreparedRun:
        """What runs recurrences of this structure on a device of this type.

        Raises:
            Refusal: it cannot.
        """

    def refusal(self, recurrence: Recurrence, device: str = "cpu") -> str | None:
        """Why it cannot run this on a device of this type, or None where it can."""
        try:
            # asked by doing, so that what it says cannot differ from what it does
            self.prepare(recurrence, device)
        except Refusal as reason:
            return str(reason)
        return None


@dataclass(frozen=True)
class ChosenEngine:
    """An engine that was chosen.

    Attributes:
        name: Its name.
        reason: Why it was, in words.
        run: Runs the recurrence it was chosen for.
    """

    name: str
    reason: str
    run: PreparedRun


def is_special(x: Tensor) -> bool:
    """Whether only the reference loop will do.

    So it is under `torch.func`, forward-mode differentiation, tracing and compilation by torch, for tensors
    that are not plain, and where there is nothing to run.
    """
    # engines read and write bare memory: tracers and transforms would not see what they do
    return (
        x.numel() == 0
        or type(x) not in (Tensor, torch.nn.Parameter)
        or x.device.type == "meta"
        or torch.compiler.is_compiling()
        or is_traced()
        or is_transformed()
        or is_in_forward_mode()
    )


@cache
def warn_once(message: str) -> None:
    """Warns, once for each message."""
    warnings.warn(message, stacklevel=2)
