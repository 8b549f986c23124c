"""What a run of a program reads and fills, forward and backward."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from zoo.engines.program.ir import Program
from zoo.engines.recurrence import Recurrence, Sequences


@dataclass(frozen=True)
class Source:
    """What a kernel takes the input products of: they are W x + b, and each is taken just before it is read.

    Attributes:
        x: Inputs (T, B, I), contiguous.
        weight: W (G, I), contiguous.
        bias: b (G), or None for 0.
    """

    x: Tensor
    weight: Tensor
    bias: Tensor | None


@dataclass(frozen=True)
class Projected:
    """The input products (T, B, G) of a run, or room for them and what the kernel takes them of."""

    pre: Tensor
    source: Source | None = None


@dataclass(frozen=True, kw_only=True)
class Buffers:
    """The tensors of one run, all contiguous, time major.

    Attributes:
        pre: Input products (T, B, G); the products that are folded are added into it.
        source: What the kernel takes the input products of; None where they are in `pre` already.
        keeps: Whether every step is kept, for gradients. Otherwise states have room for two, in turns,
            products and operands for one, and `pre` for some where the kernel fills it.
        states: Each tensor of the state before every step and after the last, (T + 1, B, width); in a run
            backwards the last in memory is the one before the first step that is read.
        outputs: (T, B, O); a view of a state where the output is that state.
        products: Results (T, B, rows) of the other products; empty for those that are folded.
        operands: Operands (T, B, width) that are computed; empty for those that are a state.
        weights: Weight (rows, width) of each product.
        biases: Bias (rows,) of each product, or None. The buffer of one that is not folded holds it for a
            kernel that does not forget.
        vectors: The program's vectors, (count, H).
        reset_state: State that resets put in place, (B, width).
        lengths: (B,), or None.
        resets: (T, B), True where the state starts anew before the step is read; or None.
        backward: Whether time runs backwards.
        rounded: Whether products take their factors rounded to bfloat16.
    """

    pre: Tensor
    source: Source | None = None
    keeps: bool = True
    states: tuple[Tensor, ...]
    outputs: Tensor
    products: tuple[Tensor, ...]
    operands: tuple[Tensor, ...]
    weights: tuple[Tensor, ...]
    biases: tuple[Tensor | None, ...]
    vectors: Tensor
    reset_state: tuple[Tensor, ...]
    lengths: Tensor | None
    resets: Tensor | None
    backward: bool
    rounded: bool

    @property
    def steps(self) -> int:
        """T."""
        return len(self.pre if self.source is None else self.source.x)

    def first(self, states: Tensor) -> Tensor:
        """The place (B, width) of the state before the first step that is read."""
        return states[-1 if self.backward else 0] if self.keeps else states[self.backward * self.steps % 2]

    def last(self, states: Tensor) -> Tensor:
        """The place of the state after the last step."""
        if self.keeps:
            return states[0 if self.backward else -1]
        return states[(not self.backward) * self.steps % 2]

    def before(self, k: int) -> Tensor:
        """The k-th tensor of the state before each step, (T, B, width)."""
        return self.states[k][1:] if self.backward else self.states[k][:-1]

    def made(self) -> tuple[Tensor, ...]:
        """What the backward run needs and was not given."""
        return (*self.states, *self.products, *self.operands, self.vectors)


@dataclass(kw_only=True)
class Gradients:
    """The gradients that a backward run starts from, and those it fills or replaces.

    Attributes:
        outputs: (T, B, O).
        states: Of each tensor of the state (B, width): first the final one's, at the end the initial one's.
        pre: (T, B, G), filled.
        products: Like `Buffers.products`, filled.
        vectors: (count, H), filled.
        reset_state: Of each tensor of the state that resets put in place (B, width), 0 at first, added to.
        limit: Where the program clips, the largest entry of what a step sends to the state before it.
    """

    outputs: Tensor
    states: list[Tensor]
    pre: Tensor
    products: tuple[Tensor, ...]
    vectors: Tensor
    reset_state: tuple[Tensor, ...]
    limit: float


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The tensors that a run is differentiable in; `biases` has None where a product has none."""

    pre: Tensor
    state: tuple[Tensor, ...]
    reset_state: tuple[Tensor, ...]
    vectors: tuple[Tensor, ...]
    weights: tuple[Tensor, ...]
    biases: tuple[Tensor | None, ...]

    def flat(self) -> tuple[Tensor | None, ...]:
        """All of them in a row."""
        # gradients are handed to autograd in this order, too
        return (self.pre, *self.state, *self.reset_state, *self.vectors, *self.weights, *self.biases)

    @classmethod
    def of(cls, program: Program, flat: tuple[Any, ...]) -> "Inputs":
        """The inverse of `flat`."""
        parts, matmuls = len(program.state), len(program.matmuls)
        ends = len(flat) - 2 * matmuls
        return cls(
            pre=flat[0],
            state=tuple(flat[1 : 1 + parts]),
            reset_state=tuple(flat[1 + parts : 1 + 2 * parts]),
            vectors=tuple(flat[1 + 2 * parts : ends]),
            weights=tuple(flat[ends : ends + matmuls]),
            biases=tuple(flat[ends + matmuls :]),
        )


@dataclass(frozen=True, kw_only=True)
class BackwardRun:
    """A run whose derivative is wanted: what was given and kept of it, and the gradients of its results."""

    given: Inputs
    made: tuple[Tensor, ...]
    d_results: tuple[Tensor, ...]
    lengths: Tensor | None
    resets: Tensor | None
    backward: bool
    valid: Tensor | None
    limit: float
    rounded: bool

    def buffers(self, program: Program) -> Buffers:
        """The buffers as the forward run left them, without the outputs."""
        given, parts, matmuls = self.given, len(program.state), len(program.matmuls)
        return Buffers(
            pre=given.pre,
            states=self.made[:parts],
            # no derivative reads the outputs, so that none are kept
            outputs=given.pre.new_empty(0),
            products=self.made[parts : parts + matmuls],
            operands=self.made[parts + matmuls : -1],
            weights=tuple(weight.contiguous() for weight in given.weights),
            biases=given.biases,
            vectors=self.made[-1],
            reset_state=given.reset_state,
            lengths=self.lengths,
            resets=self.resets,
            backward=self.backward,
            rounded=self.rounded,
        )


def rows_of(whole: Tensor, numbers: Tensor | None) -> Tensor:
    """Some rows (N, width) of a tensor (T, B, width), or all."""
    return whole.flatten(0, 1) if numbers is None else whole.flatten(0, 1)[numbers]


class Kernel(ABC):
    """A way to run a program and its derivative.

    Args:
        program: A folded program.
    """

    forgets: ClassVar[bool] = False
    """Whether it can run in buffers that do not keep every step, and starts products from their biases."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def project(self, recurrence: Recurrence, sequences: Sequences) -> Projected:
        """The input products of all steps; what the padding holds is not read."""
        return Projected(recurrence.project(sequences.x))

    def inner(self, dtype: torch.dtype) -> torch.dtype:
        """The type of numbers that it computes in, where its input products are of this type."""
        return dtype

    def rounds(self, dtype: torch.dtype) -> bool:
        """Whether it then takes products of factors that are rounded to bfloat16."""
        return False

    def rows(self, sequences: Sequences) -> Tensor | None:
        """The numbers of the rows that weights' gradients are taken of; None for all, 0 in the padding."""
        return None

    def outer(self, d_product: Tensor, operand: Tensor, back: BackwardRun) -> Tensor:
        """A weight's gradient (rows, width): of its product, times the operand, summed over all steps."""
        return d_product.flatten(0, 1).T @ operand.flatten(0, 1)

    @abstractmethod
    def forward(self, buffers: Buffers) -> tuple[Tensor, ...]:
        """Fills states, outputs, products and operands; each sequence's final state (B, width)."""

    @abstractmethod
    def backward(self, buffers: Buffers, gradients: Gradients) -> None:
        """Fills the gradients."""

    def forward_all(self, runs: Sequence[Buffers]) -> list[tuple[Tensor, ...]]:
        """`forward` for several runs that know nothing of one another."""
        return [self.forward(buffers) for buffers in runs]

    def backward_all(self, runs: Sequence[tuple[Buffers, Gradients]]) -> None:
        """`backward` for several runs."""
        for buffers, gradients in runs:
            self.backward(buffers, gradients)
