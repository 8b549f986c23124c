"""What an engine is, and when the fast ones have to leave a run to the reference loop."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.autograd import forward_ad

from zoo.engines import reference
from zoo.engines.recurrence import Recurrence, Refusal, RunFunction, Sequences, State, turn


class Engine(ABC):
    """A way to run recurrences.

    Attributes:
        reason: Why `auto` prefers it, where it can run.
    """

    reason: ClassVar[str]

    @abstractmethod
    def prepare(self, recurrence: Recurrence, device: str = "cpu") -> RunFunction:
        """What runs recurrences of this structure, whatever their parameters are, on a device of this type.

        Raises:
            Refusal: it cannot.
        """

    def refusal(self, recurrence: Recurrence, device: str = "cpu") -> str | None:
        """Why it cannot run this on a device of this type, or None where it can."""
        try:
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
    run: RunFunction


def is_special(x: Tensor) -> bool:
    """Whether only the reference loop will do.

    So it is under `torch.func`, forward-mode differentiation, tracing and compilation by torch, for tensors
    that are not plain, and where there is nothing to run.
    """
    return (
        x.numel() == 0
        or type(x) not in (Tensor, torch.nn.Parameter)
        or x.device.type == "meta"
        or torch.compiler.is_compiling()
        or torch._C._is_tracing()
        or torch._C._are_functorch_transforms_active()
        or forward_ad._current_level >= 0
    )


class ForwardOnly:
    """Turns sequences that are read backwards around, for an engine that only runs forward in time."""

    def __init__(self, run: RunFunction) -> None:
        self.run = run

    def __call__(self, recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
        outputs, final = self.run(recurrence, sequences.turned())
        return turn(outputs, sequences.lengths) if sequences.backward else outputs, final


class OrReference:
    """Leaves what an engine cannot run to the reference loop; all of it runs forward in time."""

    def __init__(self, run: RunFunction) -> None:
        self.run = run

    def __call__(self, recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
        assert not sequences.backward
        run = reference.run if is_special(sequences.x) else self.run
        return run(recurrence, sequences)


class Reference(Engine):
    """The step loop."""

    reason = "the step loop runs every cell"

    def prepare(self, recurrence: Recurrence, device: str = "cpu") -> RunFunction:
        return reference.run
