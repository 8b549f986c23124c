"""Named jobs of training, and the work in them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from zoo.bench.floor import products_of
from zoo.bench.setting import Shape
from zoo.names import parse_stack
from zoo.stack import StackSpec

PASSES = 3
"""Products of a training step for each of a forward run: itself, its operand's gradient, its weight's."""
BYTES = 4
"""Of a number in float32."""


@final
@dataclass(frozen=True, kw_only=True)
class Job:
    """A training run of a language model.

    Attributes:
        name: What it is.
        source: Where its sizes come from.
        cell: The cell.
        layers: L.
        width: H, also of the embedding.
        steps: T.
        batch_size: B.
        symbols: V, over which the head's softmax goes.
        tokens: Length of the training text.
        epochs: How often it is read.
    """

    name: str
    source: str
    cell: str
    layers: int
    width: int
    steps: int
    batch_size: int
    symbols: int
    tokens: int
    epochs: int

    @property
    def spec(self) -> StackSpec:
        """The stack."""
        return parse_stack(f"{self.cell}-{self.layers}x{self.width}")

    @property
    def shape(self) -> Shape:
        """Of a batch."""
        return Shape(self.steps, self.batch_size, self.width, self.width)

    @property
    def updates(self) -> int:
        """Training steps."""
        return self.tokens * self.epochs // (self.steps * self.batch_size)

    @property
    def head(self) -> int:
        """Multiply-adds of the head for one token, forward."""
        return self.symbols * self.width


JOBS: Sequence[Job] = (
    Job(
        name="Zaremba's large LSTM on PTB",
        source="Zaremba et al., 2014, https://arxiv.org/abs/1409.2329",
        cell="lstm",
        layers=2,
        width=1500,
        steps=35,
        batch_size=20,
        symbols=10_000,
        tokens=929_589,
        epochs=55,
    ),
    Job(
        name="minGRU, 12 x 1024, text8 once",
        source="sizes chosen here; http://mattmahoney.net/dc/textdata, 90 of 100 MB for training",
        cell="mingru",
        layers=12,
        width=1024,
        steps=1024,
        batch_size=64,
        symbols=27,
        tokens=90_000_000,
        epochs=1,
    ),
)


@final
@dataclass(frozen=True, kw_only=True)
class Demand:
    """What one training step of a stack asks of a machine.

    Attributes:
        multiply_adds: Of all products, forward and backward.
        read: Bytes of recurrent weights, read once for each sequential step, forward and backward.
        sequential: Steps that wait for one another.
    """

    multiply_adds: float
    read: float
    sequential: float


def demand(spec: StackSpec, shape: Shape, head: int = 0) -> Demand:
    """What a training step of a stack takes; cells that are linear in their state go by a parallel scan."""
    work, read, sequential = head, 0, 0
    for cell in spec.build(shape.input_size).cells():
        products = [(rows * columns, stepwise) for rows, columns, stepwise in products_of(cell)]
        work += sum(size for size, _ in products)
        recurrent = sum(size for size, stepwise in products if stepwise)
        read += 2 * shape.steps * recurrent * BYTES
        # up and down the tree of a scan
        sequential += 2 * (shape.steps if recurrent else 2 * math.ceil(math.log2(shape.steps)))
    return Demand(multiply_adds=PASSES * shape.tokens * work, read=read, sequential=sequential)
