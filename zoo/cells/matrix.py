"""What cells share whose state is a matrix in each of several heads, changed by outer products."""

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.cell import Cell
from zoo.cells.cell_spec import CellSpec
from zoo.engines import MatrixMemory, MatrixTerms, Product, Recurrence, State, matrix_step
from zoo.registry import check_positive

EPSILON = 1e-6
"""What is added to a mean square before its root is taken."""


@dataclass(frozen=True, kw_only=True)
class MatrixSpec(CellSpec):
    """Options of every cell with a matrix memory."""

    heads: int = 1
    """How many matrices there are, each with an equal share of the units; the width must be a multiple."""

    @property
    def width_step(self) -> int:
        return self.heads

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("heads", self.heads)
        self.refuse_recurrent_init("no recurrent weights")


class Memory(NamedTuple):
    """The state of a cell with a matrix memory: the matrices of all heads, row by row."""

    S: Float[Tensor, "B NKV"]


class StabilisedMemory(NamedTuple):
    """The same divided by exp(m), with m of each head."""

    S: Float[Tensor, "B NKV"]
    m: Float[Tensor, "B N"]


class MatrixCell(Cell):
    """A cell with a matrix S (K, V) in each of N heads; V is H / N, and K too unless `key_size` differs.

    A subclass says in `terms` what the input does to the matrix, and in `read` what comes of what was found.
    Gates with one number for each head are the rows of `weight_heads` and `bias_heads`, N rows each, whose
    products come behind those of the other gates.

    Attributes:
        head_gates: How many gates have one number for each head.
        has_delta: Whether the delta rule is followed.
        has_normaliser: Whether one more column of S sums the keys up.
    """

    state_type: ClassVar[Any] = Memory
    head_gates: ClassVar[int] = 0
    has_delta: ClassVar[bool] = False
    has_normaliser: ClassVar[bool] = False
    spec: MatrixSpec
    weight_heads: Tensor | None
    bias_heads: Tensor | None

    @abstractmethod
    def terms(self, pre: Float[Tensor, "... G"]) -> MatrixTerms:
        """What the input products of any number of steps do to the matrix."""

    @abstractmethod
    def read(
        self, found: Float[Tensor, "... N V"], m: Float[Tensor, "... N 1"] | None, pre: Float[Tensor, "... G"]
    ) -> Float[Tensor, "... O"]:
        """The output, from S^T q, the stabiliser and the input products."""

    @property
    def recurrent_gates(self) -> str:
        return ""

    @property
    def width(self) -> int:
        """V, the units of one head."""
        return self.hidden_size // self.spec.heads

    @property
    def key_size(self) -> int:
        """K, the width of one head's keys and queries."""
        return self.width

    @property
    def state_sizes(self) -> tuple[int, ...]:
        matrix = self.spec.heads * self.key_size * (self.width + self.has_normaliser)
        return (matrix,) if self.state_type is Memory else (matrix, self.spec.heads)

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return tuple(
            part for part in super().vectors if part is not self.weight_heads and part is not self.bias_heads
        )

    def add_parameters(self) -> None:
        if self.hidden_size % self.spec.heads:
            raise ValueError(
                f"{self.key} has width {self.hidden_size} and {self.spec.heads} heads; expected a multiple"
            )
        rows = self.head_gates * self.spec.heads
        weight = nn.Parameter(torch.empty(rows, self.input_size)) if rows else None
        self.register_parameter("weight_heads", weight)
        bias = nn.Parameter(torch.empty(rows)) if rows and self.spec.bias else None
        self.register_parameter("bias_heads", bias)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        if self.weight_heads is not None:
            nn.init.xavier_uniform_(self.weight_heads)
        if self.bias_heads is not None:
            nn.init.zeros_(self.bias_heads)

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        if self.weight_heads is None:
            return super().project(x)
        return torch.cat([super().project(x), F.linear(x, self.weight_heads, self.bias_heads)], dim=-1)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        output, new = matrix_step(self.memory(), pre, state)
        return output, self.state_type(*new)

    def recurrence(self) -> Recurrence:
        found = super().recurrence()
        # what has letters for its gates has blocks of H
        return found if self.key_size == self.width else replace(found, gates="")

    def memory(self) -> MatrixMemory:
        return MatrixMemory(
            heads=self.spec.heads,
            key_size=self.key_size,
            value_size=self.width + self.has_normaliser,
            has_delta=self.has_delta,
            terms=self.terms,
            read=self.read,
        )

    def by_head(self, pre: Float[Tensor, "... G"]) -> tuple[Tensor, ...]:
        """The gates' products (..., N, K or V), and behind them those of the head gates (..., N, 1)."""
        heads, end = self.spec.heads, self.rows(self.gates).stop
        gates = [pre[..., self.rows(gate)] for gate in self.gates]
        scalars = pre[..., end:].chunk(self.head_gates, dim=-1) if self.head_gates else ()
        by_head = [gate.reshape(*gate.shape[:-1], heads, gate.shape[-1] // heads) for gate in gates]
        return *by_head, *(part.unsqueeze(-1) for part in scalars)


def rms_normed(x: Float[Tensor, "... N V"]) -> Float[Tensor, "... N V"]:
    """Each head's vector with a mean square of 1."""
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + EPSILON)


def unit(x: Float[Tensor, "... N K"]) -> Float[Tensor, "... N K"]:
    """Each head's vector with length 1."""
    return x * torch.rsqrt(x.square().sum(-1, keepdim=True) + EPSILON)
