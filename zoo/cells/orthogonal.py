"""What cells share whose recurrent matrix keeps norms, and whose non-linearity is modReLU."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import torch
from jaxtyping import Float, Inexact
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.card import Hidden
from zoo.cells.cell import Cell
from zoo.cells.cell_spec import CellSpec
from zoo.engines import Product, State

SPREAD = 0.01
"""Thresholds of real units start uniformly between this and minus this."""


@dataclass(frozen=True, kw_only=True)
class OrthogonalSpec(CellSpec):
    """Options of every cell with a matrix that keeps norms."""

    bias: bool = True
    """Whether modReLU has thresholds; without them it is the identity."""

    matrix: ClassVar[str] = "an orthogonal matrix"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init(f"{self.matrix} of its own make")


@dataclass(frozen=True, kw_only=True)
class UnitarySpec(OrthogonalSpec):
    """Options of every cell with a unitary matrix."""

    matrix: ClassVar[str] = "a unitary matrix"


def mod_relu(z: Float[Tensor, "B H"], b: Float[Tensor, " H"] | None) -> Float[Tensor, "B H"]:
    """sign(z) ∘ relu(|z| + b), or z without thresholds."""
    return z if b is None else torch.sign(z) * torch.relu(torch.abs(z) + b)


def rotations(units: int, layers: int) -> list[int]:
    """How many pairs of neighbours each layer turns: 1 and 2, 3 and 4, ..; then 2 and 3, 4 and 5, ..; .."""
    return [(units - layer % 2) // 2 for layer in range(layers)]


def rotated(
    columns: Inexact[Tensor, "H K"],
    layer: int,
    angles: Float[Tensor, "P 1"],
    turn: Inexact[Tensor, "P 1"] | None = None,
) -> Inexact[Tensor, "H K"]:
    """The columns after one layer of rotations, of whose first rows each is multiplied by `turn` as well."""
    first, end = layer % 2, layer % 2 + 2 * len(angles)
    a, b, cos, sin = columns[first:end:2], columns[first + 1 : end : 2], angles.cos(), angles.sin()
    upper = cos * a - sin * b
    pairs = torch.stack([upper if turn is None else turn * upper, sin * a + cos * b], dim=1)
    return torch.cat([columns[:first], pairs.flatten(0, 1), columns[end:]])


class SkewCell(Cell):
    """z_t = U h_{t-1} + W x_t, h_t = modReLU(z_t), where a subclass makes the orthogonal U of a skew matrix.

    `weight_hh`: M, of which the part above the diagonal acts. `bias` (H,): the thresholds.
    """

    gates: ClassVar[str] = "h"

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return () if self.bias is None else (self.bias,)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        assert self.weight_hh is not None
        self.start_pairs(self.weight_hh.zero_().diagonal(1)[::2])
        if self.bias is not None:
            self.bias.uniform_(-SPREAD, SPREAD)

    @abstractmethod
    def start_pairs(self, entries: Tensor) -> None:
        """Fills in the entries of A that turn units 1 and 2, 3 and 4, ..; the others are 0."""

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """W x; b is a threshold."""
        return F.linear(x, self.weight_ih)

    def skew(self, gates: str) -> Float[Tensor, "H H"]:
        """A = triu(M) - triu(M)ᵀ, in single precision at least."""
        m = super().recurrent_weight(gates)
        upper = m.to(torch.promote_types(m.dtype, torch.float32)).triu(1)
        return upper - upper.T

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        h = mod_relu(product("h", h) + pre, self.bias)
        return h, Hidden(h)


class Complex(NamedTuple):
    """A complex state: the real and the imaginary part of h."""

    re: Float[Tensor, "B H"]
    im: Float[Tensor, "B H"]


class UnitaryCell(Cell):
    """z_t = W h_{t-1} + V x_t, h_t = modReLU(z_t), all complex, where a subclass makes the unitary W.

    Rows of the fused input weights: Re V, Im V as r, i. `threshold` (H,). Output: [re; im] (B, 2H).
    """

    gates: ClassVar[str] = "ri"
    state_type: ClassVar[Any] = Complex
    threshold: Tensor | None

    @property
    def recurrent_gates(self) -> str:
        return ""

    @property
    def output_size(self) -> int:
        return 2 * self.hidden_size

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return () if self.threshold is None else (self.threshold,)

    def add_parameters(self) -> None:
        self.register_parameter("bias", None)
        self.add_angles()
        threshold = nn.Parameter(torch.empty(self.hidden_size)) if self.spec.bias else None
        self.register_parameter("threshold", threshold)

    @abstractmethod
    def add_angles(self) -> None:
        """Enters what W is made of."""

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        if self.threshold is not None:
            nn.init.zeros_(self.threshold)

    @abstractmethod
    def unitary(self) -> Tensor:
        """W, complex (H, H), in single precision at least."""

    def recurrent_weight(self, gates: str) -> Tensor:
        """Rows of W as a real matrix."""
        w = self.unitary()
        whole = torch.cat([torch.cat([w.real, -w.imag], dim=1), torch.cat([w.imag, w.real], dim=1)])
        return whole[self.rows(gates)].to(self.weight_ih.dtype)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        z = product("ri", torch.cat(state, dim=-1)) + pre
        re, im = z.chunk(2, dim=-1)
        if self.threshold is not None:
            square = re * re + im * im
            size = torch.sqrt(torch.where(square == 0, 1.0, square))
            scale = torch.relu(size + self.threshold) / size
            re, im = scale * re, scale * im
        return torch.cat([re, im], dim=-1), Complex(re, im)
