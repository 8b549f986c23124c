"""The network whose recurrent matrix is the exponential of a skew-symmetric one."""

import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, register_cell

SPREAD = 0.01
"""The thresholds start uniformly between this and minus this."""


@final
@dataclass(frozen=True, kw_only=True)
class ExpRNNSpec(CellSpec):
    """Options of the exponential network."""

    bias: bool = True
    """Whether modReLU has thresholds; without them it is the identity."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("an orthogonal matrix of its own make")


@final
@register_cell("exprnn", ExpRNNSpec)
class ExpRNN(Cell):
    r"""The exponential network: its recurrent matrix, the exponential of a skew one, stays orthogonal.

    Equations::

        A   = triu(M) - triu(M)ᵀ, of the entries above the diagonal
        z_t = exp(A) h_{t-1} + W x_t
        h_t = modReLU(z_t) = sign(z_t) ∘ relu(|z_t| + b)

    Rows of the fused weights: h, for W and M, of which the part above the diagonal acts. `bias` (H,): b.
    State: h (B, H). Output: h_t.
    A starts as turns of pairs of units, by angles that are uniform in [-π, π] (Henaff et al., 2016); b within
    0.01 of 0.
    Reference: Lezcano-Casado & Martínez-Rubio, 2019, https://arxiv.org/abs/1901.08428.
    Deviations: W starts by Xavier; A is always the chart around I, where the authors' later trivialisations
    move it.
    """

    card: ClassVar[Card] = Card(
        paper="Lezcano-Casado & Martínez-Rubio, 2019, https://arxiv.org/abs/1901.08428",
        family="gradient",
        claim="where modReLU is the identity, norms of state and gradient are kept",
        no_decay=("weight_hh",),
        own_start=("weight_hh", "bias"),
    )
    gates: ClassVar[str] = "h"
    spec: ExpRNNSpec

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return () if self.bias is None else (self.bias,)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        assert self.weight_hh is not None
        self.weight_hh.zero_().diagonal(1)[::2].uniform_(-math.pi, math.pi)
        if self.bias is not None:
            self.bias.uniform_(-SPREAD, SPREAD)

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """W x; b is a threshold."""
        return F.linear(x, self.weight_ih)

    def recurrent_weight(self, gates: str) -> Tensor:
        """exp(A), in single precision at least."""
        m = super().recurrent_weight(gates)
        upper = m.to(torch.promote_types(m.dtype, torch.float32)).triu(1)
        found: Tensor = torch.linalg.matrix_exp(upper - upper.T)
        return found.to(m.dtype)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        h = product("h", h) + pre
        if self.bias is not None:
            h = torch.sign(h) * torch.relu(torch.abs(h) + self.bias)
        return h, Hidden(h)
