"""The scaled Cayley orthogonal network."""

import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from zoo.cells.base import Card, OrthogonalSpec, SkewCell, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class ScoRNNSpec(OrthogonalSpec):
    """Options of the scaled Cayley orthogonal network."""

    negative: float = 0.5
    """Share of the entries of D that are -1, rounded down; which matrices can be reached depends on it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.negative <= 1:
            raise ValueError(f"negative is {self.negative}; expected from 0 to 1")


@final
@register_cell("scornn", ScoRNNSpec)
class ScoRNN(SkewCell):
    r"""The scaled Cayley orthogonal network: its recurrent matrix stays orthogonal, without an exponential.

    Equations::

        A   = triu(M) - triu(M)ᵀ, of the entries above the diagonal
        U   = (I + A)⁻¹ (I - A) D
        z_t = U h_{t-1} + W x_t
        h_t = modReLU(z_t) = sign(z_t) ∘ relu(|z_t| + b)

    D is diagonal and stays as it is: its first `negative` H entries are -1, the others 1.
    Rows of the fused weights: h, for W and M, of which the part above the diagonal acts. `bias` (H,): b.
    State: h (B, H). Output: h_t.
    A starts as blocks of two units with s = sqrt((1 - cos t) / (1 + cos t)) and t uniform in [0, π/2]; b
    starts within 0.01 of 0.
    Reference: Helfrich et al., 2018, https://arxiv.org/abs/1707.09520, whose W and V are U and W
    here.
    Deviations: W starts by Xavier's uniform; the share of -1 has a default, where the paper tunes it.
    """

    card: ClassVar[Card] = Card(
        paper="Helfrich et al., 2018, https://arxiv.org/abs/1707.09520",
        family="gradient",
        claim="where modReLU is the identity, norms of state and gradient are kept",
        no_decay=("weight_hh",),
        own_start=("weight_hh", "bias"),
        skew=("weight_hh",),
    )
    gates: ClassVar[str] = "h"
    spec: ScoRNNSpec

    def start_pairs(self, entries: Tensor) -> None:
        entries.uniform_(0, math.pi / 2).copy_(((1 - entries.cos()) / (1 + entries.cos())).sqrt())

    def recurrent_weight(self, gates: str) -> Tensor:
        """U, in single precision at least."""
        a = self.skew(gates)
        eye = torch.eye(self.hidden_size, dtype=a.dtype, device=a.device)
        count = int(self.spec.negative * self.hidden_size)
        d = torch.cat([-a.new_ones(count), a.new_ones(self.hidden_size - count)])
        rotation: Tensor = torch.linalg.solve(eye + a, eye - a)
        return (rotation * d).to(self.weight_ih.dtype)
