"""The Legendre memory unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, CellSpec, Product, State, check_positive, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class LMUSpec(CellSpec):
    """Options of the Legendre memory unit."""

    order: int | None = None
    """d: polynomials that the memory is made of; as many as there are units if not given."""

    theta: float = 100.0
    """θ: steps that the memory reaches back."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.order is not None:
            check_positive("order", self.order)
        if self.theta <= 0:
            raise ValueError(f"theta is {self.theta}; expected more than 0")


class LMUState(NamedTuple):
    """State of the Legendre memory unit: hidden state and memory."""

    h: Float[Tensor, "B H"]
    m: Float[Tensor, "B d"]


@final
@register_cell("lmu", LMUSpec)
class LMU(Cell):
    r"""The Legendre memory unit: one number a step goes into a fixed memory of the last θ steps.

    Equations::

        u_t = e_x · x_t + e_h · h_{t-1} + e_m · m_{t-1}
        m_t = Ā m_{t-1} + B̄ u_t
        h_t = tanh(W_h x_t + U_h h_{t-1} + V m_t + b_h)

    Ā and B̄ are the solution of θ dm/dt = A m + B u over one step in which u is held, with A_ij = (2i + 1) a,
    a = -1 for i < j and (-1)^{i-j+1} elsewhere, and B_i = (2i + 1) (-1)^i. So Σ_i m_i P_i(2r - 1), with
    Legendre's polynomials P, is u of rθ steps before, as well as d of them can say.

    Rows of the fused weights: h. `encoder_x` (I,), `encoder_h` (H,), `encoder_m` (d,): e_x, e_h, e_m;
    `weight_memory` (H, d): V. State: h (B, H), m (B, d). Output: h_t.
    e_x and e_h start as LeCun's uniform, e_m at 0 and V as Xavier's normal, as in the paper.
    Reference: Voelker et al., 2019, https://papers.nips.cc/paper/9689, equations 1, 2, 4, 6 and 7, whose W_x,
    W_h and W_m are W_h, U_h and V here.
    Deviations: the bias, which the paper has not; W_h and U_h start as in other cells.
    """

    card: ClassVar[Card] = Card(
        paper="Voelker et al., 2019, https://papers.nips.cc/paper/9689",
        equations="1, 2, 4, 6, 7",
        family="gradient",
        claim="The memory gives back what was written into it θ steps before.",
        no_decay=("encoder_x", "encoder_h", "encoder_m"),
        own_start=("encoder_x", "encoder_h"),
    )
    gates: ClassVar[str] = "h"
    state_type = LMUState
    products: ClassVar[Mapping[str, str]] = {"read": "weight_memory"}
    spec: LMUSpec

    @property
    def order(self) -> int:
        """d."""
        return self.spec.order or self.hidden_size

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return self.hidden_size, self.order

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return self.encoder_h, self.encoder_m, self._memory[1]

    @property
    def _memory(self) -> tuple[Tensor, Tensor]:
        """Ā and B̄, in the type and on the device of the weights."""
        like = self.weight_ih
        return legendre_memory(self.order, self.spec.theta, like.dtype, like.device)

    def add_parameters(self) -> None:
        self.encoder_x = nn.Parameter(torch.empty(self.input_size))
        self.encoder_h = nn.Parameter(torch.empty(self.hidden_size))
        self.encoder_m = nn.Parameter(torch.empty(self.order))
        self.weight_memory = nn.Parameter(torch.empty(self.hidden_size, self.order))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        for encoder in (self.encoder_x, self.encoder_h):
            bound = (3 / len(encoder)) ** 0.5
            nn.init.uniform_(encoder, -bound, bound)
        nn.init.zeros_(self.encoder_m)
        nn.init.xavier_normal_(self.weight_memory)

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """The input product, and behind it e_x · x, once for each number of the memory."""
        seen = (x @ self.encoder_x).unsqueeze(-1)
        return torch.cat([super().project(x), seen.expand(*x.shape[:-1], self.order)], dim=-1)

    def recurrent(self, gates: str) -> tuple[Tensor, Tensor | None]:
        return (self._memory[0], None) if gates == "memory" else super().recurrent(gates)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, m = state
        x_h, x_u = torch.split(pre, [self.hidden_size, self.order], dim=-1)
        _, drive = self._memory
        u = x_u + (self.encoder_h * h).sum(-1, keepdim=True) + (self.encoder_m * m).sum(-1, keepdim=True)
        m = product("memory", m) + drive * u
        h = torch.tanh(x_h + product("h", h) + product("read", m))
        return h, LMUState(h, m)


@cache
def legendre_memory(
    order: int, theta: float, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Ā (d, d) and B̄ (d,): one step of θ dm/dt = A m + B u, with u held; kept, as it takes an exponential."""
    with torch.inference_mode(False), torch.device("cpu"):
        i = torch.arange(order, dtype=torch.float64)
        sign = torch.where((i[:, None] - i) % 2 == 0, -1.0, 1.0)
        a = (2 * i[:, None] + 1) * torch.where(i[:, None] < i, -1.0, sign)
        b = (2 * i + 1) * torch.where(i % 2 == 0, 1.0, -1.0)
        rates = torch.cat([torch.cat([a, b[:, None]], dim=1), torch.zeros(1, order + 1, dtype=torch.float64)])
        after = torch.matrix_exp(rates / theta)[:order].to(device, dtype)
    return after[:, :order].contiguous(), after[:, order].contiguous()
