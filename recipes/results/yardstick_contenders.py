"""The contenders of `yardsticks.py`, each as wide as a number of parameters allows."""

from bisect import bisect_left
from collections.abc import Callable

import torch
from torch import Tensor, nn
from yardstick_networks import TCN, Network, Sizes, State, Transformer

from zoo.cells.mingru import MinGRUSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec


class Recurrent(Network):
    """A stack of the zoo between embedding and head; its state has one size, however much it has read."""

    def __init__(self, sizes: Sizes, stack: StackSpec) -> None:
        super().__init__()
        read = {"vocab_size" if sizes.tokens else "input_size": sizes.inputs}
        self.model = ModelSpec(encoder=stack, output_size=sizes.outputs, **read).build()

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.model(x)[0]
        return scores

    def initial_state(self, batch_size: int) -> State:
        return self.model.initial_state(batch_size)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        return self.model.step(x, state)


Build = Callable[[Sizes, int], Network]
"""Makes a network of a width."""


def plain(cell: str) -> Build:
    """Two layers of a cell."""
    return lambda sizes, width: Recurrent(sizes, StackSpec(cell=cell, hidden_size=width, num_layers=2))


def mingru(sizes: Sizes, width: int) -> Recurrent:
    """Four residual layers that start to remember over up to as many steps as there are."""
    cell = MinGRUSpec(chrono=sizes.steps)
    return Recurrent(sizes, StackSpec(cell=cell, hidden_size=width, num_layers=4, wiring="residual"))


CONTENDERS: dict[str, Build] = {
    "elman": plain("elman"),
    "lstm": plain("lstm"),
    "gru": plain("gru"),
    "mingru": mingru,
    "transformer": Transformer,
    "tcn": TCN,
}
WIDTHS = range(1, 1025)


def parameters(network: nn.Module) -> int:
    """How many numbers are learned."""
    return sum(parameter.numel() for parameter in network.parameters())


def width_for(build: Build, sizes: Sizes, budget: int) -> int:
    """The width at which a network has nearest to so many parameters, embedding and head among them."""

    def count(width: int) -> int:
        with torch.device("meta"):
            return parameters(build(sizes, width))

    above = bisect_left(WIDTHS, budget, lo=1, key=count)
    return min(WIDTHS[above - 1 : above + 1], key=lambda width: abs(count(width) - budget))


def built(contender: str, sizes: Sizes, budget: int) -> Network:
    """A contender with so many parameters, as near as its width comes to it."""
    build = CONTENDERS[contender]
    return build(sizes, width_for(build, sizes, budget))
