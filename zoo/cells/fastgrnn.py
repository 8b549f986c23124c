"""The gated recurrent network whose gate and candidate share their weights."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class FastGRNNSpec(CellSpec):
    """Options of the FastGRNN."""

    rank_ih: int | None = None
    """Rank of W, which is then a product of two matrices; None is a full one."""

    rank_hh: int | None = None
    """Rank of U, likewise."""

    zeta: float = 1.0
    """Initial ζ before its sigmoid."""

    nu: float = -4.0
    """Initial ν before its sigmoid; far below 0 the gate alone decides what is taken in."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, rank in (("rank_ih", self.rank_ih), ("rank_hh", self.rank_hh)):
            if rank is not None and (isinstance(rank, bool) or not isinstance(rank, int) or rank < 1):
                raise ValueError(f"{name} is {rank!r}; expected a whole number from 1, or None")
        if self.rank_hh is not None:
            self.refuse_recurrent_init("a recurrent matrix of low rank, as rank_hh is given")


@final
@register_cell("fastgrnn", FastGRNNSpec)
class FastGRNN(Cell):
    r"""The FastGRNN: a gated network at the price of a simple one, as gate and candidate share W and U.

    Equations::

        s_t = W x_t + U h_{t-1}
        z_t = σ(s_t + b_z)
        n_t = tanh(s_t + b_n)
        h_t = (σ(ζ) (1 - z_t) + σ(ν)) ∘ n_t + z_t ∘ h_{t-1}

    Rows of the fused weights: s. `bias_zn` (2H,): b_z, b_n. `zeta`, `nu` (1,): ζ, ν.
    State: h (B, H). Output: h_t.
    With `rank_ih` r, W is `weight_ih` (H, r) times `weight_ih_right` (r, I); with `rank_hh`, U likewise.
    Reference: Kusupati et al., 2018, https://arxiv.org/abs/1901.02358, section 3.2, whose h̃, ζ, ν are n,
    σ(ζ), σ(ν) here; ζ and ν start at 1 and -4, as in the authors' code.
    Deviations: weights are neither thresholded to be sparse nor quantised; the biases start at 0, in the
    authors' code at 1.
    """

    card: ClassVar[Card] = Card(
        paper="Kusupati et al., 2018, https://arxiv.org/abs/1901.02358",
        no_decay=("zeta", "nu"),
        own_start=("zeta", "nu"),
    )
    gates: ClassVar[str] = "s"
    spec: FastGRNNSpec
    weight_ih_right: Tensor | None
    weight_hh_right: Tensor | None
    bias_zn: Tensor | None

    def add_parameters(self) -> None:
        width, low, recurrent_low = self.hidden_size, self.spec.rank_ih, self.spec.rank_hh
        bias = nn.Parameter(torch.empty(2 * width)) if self.spec.bias else None
        self.register_parameter("bias_zn", bias)
        self.bias = None
        self.zeta = nn.Parameter(torch.empty(1))
        self.nu = nn.Parameter(torch.empty(1))
        self.register_parameter("weight_ih_right", None)
        self.register_parameter("weight_hh_right", None)
        if low is not None:
            self.weight_ih = nn.Parameter(torch.empty(width, low))
            self.weight_ih_right = nn.Parameter(torch.empty(low, self.input_size))
        if recurrent_low is not None:
            self.weight_hh = nn.Parameter(torch.empty(width, recurrent_low))
            self.weight_hh_right = nn.Parameter(torch.empty(recurrent_low, width))

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return tuple(part for part in (self.bias_zn, self.zeta, self.nu) if part is not None)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.constant_(self.zeta, self.spec.zeta)
        nn.init.constant_(self.nu, self.spec.nu)
        if self.bias_zn is not None:
            nn.init.zeros_(self.bias_zn)
        if self.weight_ih_right is not None:
            nn.init.xavier_uniform_(self.weight_ih_right)
        if self.weight_hh_right is not None and self.weight_hh is not None:
            nn.init.orthogonal_(self.weight_hh)
            nn.init.orthogonal_(self.weight_hh_right)

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """W x."""
        right = self.weight_ih_right
        return F.linear(x if right is None else F.linear(x, right), self.weight_ih)

    def recurrent_weight(self, gates: str) -> Tensor:
        """U."""
        left = super().recurrent_weight(gates)
        return left if self.weight_hh_right is None else left @ self.weight_hh_right

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        s = pre + product("s", h)
        b_z, b_n = (0.0, 0.0) if self.bias_zn is None else self.bias_zn.chunk(2, dim=-1)
        z, n = torch.sigmoid(s + b_z), torch.tanh(s + b_n)
        h = (torch.sigmoid(self.zeta) * (1 - z) + torch.sigmoid(self.nu)) * n + z * h
        return h, Hidden(h)
