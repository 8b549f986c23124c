"""The hierarchically gated recurrent network with a matrix as its state."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from zoo.cells.base import Card, MatrixCell, MatrixSpec, MatrixTerms, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class HGRN2Spec(MatrixSpec):
    """Options of HGRN2."""

    lower_bound: float = 0.0
    """γ: the forget gate lies between it and 1; in a deep stack it grows from the first layer to the last."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.lower_bound < 1:
            raise ValueError(f"lower_bound is {self.lower_bound}; expected at least 0 and less than 1")


@final
@register_cell("hgrn2", HGRN2Spec)
class HGRN2(MatrixCell):
    r"""What the forget gate lets go is what the key lets in: gated linear attention without keys of its own.

    Equations, for each head::

        f_t = γ + (1 - γ) σ(W_f x_t + b_f)
        S_t = diag(f_t) S_{t-1} + (1 - f_t) (W_i x_t + b_i)^T
        h_t = S_t^T σ(W_o x_t + b_o)

    Rows of the fused weights: f, i, o. State: S (B, N K V). Output: h_t.
    Reference: Qin et al., 2024, https://arxiv.org/abs/2404.07904.
    Deviations: γ is an option of a layer, where the paper learns it from layer to layer; norm and output
    matrix are left to the next layer.
    """

    card: ClassVar[Card] = Card(
        paper="Qin et al., 2024, https://arxiv.org/abs/2404.07904",
        equations="5",
        family="matrix",
        linear=True,
        recommended="heads: 4 or so",
    )
    gates: ClassVar[str] = "fio"
    spec: HGRN2Spec

    def terms(self, pre: Float[Tensor, "... G"]) -> MatrixTerms:
        f, i, o = self.by_head(pre)
        bound = self.spec.lower_bound
        k = (1 - bound) * torch.sigmoid(-f)
        log_decay = F.logsigmoid(f) if bound == 0 else torch.log1p(-k)
        return MatrixTerms(q=torch.sigmoid(o), k=k, v=i, log_decay=log_decay)

    def read(self, found: Tensor, m: Tensor | None, pre: Tensor) -> Tensor:
        return found.flatten(-2)
