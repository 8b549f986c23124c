"""The Lipschitz recurrent network."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class LipschitzRNNSpec(CellSpec):
    """Options of the Lipschitz recurrent network."""

    dt: float = 0.03
    """ε: how much time a step takes."""

    beta_a: float = 0.75
    """β_A: the antisymmetric share of A; at 1 its eigenvalues are imaginary, at 0.5 A is any matrix."""

    beta_w: float = 0.75
    """β_W: the same of W."""

    gamma_a: float = 0.001
    """γ_A: how far to the left the eigenvalues of A are shifted."""

    gamma_w: float = 0.001
    """γ_W: the same of W."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("matrices of another make")
        for name in ("beta_a", "beta_w"):
            if not 0.5 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; expected from 0.5 to 1")
        for name in ("gamma_a", "gamma_w"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}; expected 0 or more")
        if self.dt <= 0:
            raise ValueError(f"dt is {self.dt}; expected more than 0")


@final
@register_cell("lipschitz_rnn", LipschitzRNNSpec)
class LipschitzRNN(Cell):
    r"""The Lipschitz recurrent network: a linear flow plus a tanh of one, both with spectra under control.

    Equations, S either of A and W::

        S   = (1 - β_S) (M_S + M_Sᵀ) + β_S (M_S - M_Sᵀ) - γ_S I
        h_t = h_{t-1} + ε (A h_{t-1} + tanh(W h_{t-1} + U x_t + b))

    Rows of the fused input weights: w, for U; of the recurrent ones: M_A, M_W as a, w. State: h (B, H).
    Output: h_t.
    M_A and M_W start normally with variance 1/H².
    Reference: Erichson et al., 2021, https://arxiv.org/abs/2006.12070, by the explicit Euler scheme.
    Deviations: U starts by Xavier's uniform; the defaults are one choice of what the paper tunes.
    """

    card: ClassVar[Card] = Card(
        paper="Erichson et al., 2021, https://arxiv.org/abs/2006.12070",
        family="gradient",
        claim="a step's Lipschitz constant in h is at most |I + εA| + ε|W|, and below 1 where A outweighs W",
        own_start=("weight_hh",),
        recommended="dt: 1 for ten steps or so, less for more",
    )
    gates: ClassVar[str] = "w"
    spec: LipschitzRNNSpec

    @property
    def recurrent_gates(self) -> str:
        return "aw"

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        assert self.weight_hh is not None
        nn.init.normal_(self.weight_hh, std=1 / self.hidden_size)

    def recurrent_weight(self, gates: str) -> Tensor:
        """A, W or both."""
        spec = self.spec
        shares = {"a": (spec.beta_a, spec.gamma_a), "w": (spec.beta_w, spec.gamma_w)}
        made = []
        for gate in gates:
            (beta, gamma), m = shares[gate], super().recurrent_weight(gate)
            eye = torch.eye(self.hidden_size, dtype=m.dtype, device=m.device)
            made.append((1 - beta) * (m + m.T) + beta * (m - m.T) - gamma * eye)
        return torch.cat(made)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        a, w = product("aw", h).chunk(2, dim=-1)
        h = h + self.spec.dt * (a + torch.tanh(w + pre))
        return h, Hidden(h)
