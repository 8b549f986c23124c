"""The Mogrifier LSTM."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, ForgetSpec, Product, State, candidate, check_positive, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class MogrifierLSTMSpec(ForgetSpec):
    """Options of the Mogrifier LSTM."""

    rounds: int = 5
    """r: how often input and state gate one another before a step; with 0 it is an LSTM."""

    rank: int | None = None
    """Rank of Q and R, which are products of two matrices then; full if not given. Where it shares less than
    an eighth of H with H, the step loop runs the cell."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.rounds, bool) or not isinstance(self.rounds, int) or self.rounds < 0:
            raise ValueError(f"rounds is {self.rounds!r}; expected an integer of at least 0")
        if self.rank is not None:
            check_positive("rank", self.rank)


class MogrifierLSTMState(NamedTuple):
    """State of the Mogrifier LSTM: hidden and cell state."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]


@final
@register_cell("mogrifier_lstm", MogrifierLSTMSpec)
class MogrifierLSTM(Cell):
    r"""The Mogrifier LSTM: input and state gate one another some times over before an LSTM sees them.

    Equations, from x^{-1} = x_t and h^0 = h_{t-1}, and with x and h the last of theirs::

        x^k = 2 σ(Q^k h^{k-1}) ∘ x^{k-2},  k = 1, 3, .. up to r
        h^k = 2 σ(R^k x^{k-1}) ∘ h^{k-2},  k = 2, 4, .. up to r
        i_t = σ(W_i x + U_i h + b_i)
        f_t = σ(W_f x + U_f h + b_f)
        g_t = tanh(W_g x + U_g h + b_g)
        o_t = σ(W_o x + U_o h + b_o)
        c_t = f_t ∘ c_{t-1} + i_t ∘ g_t
        h_t = o_t ∘ tanh(c_t)

    Rows of the fused weights: i, f, g, o. `weight_q`: Q^1, Q^3, .. (I, H), one below the other; `weight_r`:
    R^2, R^4, .. (H, I). With `rank` = k these are left factors, (I, k) and (H, k) each, and `weight_q_right`,
    `weight_r_right` the right ones, (k, H) and (k, I) each. State: h, c (B, H). Output: h_t.
    Reference: Melis et al., 2020, https://arxiv.org/abs/1909.01792, equations 1 and 2, with the LSTM of its
    section 2, whose W^{j.} and j are those of g here.
    Deviations: Q and R start by Xavier, or each of their factors does; b_f starts at `forget_bias`.
    """

    card: ClassVar[Card] = Card(
        paper="Melis et al., 2020, https://arxiv.org/abs/1909.01792",
        equations="1, 2",
        claim="Where Q and R are 0 it is an LSTM.",
    )
    gates: ClassVar[str] = "ifgo"
    state_type = MogrifierLSTMState
    products: ClassVar[dict[str, str]] = {"x": "weight_ih"}
    spec: MogrifierLSTMSpec
    weight_q: Tensor | None
    weight_r: Tensor | None
    weight_q_right: Tensor | None
    weight_r_right: Tensor | None

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return () if self.bias is None else (self.bias,)

    def add_parameters(self) -> None:
        width, width_in, rounds, rank = self.hidden_size, self.input_size, self.spec.rounds, self.spec.rank
        for name, count, rows, inner in [
            ("weight_q", (rounds + 1) // 2, width_in, width),
            ("weight_r", rounds // 2, width, width_in),
        ]:
            left = nn.Parameter(torch.empty(count * rows, rank or inner)) if count else None
            right = nn.Parameter(torch.empty(count * rank, inner)) if count and rank else None
            self.register_parameter(name, left)
            self.register_parameter(f"{name}_right", right)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        for k in range(1, self.spec.rounds + 1):
            for factor in [str(k)] if self.spec.rank is None else [str(k), f"{k} right"]:
                nn.init.xavier_uniform_(self.recurrent(factor)[0])

    def recurrent(self, gates: str) -> tuple[Tensor, Tensor | None]:
        """The linear map behind `product(gates, ...)`; of a number k, Q^k or R^k, or one of its factors."""
        number, _, side = gates.partition(" ")
        if not number.isdecimal():
            return super().recurrent(gates)
        k = int(number)
        weight, rows = (self.weight_q, self.input_size) if k % 2 else (self.weight_r, self.hidden_size)
        if side:
            weight, rows = self.weight_q_right if k % 2 else self.weight_r_right, self.spec.rank or 0
        assert weight is not None
        return weight[(k - 1) // 2 * rows :][:rows], None

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """x as it is: what multiplies it depends on the state."""
        return x

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h, c), x = state, pre
        for k in range(1, self.spec.rounds + 1):
            seen = h if k % 2 else x
            if self.spec.rank is not None:
                seen = product(f"{k} right", seen)
            gate = 2 * torch.sigmoid(product(str(k), seen))
            x, h = (gate * x, h) if k % 2 else (x, gate * h)
        sums = product("x", x) + product("ifgo", h)
        z_i, z_f, z_g, z_o = (sums if self.bias is None else sums + self.bias).chunk(4, dim=-1)
        i, f, g, o = torch.sigmoid(z_i), torch.sigmoid(z_f), torch.tanh(z_g), torch.sigmoid(z_o)
        c = f * c + i * candidate(g, product)
        h = o * torch.tanh(c)
        return h, MogrifierLSTMState(h, c)
