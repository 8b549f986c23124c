"""The structurally constrained network."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import Card, Cell, CellSpec, Product, State, check_positive, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class SCRNSpec(CellSpec):
    """Options of the structurally constrained network."""

    context: int | None = None
    """C: width of the slow context; as many units as are fast if not given."""

    alpha: float = 0.95
    """α: what a context unit keeps of itself from step to step, or what it starts with."""

    adaptive: bool = False
    """Whether each context unit learns an α of its own."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.context is not None:
            check_positive("context", self.context)
        if not 0 <= self.alpha < 1:
            raise ValueError(f"alpha is {self.alpha}; expected a number from 0 up to, but not including, 1")
        if self.adaptive and self.alpha == 0:
            raise ValueError(
                "alpha is 0 with adaptive True, where it could not be learned; expected a number above 0"
            )


class SCRNState(NamedTuple):
    """State of the structurally constrained network: fast hidden state and slow context."""

    h: Float[Tensor, "B H"]
    s: Float[Tensor, "B C"]


@final
@register_cell("scrn", SCRNSpec)
class SCRN(Cell):
    r"""The structurally constrained network: beside fast units, slow ones that average over the past.

    Equations::

        s_t = (1 - α) B x_t + α s_{t-1}
        h_t = σ(W_h x_t + U_h h_{t-1} + P s_t + b_h)

    With `adaptive`, α is σ(β), another for each context unit; β, `decay` (C,), starts where that is `alpha`.

    Rows of the fused weights: h. `weight_context` (C, I): B; `weight_slow` (H, C): P. State: h (B, H),
    s (B, C). Output: [h_t; s_t], H + C wide.
    Reference: Mikolov et al., 2015, https://arxiv.org/abs/1412.7753, equations 5 to 8, whose A and R are W_h
    and U_h here; the U h_t + V s_t of its y_t is the product of what comes above with the output.
    Deviation: the bias, which the paper has not.
    """

    card: ClassVar[Card] = Card(
        paper="Mikolov et al., 2015, https://arxiv.org/abs/1412.7753",
        equations="5-8",
        claim="A context unit keeps α^t of what it held t steps before.",
        no_decay=("decay",),
        own_start=("decay",),
    )
    gates: ClassVar[str] = "h"
    state_type = SCRNState
    products: ClassVar[Mapping[str, str]] = {"slow": "weight_slow"}
    spec: SCRNSpec
    decay: Tensor | None

    @property
    def context(self) -> int:
        """C."""
        return self.spec.context or self.hidden_size

    @property
    def output_size(self) -> int:
        return self.hidden_size + self.context

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return self.hidden_size, self.context

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return () if self.decay is None else (self.decay,)

    def add_parameters(self) -> None:
        self.weight_context = nn.Parameter(torch.empty(self.context, self.input_size))
        self.weight_slow = nn.Parameter(torch.empty(self.hidden_size, self.context))
        decay = nn.Parameter(torch.empty(self.context)) if self.spec.adaptive else None
        self.register_parameter("decay", decay)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        for weight in (self.weight_context, self.weight_slow):
            nn.init.xavier_uniform_(weight)
        if self.decay is not None:
            nn.init.constant_(self.decay, math.log(self.spec.alpha / (1 - self.spec.alpha)))

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """The input product of h, and B x behind it."""
        return torch.cat([super().project(x), F.linear(x, self.weight_context)], dim=-1)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, s = state
        x_h, x_s = torch.split(pre, [self.hidden_size, self.context], dim=-1)
        alpha = self.spec.alpha if self.decay is None else torch.sigmoid(self.decay)
        s = (1 - alpha) * x_s + alpha * s
        h = torch.sigmoid(x_h + product("h", h) + product("slow", s))
        return torch.cat([h, s], dim=-1), SCRNState(h, s)
