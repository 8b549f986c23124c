"""The multiplicative network around any cell."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import Card, Map, Product, State, Wrapper, WrapperSpec, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class MultiplicativeSpec(WrapperSpec):
    """Options of the multiplicative network."""


@final
@register_cell("multiplicative", MultiplicativeSpec)
class Multiplicative(Wrapper):
    r"""The multiplicative network: each input gives the cell inside recurrent matrices of its own.

    Equations, for each recurrent product U v of the cell inside, where v is h_{t-1} in most cells::

        U v <- U ((M x_t) ∘ (V v))

    so that U diag(M x_t) V stands for U: for v = h_{t-1}, m_t = (M x_t) ∘ (V h_{t-1}) takes its place.
    Around `lstm` it is `multiplicative_lstm`, but for the bias of its m.

    Parameters: `inner.*`, those of the cell; `weight_factor_x` (R, I): M; `weight_factor_h` (R, R): V, for
    recurrent weights R wide. Rows, state and output: those of the cell.
    Reference: Sutskever et al., 2011, https://icml.cc/2011/papers/524_icmlpaper.pdf, equations 6 and 7, whose
    W_hf, W_fx, W_fh are U, M, V; as many factors as there are units.
    Deviations: other cells than a simple network; V starts orthogonal and M by Xavier.
    """

    card: ClassVar[Card] = Card(
        paper="Sutskever et al., 2011, https://icml.cc/2011/papers/524_icmlpaper.pdf",
        equations="6, 7",
        family="wrapper",
        claim="The recurrent matrix is U diag(M x_t) V, another for each input.",
    )
    gates: ClassVar[str] = ""
    spec: MultiplicativeSpec

    def add_parameters(self) -> None:
        if self.weight_hh is None or not self.recurrent_gates:
            raise ValueError(
                f"multiplicative is around {self.spec.inner.key}, which has no recurrent gates; expected a "
                f"cell that has some"
            )
        width, depth = self.recurrent_size, sum(isinstance(part, Multiplicative) for part in self.modules())
        self._factor = f"factor {depth}"  # the product with V, which another one inside has, too
        self.weight_factor_x = nn.Parameter(torch.empty(width, self.input_size))
        self.weight_factor_h = nn.Parameter(torch.empty(width, width))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.xavier_uniform_(self.weight_factor_x)
        nn.init.orthogonal_(self.weight_factor_h)

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """What the cell inside makes of the input, and behind it M x."""
        factor = F.linear(x[..., : self.input_size], self.weight_factor_x)
        return torch.cat([self.inner.project(x), factor], dim=-1)

    def recurrent(self, gates: str) -> Map:
        """The linear map behind `product(gates, ...)`: V, or that of the cell inside."""
        return (self.weight_factor_h, None) if gates == self._factor else self.inner.recurrent(gates)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        width = self.recurrent_size
        pre, x = torch.split(pre, [pre.shape[-1] - width, width], dim=-1)
        seen: list[tuple[Tensor, Tensor]] = []

        def factored(gates: str, operand: Tensor) -> Tensor:
            if gates in self.inner.products or not set(gates) <= set(self.inner.recurrent_gates):
                return product(gates, operand)
            for v, m in seen:
                if v is operand:
                    return product(gates, m)
            seen.append((operand, x * product(self._factor, operand)))
            return product(gates, seen[-1][1])

        return self.inner.step(pre, state, factored)
