"""The antisymmetric recurrent network with a gate."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import AntisymmetricCell, AntisymmetricSpec, Card, Hidden, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class GatedAntisymmetricRNNSpec(AntisymmetricSpec):
    """Options of the antisymmetric recurrent network with a gate."""


@final
@register_cell("gated_antisymmetric_rnn", GatedAntisymmetricRNNSpec)
class GatedAntisymmetricRNN(AntisymmetricCell):
    r"""The antisymmetric recurrent network with an input gate, which sees the state by the same matrix.

    Equations::

        A   = W - Wᵀ - γ I
        z_t = σ(A h_{t-1} + V_z x_t + b_z)
        h_t = h_{t-1} + ε z_t ∘ tanh(A h_{t-1} + V_h x_t + b_h)

    Rows of the fused input weights: z, h; of the recurrent ones: h, for W. State: h (B, H). Output: h_t.
    W starts normally with variance 1/H.
    Reference: Chang et al., 2019, https://arxiv.org/abs/1902.09689, section 3.
    Deviations: V starts by Xavier; ε, γ and the variance of W have defaults, where the paper tunes them. Of W
    only the antisymmetric part acts, for which the paper counts H (H - 1) / 2 parameters.
    """

    card: ClassVar[Card] = Card(
        paper="Chang et al., 2019, https://arxiv.org/abs/1902.09689",
        family="gradient",
        claim="near h = 0 the eigenvalues of the flow's Jacobian have real parts of 0",
        own_start=("weight_hh",),
        skew=("weight_hh",),
    )
    gates: ClassVar[str] = "zh"
    spec: GatedAntisymmetricRNNSpec

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        x_z, x_h = pre.chunk(2, dim=-1)
        a = product("h", h)
        h = h + self.spec.dt * torch.sigmoid(a + x_z) * torch.tanh(a + x_h)
        return h, Hidden(h)
