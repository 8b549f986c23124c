"""What a layout is."""

from abc import ABC, abstractmethod
from typing import Any

from zoo.cells import CellSpec
from zoo.layouts.weights import Weights
from zoo.model import Model
from zoo.registry import Registry
from zoo.stack import Stack


class Layout(ABC):
    """How another library names and orders the weights of what the zoo has, too.

    A layout reads what computes the same function as a stack or a model of the zoo, and nothing else. What
    weights do not say, such as an activation, is the library's default unless `cell` says otherwise.
    """

    @abstractmethod
    def read(self, weights: Weights, cell: CellSpec | None) -> Stack | Model:
        """The stack or model with these weights. Those that it does not take have no place in it.

        Raises:
            ValueError: nothing of the zoo computes what these weights do.
        """

    @abstractmethod
    def write(self, module: Stack | Model) -> dict[str, Any]:
        """The weights of a stack or model, as the library takes them.

        Raises:
            ValueError: the library has nothing that computes what this does.
        """


LAYOUTS: Registry[type[Layout]] = Registry("layout", "zoo.layouts")


def stack_alone(module: Stack | Model) -> Stack:
    """The module, for a layout of layers.

    Raises:
        ValueError: it is a whole model.
    """
    if isinstance(module, Model):
        raise ValueError("the layout is one of recurrent layers and got a Model; expected its `encoder`")
    return module
