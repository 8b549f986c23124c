"""The non-saturating recurrent unit."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, CellSpec, Product, State, check_positive, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class NRUSpec(CellSpec):
    """Options of the non-saturating recurrent unit."""

    memory: int = 16
    """M: width of the memory; memory · heads must be a square."""

    heads: int = 4
    """k: how many directions are written, and how many erased, at each step."""

    rectified: bool = False
    """Whether strengths and directions are rectified, so that write heads add and erase heads take away."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("memory", self.memory)
        check_positive("heads", self.heads)
        if self.side**2 != self.memory * self.heads:
            raise ValueError(f"memory {self.memory} times heads {self.heads} is no square; expected one")

    @property
    def side(self) -> int:
        """√(k M): width of the two factors of all directions."""
        return math.isqrt(self.memory * self.heads)


class NRUState(NamedTuple):
    """State of the non-saturating recurrent unit: the hidden vector, and the memory."""

    h: Float[Tensor, "B H"]
    m: Float[Tensor, "B M"]


@final
@register_cell("nru", NRUSpec)
class NRU(Cell):
    r"""The non-saturating recurrent unit: a memory is added to and taken from, and nothing saturates.

    Equations, for heads i of k, with N(v) = v / |v|_5, or 0::

        h_t = relu(W x_t + U h_{t-1} + C m_{t-1} + b)
        [α; β] = S [h_t; m_{t-1}] + b_S
        [p; q; r; s] = D [h_t; m_{t-1}] + b_D
        m_t = m_{t-1} + mean_i (α_i N((p qᵀ)_i) - β_i N((r sᵀ)_i))

    (p qᵀ)_i is the i-th of k equal pieces, each of width M, of the entries of p qᵀ, row by row; with
    `rectified` α, β and these pieces go through a relu.
    Rows of the fused weights: h. `weight_m` (H, M): C; `weight_strength` (2k, H + M): S; `weight_direction`
    (4√(kM), H + M): D; `bias_strength`, `bias_direction`. State: h (B, H), m (B, M). Output: h_t.
    Reference: Chandar et al., 2019, https://arxiv.org/abs/1902.06704, as in the authors' code,
    https://github.com/apsarath/NRU.
    Deviations: N(0) is 0, where the code divides by 1e-12; no layer normalisation; M is 16 by default, where
    the code's is 64; weights start by Xavier and orthogonal.
    """

    card: ClassVar[Card] = Card(
        paper="Chandar et al., 2019, https://arxiv.org/abs/1902.06704",
        family="gradient",
        claim="what is not written to or erased from the memory, and its gradient, stay as they are",
    )
    gates: ClassVar[str] = "h"
    state_type = NRUState
    products: ClassVar[dict[str, str]] = {
        "memory": "weight_m",
        "strength": "weight_strength",
        "direction": "weight_direction",
    }
    spec: NRUSpec
    bias_strength: Tensor | None
    bias_direction: Tensor | None

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return self.hidden_size, self.spec.memory

    def add_parameters(self) -> None:
        spec, inner = self.spec, self.hidden_size + self.spec.memory
        self.weight_m = nn.Parameter(torch.empty(self.hidden_size, spec.memory))
        for name, rows in [("strength", 2 * spec.heads), ("direction", 4 * spec.side)]:
            self.register_parameter(f"weight_{name}", nn.Parameter(torch.empty(rows, inner)))
            bias = nn.Parameter(torch.empty(rows)) if spec.bias else None
            self.register_parameter(f"bias_{name}", bias)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        for name in self.products.values():
            nn.init.xavier_uniform_(self.get_parameter(name))
        for bias in (self.bias_strength, self.bias_direction):
            if bias is not None:
                nn.init.zeros_(bias)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, m = state
        h = torch.relu(pre + product("h", h) + product("memory", m))
        seen = torch.cat([h, m], dim=-1)
        strength, direction = product("strength", seen), product("direction", seen)
        if self.bias_strength is not None and self.bias_direction is not None:
            strength, direction = strength + self.bias_strength, direction + self.bias_direction
        alpha, beta = self._rectified(strength).chunk(2, dim=-1)
        p, q, r, s = direction.chunk(4, dim=-1)
        change = alpha.unsqueeze(-1) * self._heads(p, q) - beta.unsqueeze(-1) * self._heads(r, s)
        m = m + change.mean(dim=-2)
        return h, NRUState(h, m)

    def _rectified(self, value: Tensor) -> Tensor:
        return torch.relu(value) if self.spec.rectified else value

    def _heads(self, left: Tensor, right: Tensor) -> Float[Tensor, "... k M"]:
        """N of the k pieces of an outer product."""
        outer = left.unsqueeze(-1) * right.unsqueeze(-2)
        v = self._rectified(outer.reshape(*left.shape[:-1], self.spec.heads, self.spec.memory))
        largest = torch.abs(v).amax(dim=-1, keepdim=True)
        v = v / torch.where(largest == 0, 1.0, largest)  # or its fifth power underflows
        power = (torch.abs(v) ** 5).sum(dim=-1, keepdim=True)
        return v / torch.where(power == 0, 1.0, power) ** 0.2
