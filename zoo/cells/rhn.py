"""The recurrent highway network."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, CellSpec, Product, State, register_cell

LEVELS = ("ht", "ab", "cd", "ef", "gi", "jk", "lm", "no", "pq", "rs")
"""Letters of the recurrent rows of each level: of its h, and of its gate t."""


@final
@dataclass(frozen=True, kw_only=True)
class RHNSpec(CellSpec):
    """Options of the recurrent highway network."""

    depth: int = 3
    """Highway layers between two steps; the paper goes up to 10."""

    transform_bias: float = -2.0
    """Initial bias of each gate t; below 0 the state is carried on at the start."""

    def __post_init__(self) -> None:
        super().__post_init__()
        depth = self.depth
        if isinstance(depth, bool) or not isinstance(depth, int) or not 1 <= depth <= len(LEVELS):
            raise ValueError(f"depth is {depth!r}; expected a whole number from 1 to {len(LEVELS)}")


class RHNState(NamedTuple):
    """State of the recurrent highway network: the output of its last level."""

    s: Float[Tensor, "B H"]


@final
@register_cell("rhn", RHNSpec)
class RHN(Cell):
    r"""The recurrent highway network: many layers from step to step, each of which may be passed by.

    Equations, for levels l = 1 to L = `depth`, where s_0 is the state and x_t enters at the first one only::

        h_l = tanh(W_h x_t [l = 1] + U_hl s_{l-1} + b_hl)
        t_l = σ(W_t x_t [l = 1] + U_tl s_{l-1} + b_tl)
        s_l = h_l ∘ t_l + s_{l-1} ∘ (1 - t_l)

    Rows of the fused weights: h, t; of the recurrent ones: h, t of level 1, a, b of level 2, and so on as in
    `LEVELS`; `bias_hh` has those of level 2 and up. State: s_L (B, H). Output: s_L.
    Reference: Zilly et al., 2017, https://arxiv.org/abs/1607.03474, section 4, whose R is U here, with the
    coupled gates of its experiments, c = 1 - t. No deviations.
    """

    card: ClassVar[Card] = Card(
        paper="Zilly et al., 2017, https://arxiv.org/abs/1607.03474",
        claim="Closed gates carry the state on as it is, and open ones make a deep simple network of it.",
    )
    gates: ClassVar[str] = "ht"
    state_type = RHNState
    spec: RHNSpec

    @property
    def recurrent_gates(self) -> str:
        return "".join(LEVELS[: self.spec.depth])

    @property
    def recurrent_bias(self) -> str:
        return "".join(LEVELS[1 : self.spec.depth])

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        if self.bias is not None:
            nn.init.constant_(self.bias[self.rows("t")], self.spec.transform_bias)
        if self.bias_hh is not None:
            for level in LEVELS[1 : self.spec.depth]:
                closed = self.bias_hh[self.rows(level[1], self.recurrent_bias)]
                nn.init.constant_(closed, self.spec.transform_bias)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (s,) = state
        for level in LEVELS[: self.spec.depth]:
            a = product(level, s)
            h, t = (pre + a if level == "ht" else a).chunk(2, dim=-1)
            h, t = torch.tanh(h), torch.sigmoid(t)
            s = h * t + s * (1 - t)
        return s, RHNState(s)
