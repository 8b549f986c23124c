"""What an engine runs: a step, the linear maps around it, and the sequences it goes over."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Literal, TypeAlias

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

State: TypeAlias = tuple[Tensor, ...]
"""The tensors a cell carries from step to step, each (B, width)."""

Product: TypeAlias = Callable[[str, Tensor], Tensor]
"""`product(gates, operand)`: the recurrent weight rows of these gates times `operand`, plus their
recurrent bias. Every multiplication by a recurrent matrix goes through it, so that an engine sees
all of them."""

StepFunction: TypeAlias = Callable[[Tensor, State, Product], tuple[Tensor, State]]
"""`step(pre, state, product) -> (output, new state)` for one moment of a batch."""

Map: TypeAlias = tuple[Tensor, Tensor | None]
"""The weight (rows, width) and bias (rows,) of a linear map."""


def linear_product(recurrent: Callable[[str], Map]) -> Product:
    """The product that takes these linear maps, each of which is asked for once."""
    return partial(_product, recurrent, {})


def _product(recurrent: Callable[[str], Map], maps: dict[str, Map], gates: str, operand: Tensor) -> Tensor:
    if gates not in maps:
        maps[gates] = recurrent(gates)
    weight, bias = maps[gates]
    return F.linear(operand, weight, bias)


@dataclass(frozen=True)
class TorchEquivalent:
    """The torch kernel that computes exactly this recurrence, and its parameters in torch's order."""

    kind: Literal["lstm", "gru", "rnn_tanh", "rnn_relu"]
    weight_ih: Tensor
    weight_hh: Tensor
    biases: tuple[Tensor, Tensor] | None


@dataclass(frozen=True, kw_only=True)
class MatrixTerms:
    """What comes of the input for a state that is a matrix S (K, V) in each of N heads.

    With α = exp(log_decay), S_t = diag(α) S_{t-1} + k w^T and o = S_t^T q, where w is v, or with the delta
    rule β (v - (diag(α) S_{t-1})^T k).

    Attributes:
        q: What is asked (..., N, K).
        k: Under which key something is kept (..., N, K).
        v: What is kept (..., N, V).
        log_decay: (..., N, K), or (..., N, 1) where all rows of a head decay alike; finite, at most 0 if
            nothing is to grow.
        beta: How much of the old value under the key is replaced (..., N, 1); None where nothing is.
        log_input: Logarithm of a factor of k (..., N, 1), which may be large: state and factor are then kept
            divided by exp(m), m_t = max(m_{t-1} + log_decay, log_input); or None.
    """

    q: Tensor
    k: Tensor
    v: Tensor
    log_decay: Tensor
    beta: Tensor | None = None
    log_input: Tensor | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class MatrixMemory:
    """A recurrence whose state is a matrix in each of several heads, changed by outer products.

    Attributes:
        heads: N.
        key_size: K.
        value_size: V.
        has_delta: Whether it follows the delta rule.
        terms: The input product (..., G) -> what is done with the matrix.
        read: What was found (..., N, V), m (..., N, 1) or None, and the input product -> output.
    """

    heads: int
    key_size: int
    value_size: int
    has_delta: bool
    terms: Callable[[Tensor], MatrixTerms]
    read: Callable[[Tensor, Tensor | None, Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class InputMap:
    """What `Recurrence.project` is where it is a linear map and nothing else, W x + b."""

    weight: Tensor
    bias: Tensor | None

    def __call__(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


# eq=False: programs are kept by identity, and tensors cannot be compared as fields are
@dataclass(frozen=True, eq=False, kw_only=True)
class Recurrence:
    """One direction of one layer, as an engine sees it.

    Attributes:
        step: The cell's equations.
        project: Input products for all steps at once, (..., I) -> (..., G); an `InputMap` in most cells.
        recurrent: The linear map behind `product(gates, ...)`.
        width: H, the number of units; rows and states come in blocks of it.
        input_size: I, the width of the inputs.
        output_size: Width of one output.
        state_sizes: Width of each tensor of the state.
        vectors: Every other tensor that `step` reads, such as peephole weights (n H,); (1,) is for all units.
        like: A tensor of the type and on the device of the parameters.
        torch_equivalent: A function that gives the torch kernel for this recurrence, or None.
        gates: A letter for each block of H rows of the input product, for those who look into a run.
        recurrent_gates: A letter for each block of H rows of the recurrent weights, likewise.
        state_names: A name for each tensor of the state, likewise.
        gradient_clip: In the backward pass, the limit of each entry of the gradient that a step sends to the
            state before it, see `zoo.engines.reference`; 0 clips nothing.
        only_stepwise: Why only the step itself, run at each step, will do; "" where watching it once will.
        memory: The step again, where its state is a matrix that is changed by outer products; or None.
    """

    step: StepFunction
    project: Callable[[Tensor], Tensor]
    recurrent: Callable[[str], Map]
    width: int
    input_size: int
    output_size: int
    state_sizes: tuple[int, ...]
    vectors: tuple[Tensor, ...]
    like: Tensor
    torch_equivalent: Callable[[], TorchEquivalent] | None = None
    gates: str = ""
    recurrent_gates: str = ""
    state_names: tuple[str, ...] = ()
    gradient_clip: float = 0.0
    only_stepwise: str = ""
    memory: MatrixMemory | None = None


@dataclass(frozen=True)
class Sequences:
    """A padded batch of sequences, time major.

    Attributes:
        x: Inputs (T, B, I). Padding is finite.
        state: State before the first step that is read, each (B, width).
        reset_state: State that a reset puts in place, each (B, width).
        lengths: Valid steps of each sequence (B,), or None where all T are.
        resets: (T, B), True where a sequence is cut before the step, so that nothing passes from one side
            to the other; False in the padding.
        backward: Whether each sequence is read from its last valid step to its first.
    """

    x: Float[Tensor, "T B I"]
    state: State
    reset_state: State
    lengths: Int[Tensor, " B"] | None = None
    resets: Bool[Tensor, "T B"] | None = None
    backward: bool = False

    @property
    def resets_in_read_order(self) -> Bool[Tensor, "T B"] | None:
        """True where the state starts anew before the step is read: at a cut, or one before it backwards."""
        if self.resets is None or not self.backward:
            return self.resets
        # a cut before t lies between t - 1 and t: read backwards, it is met before t - 1
        return torch.cat([self.resets[1:], torch.zeros_like(self.resets[:1])])

    def turned(self) -> "Sequences":
        """The same sequences in the order in which they are read."""
        if not self.backward:
            return self
        resets = self.resets_in_read_order
        resets = None if resets is None else turn(resets, self.lengths)
        return replace(self, x=turn(self.x, self.lengths), resets=resets, backward=False)

    @cached_property
    def valid(self) -> Int[Tensor, " N"] | None:
        """The numbers t B + b of the valid steps, in order, or None where all are."""
        return None if self.mask is None else self.mask.flatten().nonzero().flatten()

    @cached_property
    def mask(self) -> Bool[Tensor, "T B 1"] | None:
        """True at valid steps, or None where all are."""
        if self.lengths is None:
            return None
        steps = torch.arange(self.x.shape[0], device=self.x.device)
        return (steps[:, None] < self.lengths).unsqueeze(-1)


def turn(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Each sequence of x (T, B, ...) turned around; the padding stays where it is. Its own inverse."""
    if lengths is None:
        return x.flip(0)
    steps = torch.arange(x.shape[0], device=x.device)[:, None]  # len(x) would be one number to a tracer
    # no flip: each sequence begins at its own last valid step, not in its padding
    mirror = torch.where(steps < lengths, lengths - 1 - steps, steps)
    return x[mirror, torch.arange(x.shape[1], device=x.device)]


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """An engine cannot run a recurrence; the message says why."""


class Missing(Refusal):
    """The machine lacks what the engine needs; the message says what to install."""


class Lack(Refusal):
    """It could, if the machine had what the message names, such as a compiler."""


RunFunction: TypeAlias = Callable[[Recurrence, Sequences], tuple[Tensor, State]]
"""An engine: outputs (T, B, output_size), 0 in the padding, and the state of each sequence after its
own last valid step (the state before its first where it has none)."""
