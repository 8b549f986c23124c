"""The antisymmetric recurrent network."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import AntisymmetricCell, AntisymmetricSpec, Card, Hidden, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class AntisymmetricRNNSpec(AntisymmetricSpec):
    """Options of the antisymmetric recurrent network."""


@final
@register_cell("antisymmetric_rnn", AntisymmetricRNNSpec)
class AntisymmetricRNN(AntisymmetricCell):
    r"""The antisymmetric recurrent network: a flow that neither grows nor decays, taken in small steps.

    Equations::

        h_t = h_{t-1} + ε tanh((W - Wᵀ - γ I) h_{t-1} + V x_t + b)

    Rows of the fused weights: h, for V and W. State: h (B, H). Output: h_t.
    W starts normally with variance 1/H.
    Reference: Chang et al., 2019, https://arxiv.org/abs/1902.09689, section 3.
    Deviations: V starts by Xavier; ε, γ and the variance of W have defaults, where the paper tunes them. Of W
    only the antisymmetric part acts, for which the paper counts H (H - 1) / 2 parameters.
    """

    card: ClassVar[Card] = Card(
        paper="Chang et al., 2019, https://arxiv.org/abs/1902.09689",
        family="gradient",
        claim="the eigenvalues of the flow's Jacobian have real parts of 0, and of at most 0 with diffusion",
        own_start=("weight_hh",),
        skew=("weight_hh",),
        recommended="dt: 0.5 for ten steps or so, less for more",
    )
    gates: ClassVar[str] = "h"
    spec: AntisymmetricRNNSpec

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        h = h + self.spec.dt * torch.tanh(product("h", h) + pre)
        return h, Hidden(h)
