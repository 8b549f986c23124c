"""The network whose recurrent matrix is the exponential of a skew-symmetric one."""

import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from zoo.cells.base import Card, OrthogonalSpec, SkewCell, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class ExpRNNSpec(OrthogonalSpec):
    """Options of the exponential network."""


@final
@register_cell("exprnn", ExpRNNSpec)
class ExpRNN(SkewCell):
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
        skew=("weight_hh",),
    )
    gates: ClassVar[str] = "h"
    spec: ExpRNNSpec

    def start_pairs(self, entries: Tensor) -> None:
        entries.uniform_(-math.pi, math.pi)

    def recurrent_weight(self, gates: str) -> Tensor:
        """exp(A), in single precision at least."""
        found: Tensor = torch.linalg.matrix_exp(self.skew(gates))
        return found.to(self.weight_ih.dtype)
