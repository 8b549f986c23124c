"""What every model has that a task trains."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from torch import nn

from zoo.pretrained import Pretrained
from zoo.stack import Stack


class SequenceModel(Pretrained, ABC):
    """A stack that reads the input, and what else it takes to answer; works without Lightning."""

    embedding: nn.Embedding | None
    encoder: Stack

    def cards(self) -> dict[str, Any]:
        return super().cards() | self.encoder.cards()

    @property
    @abstractmethod
    def stacks(self) -> list[Stack]:
        """The recurrent stacks in it, the encoder first."""


def draw_uniformly(module: nn.Module, limit: float, stacks: Iterable[Stack]) -> None:
    """Draws parameters from -limit to limit, but for learned initial states and what has a start of its own.

    Args:
        module: What they belong to.
        limit: The largest value.
        stacks: Those in it, whose cells and wirings may keep some of their parameters as they are.
    """
    kept = {id(parameter) for stack in stacks for parameter in stack.with_own_start()}
    for name, parameter in module.named_parameters():
        if ".initial." not in name and id(parameter) not in kept:
            nn.init.uniform_(parameter, -limit, limit)
