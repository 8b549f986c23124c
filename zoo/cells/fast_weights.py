"""The network with fast weights."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import Card, Cell, CellSpec, Product, State, check_positive, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class FastWeightsSpec(CellSpec):
    """Options of the network with fast weights."""

    decay: float = 0.95
    """λ: what is left of the fast weights after a step."""

    rate: float = 0.5
    """η: how much of a state is written into the fast weights."""

    inner_steps: int = 1
    """S: how often a step asks the fast weights."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("a recurrent matrix that starts as its paper says")
        check_positive("inner_steps", self.inner_steps)
        if not 0 <= self.decay <= 1:
            raise ValueError(f"decay is {self.decay}; expected a number from 0 to 1")


class FastWeightsState(NamedTuple):
    """State of the network with fast weights: hidden state, and the fast weights row by row."""

    h: Float[Tensor, "B H"]
    a: Float[Tensor, "B HH"]


@final
@register_cell("fast_weights", FastWeightsSpec)
class FastWeights(Cell):
    r"""The network with fast weights: a second matrix learns within the sequence and attends to its past.

    Equations, N being z less its mean over its standard deviation::

        A_t = λ A_{t-1} + η h_{t-1} h_{t-1}^T
        s_t = W_h x_t + U_h h_{t-1} + b_h
        h^0 = relu(s_t)
        h^k = relu(a ∘ N(s_t + A_t h^{k-1}) + d),  k = 1 .. S
        h_t = h^S

    Rows of the fused weights: h. `gain`, `bias_norm` (H,): a, d. State: h (B, H), A (B, H * H). Output: h_t.
    U starts at 0.05 I and a at 1, as in the paper.
    Reference: Ba et al., 2016, https://arxiv.org/abs/1610.06258, equations 1, 2 and 5, whose C and W are W_h
    and U_h here, and whose t is one less for A.
    Deviations: the bias b_h; W_h starts as in other cells; 1e-5 is added to the variance.
    """

    card: ClassVar[Card] = Card(
        paper="Ba et al., 2016, https://arxiv.org/abs/1610.06258",
        equations="1, 2, 5",
        family="matrix",
        claim="What the fast weights add is attention to all earlier states, weighted by λ to their age.",
        no_decay=("gain", "bias_norm"),
        own_start=("weight_hh", "gain"),
        recommended="rate: 0.01, where what is written drowns what comes in by default",
    )
    gates: ClassVar[str] = "h"
    state_type = FastWeightsState
    spec: FastWeightsSpec
    bias_norm: Tensor | None

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return self.hidden_size, self.hidden_size**2

    def add_parameters(self) -> None:
        self.gain = nn.Parameter(torch.empty(self.hidden_size))
        own = nn.Parameter(torch.empty(self.hidden_size)) if self.spec.bias else None
        self.register_parameter("bias_norm", own)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.eye_(self.recurrent_weight("h")).mul_(0.05)
        nn.init.ones_(self.gain)
        if self.bias_norm is not None:
            nn.init.zeros_(self.bias_norm)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, a = state
        fast = a.reshape(-1, self.hidden_size, self.hidden_size)
        fast = self.spec.decay * fast + self.spec.rate * h.unsqueeze(-1) * h.unsqueeze(-2)
        s = pre + product("h", h)
        h = torch.relu(s)
        for _ in range(self.spec.inner_steps):
            sums = s + (fast @ h.unsqueeze(-1)).squeeze(-1)
            h = torch.relu(F.layer_norm(sums, sums.shape[-1:], self.gain, self.bias_norm))
        return h, FastWeightsState(h, fast.reshape(a.shape))
